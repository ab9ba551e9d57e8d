/* Hard sigmoid (ONNX HardSigmoid): y = max(0, min(1, alpha x + beta)).
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "ops/real_function.h"

typedef struct hard_sigmoid_attr {
    double alpha, beta;
} hard_sigmoid_attr;

static double value(double x, const void *attr) {
    const hard_sigmoid_attr *a = attr;
    double y = a->alpha * x + a->beta;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static const lf_real_own own = {value};

/* Product and sum round monotonically. */
static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)axis, (void)channel;
    const hard_sigmoid_attr *a = n->attr;
    return a->alpha > 0 ? LF_MONO_UP : a->alpha < 0 ? LF_MONO_DOWN : LF_MONO_CONST;
}

static const lf_attr_desc attrs[] = {
    {"alpha", LF_ATTR_REAL, offsetof(hard_sigmoid_attr, alpha), "0.2", NULL, 0, 0, "slope"},
    {"beta", LF_ATTR_REAL, offsetof(hard_sigmoid_attr, beta), "0.5", NULL, 0, 0, "value at 0"},
    {0}};

const lf_op lf_op_hard_sigmoid = {
    .name = "hard_sigmoid",
    .help = "max(0, min(1, alpha x + beta)) (ONNX HardSigmoid)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(hard_sigmoid_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = monotone,
};
