/* Gaussian error linear unit (ONNX Gelu).
 *   in 0   x  real or on the grid
 *   out 0  y  real: x / 2 (1 + erf(x / sqrt(2))), or with approximate x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) */
#include "num/realfn.h"
#include "ops/real_function.h"

typedef struct gelu_attr {
    bool approximate;
} gelu_attr;

static double value(double x, const void *attr) {
    const gelu_attr *a = attr;
    if (a->approximate)
        return 0.5 * x * (1 + lf_tanh(0.7978845608028654 * (x + 0.044715 * (x * x * x))));
    return 0.5 * x * (1 + lf_erf(x / 1.4142135623730951));
}

static const lf_real_own own = {value};

static const lf_attr_desc attrs[] = {
    {"approximate", LF_ATTR_BOOL, offsetof(gelu_attr, approximate), "false", NULL, 0, 0, "by tanh instead of erf"},
    {0}};

const lf_op lf_op_gelu = {
    .name = "gelu",
    .help = "x times the normal distribution's probability below x (ONNX Gelu)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(gelu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = lf_monotone_none,
};
