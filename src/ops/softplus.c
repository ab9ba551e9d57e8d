/* Softplus (ONNX Softplus): y = log(exp(x) + 1), as max(x, 0) + log(1 + exp(-|x|)), which does not overflow.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "num/realfn.h"
#include "ops/real_function.h"

static double value(double x, const void *attr) {
    (void)attr;
    return (x > 0 ? x : 0) + lf_log(1 + lf_exp(x > 0 ? -x : x));
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    return lf_real_exec(run, n, in, out, value);
}

const lf_op lf_op_softplus = {
    .name = "softplus",
    .help = "log(exp(x) + 1) (ONNX Softplus)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_real_infer,
    .exec = exec,
    .monotone = lf_monotone_none,
};
