/* Error function (ONNX Erf), by lf_erf.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "num/realfn.h"
#include "ops/real_function.h"

static double value(double x, const void *attr) {
    (void)attr;
    return lf_erf(x);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    return lf_real_exec(run, n, in, out, value);
}

const lf_op lf_op_erf = {
    .name = "erf",
    .help = "error function (ONNX Erf)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_real_infer,
    .exec = exec,
    .monotone = lf_monotone_none,
};
