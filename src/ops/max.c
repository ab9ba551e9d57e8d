/* The largest of all operands (ONNX Max), element by element.
 *   in *   x0, x1, ...  broadcast
 *   out 0  y            on the grid when all are on one and the same with one scale; else real */
#include "ops/extreme.h"

static const lf_extreme_own own = {.sign = 1};

const lf_op lf_op_max = {
    .name = "max",
    .help = "the largest operand (ONNX Max)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 8,
    .out_min = 1,
    .out_max = 1,
    .own = &own,
    .infer = lf_extreme_infer,
    .exec = lf_extreme_exec,
    .monotone = lf_monotone_up_in_any,
};
