/* Exponential linear unit (ONNX Elu): y = x for x >= 0, else alpha (exp(x) - 1), by lf_exp.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "num/realfn.h"
#include "ops/real_function.h"

typedef struct elu_attr {
    double alpha;
} elu_attr;

static double value(double x, const void *attr) {
    const elu_attr *a = attr;
    return x >= 0 ? x : a->alpha * (lf_exp(x) - 1);
}

static const lf_real_own own = {value};

static const lf_attr_desc attrs[] = {
    {"alpha", LF_ATTR_REAL, offsetof(elu_attr, alpha), "1", NULL, 0, 0, "depth below 0"}, {0}};

const lf_op lf_op_elu = {
    .name = "elu",
    .help = "x, or alpha (exp(x) - 1) below 0 (ONNX Elu)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(elu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = lf_monotone_none,
};
