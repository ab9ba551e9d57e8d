/* Rectifier with a slope per channel (ONNX PRelu): y = x for x >= 0, else slope x.
 *   in 0   x      real or on the grid
 *   in 1   slope  broadcasts to x's shape
 *   out 0  y      real */
#include "ops/elementwise.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_shape shape, x = lf_in(g, n, 0)->shape;
    LF_TRY(lf_infer_broadcast(g, n, 2, &shape));
    if (!lf_shape_equal(shape, x)) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the slope of prelu, of shape %s, does not broadcast to %s",
                       lf_shape_text(g->arena, lf_in(g, n, 1)->shape), lf_shape_text(g->arena, x));
    }
    if (lf_in(g, n, 1)->value)
        LF_TRY(lf_need_finite(g, n, 1, "slope", false));
    lf_set_real(g, n, lf_out(g, n, 0), shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = lf_value_reals(run, &in[0]), *slope = lf_value_reals(run, &in[1]);
    lf_map m = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    for (size_t e = 0; e < out->count; e++)
        out->real[e] = x[e] >= 0 ? x[e] : slope[lf_map_at(&m, e)] * x[e];
    return LF_OK;
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    lf_monotone m = lf_data_operand(g, n) == 0 ? lf_monotone_by(g, n, 1, axis, channel) : LF_MONO_NONE;
    return m == LF_MONO_CONST ? LF_MONO_UP : m == LF_MONO_UP ? m : LF_MONO_NONE; /* a slope of 0 still rises above 0 */
}

const lf_op lf_op_prelu = {
    .name = "prelu",
    .help = "x, or slope x below 0, a slope per channel (ONNX PRelu)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = monotone,
};
