/* What a graph says and ONNX does not is said otherwise: codes of a constant by a quantizer of real numbers, pictures whose channels
 * stand last by transposes. */
#include <math.h>
#include <string.h>

#include "export/export.h"
#include "ir/attr_access.h"
#include "ops/ops.h"

enum { EXACT_BITS = 22 }; /* codes of so many bits times a scale, rounded to float32, quantize to the same codes */

static lf_ids copy_order(const lf_graph *g, lf_arena *a) {
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(a, &order, g->order.at[i]);
    return order;
}

/* Tensor `now` takes over the name and all uses of `old`. */
static void take_over(lf_graph *g, lf_id old, lf_id now, const char *suffix) {
    const char *name = lf_strdup(g->arena, lf_tensor_at(g, old)->name);
    lf_tensor_rename(g, lf_tensor_at(g, old), lf_format(g->arena, "%s_%s", name, suffix));
    lf_tensor_rename(g, lf_tensor_at(g, now), name);
}

/* -- constants ------------------------------------------------------------------------------------------------------------------ */

static bool has_codes(const lf_tensor *t) {
    return t && t->value && !lf_onnx_finds_grid(t) && t->grid.divisor == 0 &&
           lf_bits_signed(t->range.lo, t->range.hi) <= EXACT_BITS;
}

static lf_id scale_of(lf_graph *g, const lf_tensor *t, const char *name) {
    lf_shape s = {0};
    if (t->grid.scale_count > 1) {
        s.rank = t->shape.rank;
        for (int i = 0; i < s.rank; i++)
            s.dim[i] = i == t->grid.axis ? t->shape.dim[i] : 1;
    }
    return lf_const_reals(g, lf_format(g->arena, "%s_scale", name), s, t->grid.scale)->id;
}

static void as_quantizer(lf_graph *g, lf_tensor *t) {
    const char *name = lf_strdup(g->arena, t->name);
    double *v = LF_NEW_ARRAY(g->arena, double, t->value->count);
    for (size_t e = 0; e < t->value->count; e++)
        v[e] = (float)lf_tensor_real(t, e);
    int needed = lf_bits_signed(t->range.lo, t->range.hi);
    double zero = 0, bits = needed < 2 ? 2 : needed; /* one bit would be a bipolar quantizer */
    lf_id in[4] = {lf_const_reals(g, lf_format(g->arena, "%s_values", name), t->shape, v)->id, scale_of(g, t, name),
                   lf_const_reals(g, lf_format(g->arena, "%s_zero", name), (lf_shape){0}, &zero)->id,
                   lf_const_reals(g, lf_format(g->arena, "%s_bits", name), (lf_shape){0}, &bits)->id};
    lf_tensor *y = lf_tensor_new(g, name, t->shape, t->dtype);
    lf_node *n = lf_node_new(g, lf_op_find("quant"), name, in, 4, &y->id, 1, NULL);
    lf_attr_set_bool(n, "signed", true);
    lf_replace_uses(g, t->id, y->id);
    take_over(g, t->id, y->id, "codes");
}

static void constants_as_quantizers(lf_graph *g, lf_arena *a) {
    lf_ids order = copy_order(g, a);
    for (size_t i = 0; i < order.count; i++) {
        const lf_node *n = lf_node_at(g, order.at[i]);
        for (int k = 0; n && k < n->in_count; k++)
            if (has_codes(lf_in(g, n, k)))
                as_quantizer(g, lf_in(g, n, k));
    }
}

/* -- layouts -------------------------------------------------------------------------------------------------------------------- */

static lf_id transposed(lf_graph *g, lf_id x, const char *name, bool to_first) {
    const lf_tensor *t = lf_tensor_at(g, x);
    int rank = t->shape.rank;
    int64_t perm[LF_MAX_RANK];
    lf_shape s = t->shape;
    for (int i = 0; i < rank; i++) {
        perm[i] = i == 0 ? 0 : to_first ? (i == 1 ? rank - 1 : i - 1) : i == rank - 1 ? 1 : i + 1;
        s.dim[i] = t->shape.dim[perm[i]];
    }
    lf_id y = lf_tensor_new(g, name, s, t->dtype)->id;
    lf_node *n = lf_node_new(g, lf_op_find("transpose"), name, &x, 1, &y, 1, NULL);
    lf_attr_set_ints(g, n, "perm", perm, rank);
    return y;
}

/* The node works on channels in front, between two transposes. */
static void channels_in_front(lf_graph *g, lf_node *n) {
    const char *name = n->name;
    n->in[0] = transposed(g, n->in[0], lf_format(g->arena, "%s_in", name), true);
    lf_attr_set_enum(n, "layout", "channels_first");
    lf_tensor *old = lf_out(g, n, 0);
    lf_shape s = old->shape;
    for (int i = 1; i < s.rank; i++)
        old->shape.dim[i] = s.dim[i == 1 ? s.rank - 1 : i - 1];
    lf_id y = transposed(g, old->id, lf_format(g->arena, "%s_out", name), false);
    lf_id back = lf_tensor_at(g, y)->producer;
    lf_replace_uses(g, old->id, y);
    lf_node_at(g, back)->in[0] = old->id;
    take_over(g, old->id, y, "front");
}

static void layouts_as_transposes(lf_graph *g, lf_arena *a) {
    lf_ids order = copy_order(g, a);
    for (size_t i = 0; i < order.count; i++) {
        lf_node *n = lf_node_at(g, order.at[i]);
        if (n && lf_has_attr(n, "layout") && !strcmp(lf_attr_enum_name(n, "layout"), "channels_last"))
            channels_in_front(g, n);
    }
}

lf_status lf_make_ready_for_onnx(lf_graph *g) {
    lf_arena *a = lf_arena_new();
    constants_as_quantizers(g, a);
    layouts_as_transposes(g, a);
    lf_arena_free(a);
    LF_TRY(lf_graph_sort(g));
    return lf_infer(g);
}
