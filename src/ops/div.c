/* Quotient (ONNX Div, NumPy broadcasting): y = a / b.
 *   in 0   a
 *   in 1   b   a constant has no element 0
 *   out 0  y   a on the grid, b constant: the codes stay and the scale is divided; otherwise real, a / b in double
 * A constant counts as the double of its stored element. */
#include "ops/product.h"

const lf_op lf_op_div = {
    .name = "div",
    .help = "elementwise quotient",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_div_infer,
    .exec = lf_div_exec,
    .monotone = lf_div_monotone,
};
