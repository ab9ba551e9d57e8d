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

static const lf_rounding_own own = {half_even};

const lf_op lf_op_round = {
    .name = "round",
    .help = "the nearest integer, the even one of two (ONNX Round)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .own = &own,
    .infer = lf_rounding_infer,
    .exec = lf_rounding_exec,
    .monotone = lf_monotone_up,
};
