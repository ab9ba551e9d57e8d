/* Floor (ONNX Floor): the largest integer not above x.
 *   in 0   x  real or on the grid
 *   out 0  y  codes with scale 1 when x is on a grid, else real */
#include <math.h>

#include "ops/rounding.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    return lf_rounding_infer(g, n, floor);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    return lf_rounding_exec(run, in, out, floor);
}

const lf_op lf_op_floor = {
    .name = "floor",
    .help = "the largest integer not above x (ONNX Floor)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up,
};
