/* Comparison (ONNX Greater): y = a > b.
 *   in 0, 1  a, b  real or on the grid
 *   out 0    y     codes 0 and 1 */
#include "ops/truth.h"

static bool ask(double a, double b) {
    return a > b;
}

static const lf_truth_own own = {ask, LF_MONO_UP};

const lf_op lf_op_greater = {
    .name = "greater",
    .help = "a > b, as 0 or 1 (ONNX Greater)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .own = &own,
    .infer = lf_truth_infer,
    .exec = lf_truth_exec,
    .monotone = lf_truth_monotone,
};
