/* Hard swish (ONNX HardSwish): y = x max(0, min(1, x / 6 + 1 / 2)), the slope being the double nearest to 1/6.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "ops/real_function.h"

static double value(double x, const void *attr) {
    (void)attr;
    double gate = (1.0 / 6) * x + 0.5;
    return x * (gate < 0 ? 0 : gate > 1 ? 1 : gate);
}

static const lf_real_own own = {value};

const lf_op lf_op_hard_swish = {
    .name = "hard_swish",
    .help = "x max(0, min(1, x/6 + 1/2)) (ONNX HardSwish)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = lf_monotone_none,
};
