/* Rounding (ONNX Round): the nearest integer, the even one of two.
 *   in 0   x  real or on the grid
 *   out 0  y  codes with scale 1 when x is on a grid, else real */
#include <math.h>

#include "ops/rounding.h"

/* Adding and taking away 2^52 leaves no room for a fraction; the machine rounds to even. */
static double half_even(double x) {
    double big = 4503599627370496.0;
    if (fabs(x) >= big)
        return x;
    return copysign((fabs(x) + big) - big, x);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    return lf_rounding_infer(g, n, half_even);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    return lf_rounding_exec(run, in, out, half_even);
}

const lf_op lf_op_round = {
    .name = "round",
    .help = "the nearest integer, the even one of two (ONNX Round)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up,
};
