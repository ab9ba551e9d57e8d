/* The smallest of all operands (ONNX Min), element by element.
 *   in *   x0, x1, ...  broadcast
 *   out 0  y            on the grid when all are on one and the same with one scale; else real */
#include "ops/extreme.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    return lf_extreme_infer(g, n, -1);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    return lf_extreme_exec(run, n, in, out, -1);
}

const lf_op lf_op_min = {
    .name = "min",
    .help = "the smallest operand (ONNX Min)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 8,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_extreme_monotone,
};
