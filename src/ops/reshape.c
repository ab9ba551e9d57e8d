/* Reshape (ONNX Reshape): the same elements in row-major order under another shape.
 *   in 0   x
 *   in 1   shape  constant integers (optional: else attribute `shape`); -1 once: what is left; 0: the dimension of x, unless allowzero
 *   out 0  y      on x's grid; a scale per channel follows its axis where that stays whole or becomes the inner or outer part of one,
 *                 else real */
#include "ops/circuit_face.h"
#include "ops/elementwise.h"

typedef struct reshape_attr {
    lf_ints shape;
    bool allowzero;
} reshape_attr;

static lf_status wanted_shape(lf_graph *g, const lf_node *n, lf_shape *s) {
    const reshape_attr *a = n->attr;
    lf_where where = lf_where_node(g, n);
    const lf_tensor *t = lf_in(g, n, 1);
    if (t)
        LF_TRY(lf_need_const(g, n, 1, "shape"));
    int64_t count = t ? (int64_t)t->value->count : a->shape.count;
    if (count > LF_MAX_RANK)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a shape of %lld axes; at most %d are possible", (long long)count,
                       LF_MAX_RANK);
    s->rank = (int)count;
    for (int i = 0; i < s->rank; i++) {
        double v = t ? lf_tensor_real(t, (size_t)i) : (double)a->shape.at[i];
        if (!(v >= -1 && v <= 9007199254740992.0) || v != (double)(int64_t)v)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "axis %d of the new shape is not a size, 0 or -1", i);
        s->dim[i] = (int64_t)v;
    }
    return LF_OK;
}

/* Puts sizes for 0 and -1. False when the counts cannot agree. */
static bool resolve(lf_shape x, bool allowzero, lf_shape *s) {
    int open = -1;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] == 0 && !allowzero && i < x.rank)
            s->dim[i] = x.dim[i];
        if (s->dim[i] != -1)
            continue;
        if (open >= 0)
            return false;
        open = i;
        s->dim[i] = 1;
    }
    int64_t have = lf_shape_count(x), known = lf_shape_count(*s);
    if (open < 0)
        return have == known;
    if (known == 0 || have % known)
        return false;
    s->dim[open] = have / known;
    return true;
}

/* Scales and ranges go along; a scale that cannot makes the result real. */
static void carry(lf_graph *g, const lf_node *n, lf_tensor *y, const lf_tensor *x) {
    int64_t *channel = NULL;
    int axis = x->grid.scale_count > 1 ? lf_follow_axis(g->arena, x->shape, x->grid.axis, y->shape, &channel) : 0;
    if (axis < 0) {
        lf_set_real(g, n, y, y->shape);
        return;
    }
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    if (x->grid.scale_count > 1)
        lf_pick_scales(g, y, x, axis, channel);
    y->channel_range = NULL;
    axis = x->channel_range ? lf_follow_axis(g->arena, x->shape, x->range_axis, y->shape, &channel) : -1;
    if (axis >= 0)
        lf_pick_ranges(g, y, x, axis, channel);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape s = {0}, asked;
    LF_TRY(wanted_shape(g, n, &s));
    asked = s;
    if (!resolve(x->shape, ((const reshape_attr *)n->attr)->allowzero, &s)) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s of shape %s has no shape %s", x->name,
                       lf_shape_text(g->arena, x->shape), lf_shape_text(g->arena, asked));
    }
    lf_set_real(g, n, y, s);
    if (lf_on_grid(x))
        carry(g, n, y, x);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        if (x)
            out->real[e] = x[e];
        else
            out->code[e] = in->code[e];
    }
    return LF_OK;
}

static void positions(const lf_graph *g, const lf_node *n, int64_t *source) {
    int64_t count = lf_shape_count(lf_out(g, n, 0)->shape);
    for (int64_t i = 0; i < count; i++)
        source[i] = i;
}

static const lf_attr_desc attrs[] = {
    {"shape", LF_ATTR_INTS, offsetof(reshape_attr, shape), "[]", NULL, 0, 0,
     "the new shape, when there is no second operand"},
    {"allowzero", LF_ATTR_BOOL, offsetof(reshape_attr, allowzero), "false", NULL, 0, 0, "0 is a size"},
    {0}};

const lf_op lf_op_reshape = {
    .name = "reshape",
    .help = "the same elements under another shape (ONNX Reshape)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(reshape_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = lf_face_positions,
    .positions = positions,
};
