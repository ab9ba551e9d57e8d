/* Reciprocal (ONNX Reciprocal): y = 1 / x; x is not 0.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "ops/real_function.h"

static double value(double x, const void *attr) {
    (void)attr;
    return 1 / x;
}

static const lf_real_own own = {value};

const lf_op lf_op_reciprocal = {
    .name = "reciprocal",
    .help = "1 / x (ONNX Reciprocal)",
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
