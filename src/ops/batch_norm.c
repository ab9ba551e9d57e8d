/* Batch normalization with fixed statistics (ONNX BatchNormalization, inference form).
 *   y = ((x - mean) / sqrt(var + epsilon)) * gamma + beta, in double and in this order, rounded after every step
 *   in 0   x      [N, C, ...], or [N, ..., C] with axis -1
 *   in 1   gamma  constant [C]
 *   in 2   beta   constant [C]
 *   in 3   mean   constant [C]
 *   in 4   var    constant [C], var + epsilon > 0
 *   out 0  y      real */
#include <math.h>

#include "ops/elementwise.h"

typedef struct norm_attr {
    double epsilon;
    int64_t axis;
} norm_attr;

static int channel_axis(const lf_node *n, lf_shape s) {
    return s.rank < 2 ? 0 : ((const norm_attr *)n->attr)->axis < 0 ? s.rank - 1 : 1;
}

static lf_status need_vector(lf_graph *g, const lf_node *n, int i, const char *what, int64_t channels) {
    LF_TRY(lf_need_const(g, n, i, what));
    LF_TRY(lf_need_finite(g, n, i, what, false));
    const lf_tensor *t = lf_in(g, n, i);
    if ((int64_t)t->value->count == channels)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                   "the %s of batch_norm has %zu elements, its input %s has %lld channels", what, t->value->count,
                   lf_in(g, n, 0)->name, (long long)channels);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    static const char *const what[] = {"gamma", "beta", "mean", "variance"};
    const lf_tensor *x = lf_in(g, n, 0), *var = lf_in(g, n, 4);
    lf_where where = lf_where_node(g, n);
    double epsilon = ((const norm_attr *)n->attr)->epsilon;
    if (x->shape.rank < 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "batch_norm takes [N, C, ...], %s is a scalar", x->name);
    for (int i = 1; i <= 4; i++)
        LF_TRY(need_vector(g, n, i, what[i - 1], x->shape.dim[channel_axis(n, x->shape)]));
    for (size_t c = 0; c < var->value->count; c++)
        if (!(lf_tensor_real(var, c) + epsilon > 0))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "variance + epsilon of channel %zu is not positive", c);
    lf_set_real(g, n, lf_out(g, n, 0), x->shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const double *x = lf_value_reals(run, &in[0]), *gamma = lf_value_reals(run, &in[1]),
                 *beta = lf_value_reals(run, &in[2]);
    const double *mean = lf_value_reals(run, &in[3]), *var = lf_value_reals(run, &in[4]);
    double epsilon = ((const norm_attr *)n->attr)->epsilon;
    lf_shape s = out->tensor->shape;
    int axis = channel_axis(n, s);
    for (size_t e = 0; e < out->count; e++) {
        size_t c = lf_channel_of(s, axis, e);
        double v = x[e] - mean[c];
        v = v / sqrt(var[c] + epsilon);
        v = v * gamma[c];
        out->real[e] = v + beta[c];
    }
    return LF_OK;
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    const lf_tensor *gamma = lf_in(g, n, 1);
    bool along = axis == channel_axis(n, lf_out(g, n, 0)->shape);
    lf_monotone m = LF_MONO_CONST;
    for (size_t c = along ? (size_t)channel : 0; c < gamma->value->count; c++) {
        double v = lf_tensor_real(gamma, c);
        m = lf_monotone_both(m, v > 0 ? LF_MONO_UP : v < 0 ? LF_MONO_DOWN : LF_MONO_CONST);
        if (along)
            break;
    }
    return m;
}

static const lf_attr_desc attrs[] = {
    {"epsilon", LF_ATTR_REAL, offsetof(norm_attr, epsilon), "1e-05", NULL, 0, 0, "added to the variance"},
    {"axis", LF_ATTR_INT, offsetof(norm_attr, axis), "1", NULL, -1, 1, "of the channels: 1, or -1 for the last one"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    (void)g;
    norm_attr *a = n->attr;
    bool first = a->axis == 1;
    a->axis = -1;
    return first;
}

const lf_op lf_op_batch_norm = {
    .name = "batch_norm",
    .help = "batch normalization with fixed statistics (ONNX BatchNormalization)",
    .level = LF_NN,
    .in_min = 5,
    .in_max = 5,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(norm_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = monotone,
    .relayout = relayout,
};
