/* Continuously differentiable exponential linear unit (ONNX Celu): y = max(0, x) + min(0, alpha (exp(x / alpha) - 1)).
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "num/realfn.h"
#include "ops/real_function.h"

typedef struct celu_attr {
    double alpha;
} celu_attr;

static double value(double x, const void *attr) {
    const celu_attr *a = attr;
    double below = a->alpha * (lf_exp(x / a->alpha) - 1);
    return (x > 0 ? x : 0) + (below < 0 ? below : 0);
}

static const lf_real_own own = {value};

static const lf_attr_desc attrs[] = {
    {"alpha", LF_ATTR_REAL, offsetof(celu_attr, alpha), "1", NULL, 0, 0, "depth below 0; not 0"}, {0}};

const lf_op lf_op_celu = {
    .name = "celu",
    .help = "max(0, x) + min(0, alpha (exp(x / alpha) - 1)) (ONNX Celu)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(celu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = lf_monotone_none,
};
