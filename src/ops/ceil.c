/* Ceiling (ONNX Ceil): the smallest integer not below x.
 *   in 0   x  real or on the grid
 *   out 0  y  codes with scale 1 when x is on a grid, else real */
#include <math.h>

#include "ops/rounding.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    return lf_rounding_infer(g, n, ceil);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    return lf_rounding_exec(run, in, out, ceil);
}

const lf_op lf_op_ceil = {
    .name = "ceil",
    .help = "the smallest integer not below x (ONNX Ceil)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up,
};
