/* Comparison (ONNX Greater): y = a > b.
 *   in 0, 1  a, b  real or on the grid
 *   out 0    y     codes 0 and 1 */
#include "ops/truth.h"

static bool ask(double a, double b) {
    return a > b;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    return lf_truth_exec(run, in, out, ask);
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)axis, (void)channel;
    return lf_truth_monotone(g, n, true);
}

const lf_op lf_op_greater = {
    .name = "greater",
    .help = "a > b, as 0 or 1 (ONNX Greater)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_truth_infer,
    .exec = exec,
    .monotone = monotone,
};
