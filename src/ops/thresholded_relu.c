/* Thresholded rectifier (ONNX ThresholdedRelu): y = x for x > alpha, else 0.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "ops/real_function.h"

typedef struct thresholded_relu_attr {
    double alpha;
} thresholded_relu_attr;

static double value(double x, const void *attr) {
    const thresholded_relu_attr *a = attr;
    return x > a->alpha ? x : 0;
}

static const lf_real_own own = {value};

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)axis, (void)channel;
    const thresholded_relu_attr *a = n->attr;
    return a->alpha >= 0 ? LF_MONO_UP : LF_MONO_NONE;
}

static const lf_attr_desc attrs[] = {
    {"alpha", LF_ATTR_REAL, offsetof(thresholded_relu_attr, alpha), "1", NULL, 0, 0, "what x must exceed"}, {0}};

const lf_op lf_op_thresholded_relu = {
    .name = "thresholded_relu",
    .help = "x above alpha, else 0 (ONNX ThresholdedRelu)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(thresholded_relu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = monotone,
};
