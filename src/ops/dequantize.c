/* Where the host takes integers back from the circuit (contracts.md 2): codes get their scale.
 *   in 0   x      codes, scale 1
 *   in 1   scale  constant, one element or one per index along `axis`; not 0
 *   out 0  y      the same codes on that grid */
#include "ops/elementwise.h"

typedef struct dequantize_attr {
    int64_t axis;
} dequantize_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    if (!lf_is_codes(x))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "dequantize takes integer codes, %s is not on the grid with scale 1", x->name);
    LF_TRY(lf_need_const(g, n, 1, "scale"));
    LF_TRY(lf_need_finite(g, n, 1, "scale", true));
    const lf_tensor *s = lf_in(g, n, 1);
    size_t count = s->value->count;
    int axis = 0;
    if (count != 1)
        LF_TRY(lf_need_axis(g, n, ((const dequantize_attr *)n->attr)->axis, x->shape.rank, &axis));
    if (count != 1 && (int64_t)count != x->shape.dim[axis])
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "dequantize has %zu scales for the %lld channels of %s", count,
                       (long long)x->shape.dim[axis], x->name);
    double *scale = LF_NEW_ARRAY(g->arena, double, count);
    for (size_t c = 0; c < count; c++)
        scale[c] = lf_tensor_real(s, c);
    y->shape = x->shape;
    lf_same_ranges(y, x);
    if (!lf_set_grid(g, y, scale, (int64_t)count, axis))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "dequantize has no scales");
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run, (void)n;
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = in->code[e];
    return LF_OK;
}

static const lf_attr_desc attrs[] = {{"axis", LF_ATTR_INT, offsetof(dequantize_attr, axis), "-1", NULL, 0, 0,
                                      "axis of the scales, when there are several"},
                                     {0}};

const lf_op lf_op_dequantize = {
    .name = "dequantize",
    .help = "host: gives codes their scale",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(dequantize_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
