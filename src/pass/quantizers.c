#include "pass/quantizers.h"

#include <math.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/elementwise.h"
#include "ops/ops.h"

bool lf_fits_bits(const lf_tensor *t, int bits) {
    return lf_on_grid(t) && (t->range.hi - t->range.lo) / (t->range.step > 0 ? t->range.step : 1) < (int64_t)1 << bits;
}

bool lf_is_quantizer(const lf_node *n) {
    static const char *const names[] = {"quant", "quant_linear", "bipolar_quant", "sign", "multi_threshold", "trunc",
                                        NULL};
    return lf_is_one_of(n, names);
}

/* -- the clipping of a quantizer ------------------------------------------------------------------------------------------------ */

typedef struct clipping {
    double lo, hi; /* codes, with the zero point */
    const lf_tensor *scale, *zero;
    lf_shape shape; /* of the bounds */
} clipping;

/* The shape of the larger of two constants, where the other has one value or the same shape. */
static bool common_shape(const lf_tensor *a, const lf_tensor *b, lf_shape *out) {
    *out = !b || b->value->count == 1 ? a->shape : b->shape;
    return !b || b->value->count == 1 || a->value->count == 1 || lf_shape_equal(a->shape, b->shape);
}

static bool clipping_of(const lf_graph *g, const lf_node *n, clipping *c) {
    bool linear = lf_is_op(n, "quant_linear");
    if (!linear && !lf_is_op(n, "quant"))
        return false;
    *c = (clipping){.scale = lf_in(g, n, 1), .zero = lf_in(g, n, 2)};
    if (!c->scale->value || (c->zero && !c->zero->value) || !common_shape(c->scale, c->zero, &c->shape))
        return false;
    if (linear) {
        c->lo = (double)lf_attr_int(n, "lo");
        c->hi = (double)lf_attr_int(n, "hi");
        return true;
    }
    const lf_tensor *width = lf_in(g, n, 3);
    if (!width->value)
        return false;
    double levels = ldexp(1, (int)lf_tensor_real(width, 0)), narrow = lf_attr_bool(n, "narrow") ? 1 : 0;
    bool is_signed = lf_attr_bool(n, "signed");
    c->lo = is_signed ? -levels / 2 + narrow : 0;
    c->hi = is_signed ? levels / 2 - 1 : levels - 1 - narrow;
    return levels > 2 || !is_signed;
}

bool lf_is_rounding(const lf_graph *g, const lf_node *n) {
    clipping c;
    return n && clipping_of(g, n, &c);
}

static lf_id bound(lf_graph *g, const char *name, const clipping *c, bool highest) {
    size_t count = (size_t)lf_shape_count(c->shape);
    double *v = LF_NEW_ARRAY(g->arena, double, count);
    lf_map sm = lf_map_make(c->scale->shape, c->shape), zm = sm;
    if (c->zero)
        zm = lf_map_make(c->zero->shape, c->shape);
    for (size_t e = 0; e < count; e++) {
        double scale = lf_tensor_real(c->scale, lf_map_at(&sm, e));
        double zero = c->zero ? lf_tensor_real(c->zero, lf_map_at(&zm, e)) : 0;
        v[e] = (float)(((highest == (scale > 0) ? c->hi : c->lo) - zero) * scale);
    }
    return lf_const_reals(g, name, c->shape, v)->id;
}

/* One operation of the clipping, behind tensor x. */
static lf_node *clip_node(lf_graph *g, const char *op, const char *name, lf_id *in, int count, const char *out) {
    const lf_tensor *x = lf_tensor_at(g, in[0]);
    lf_tensor *y = lf_tensor_new(g, out, x->shape, LF_FLOAT32);
    return lf_node_new(g, lf_op_find(op), name, in, count, &y->id, 1, NULL);
}

/* clip takes one bound for all elements; where they differ, min and max. */
static lf_id clip(lf_graph *g, lf_id x, const char *name, const clipping *c, const char *out) {
    lf_id low = bound(g, lf_format(g->arena, "%s_lowest", name), c, false);
    lf_id high = bound(g, lf_format(g->arena, "%s_highest", name), c, true);
    if (lf_tensor_at(g, low)->value->count == 1)
        return clip_node(g, "clip", lf_format(g->arena, "%s_clip", name), (lf_id[]){x, low, high}, 3, out)->out[0];
    const char *below = lf_format(g->arena, "%s_min", name);
    lf_id half = clip_node(g, "min", below, (lf_id[]){x, high}, 2, below)->out[0];
    return clip_node(g, "max", lf_format(g->arena, "%s_max", name), (lf_id[]){half, low}, 2, out)->out[0];
}

lf_status lf_take_out_rounding(lf_graph *g, lf_id node) {
    const lf_node *n = lf_node_at(g, node);
    clipping c;
    if (!clipping_of(g, n, &c))
        return LF_OK;
    lf_tensor *old = lf_out(g, n, 0);
    const char *name = lf_strdup(g->arena, old->name);
    lf_tensor_rename(g, old, lf_format(g->arena, "%s_rounded", name));
    lf_replace_uses(g, old->id, clip(g, n->in[0], n->name, &c, name));
    lf_node_remove(g, node);
    return lf_graph_sort(g);
}

lf_status lf_take_out_roundings(lf_graph *g) {
    lf_arena *a = lf_arena_new();
    lf_ids order = {0};
    lf_status status = LF_OK;
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(a, &order, g->order.at[i]);
    for (size_t i = 0; status == LF_OK && i < order.count; i++)
        status = lf_take_out_rounding(g, order.at[i]);
    lf_arena_free(a);
    LF_TRY(status);
    lf_graph_prune(g);
    return lf_infer(g);
}
