/* Floor (ONNX Floor): the largest integer not above x.
 *   in 0   x  real or on the grid
 *   out 0  y  codes with scale 1 when x is on a grid, else real */
#include <math.h>

#include "ops/rounding.h"

static const lf_rounding_own own = {floor};

const lf_op lf_op_floor = {
    .name = "floor",
    .help = "the largest integer not above x (ONNX Floor)",
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
