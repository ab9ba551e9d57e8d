/* Leaky rectifier (ONNX LeakyRelu): y = x for x >= 0, else alpha x.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "ops/real_function.h"

typedef struct leaky_relu_attr {
    double alpha;
} leaky_relu_attr;

static double value(double x, const void *attr) {
    const leaky_relu_attr *a = attr;
    return x >= 0 ? x : a->alpha * x;
}

static const lf_real_own own = {value};

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)axis, (void)channel;
    const leaky_relu_attr *a = n->attr;
    return a->alpha >= 0 ? LF_MONO_UP : LF_MONO_NONE;
}

static const lf_attr_desc attrs[] = {
    {"alpha", LF_ATTR_REAL, offsetof(leaky_relu_attr, alpha), "0.01", NULL, 0, 0, "slope below 0"}, {0}};

const lf_op lf_op_leaky_relu = {
    .name = "leaky_relu",
    .help = "x, or alpha x below 0 (ONNX LeakyRelu)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(leaky_relu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = monotone,
};
