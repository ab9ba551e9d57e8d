/* Reciprocal (ONNX Reciprocal): y = 1 / x; x is not 0.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "ops/real_function.h"

static double value(double x, const void *attr) {
    (void)attr;
    return 1 / x;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    return lf_real_exec(run, n, in, out, value);
}

const lf_op lf_op_reciprocal = {
    .name = "reciprocal",
    .help = "1 / x (ONNX Reciprocal)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_real_infer,
    .exec = exec,
    .monotone = lf_monotone_none,
};
