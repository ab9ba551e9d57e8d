/* Product (ONNX Mul, NumPy broadcasting): y = a * b.
 *   in 0, 1  a, b
 *   out 0    y   a on the grid, b constant and nowhere 0 (or the other way round): the codes stay and the scale is multiplied. Both
 *                constant: the same, and codes become 0 where the other is 0. Both on the grid, neither constant: codes times codes,
 *                scale times scale. Otherwise, or where the scale would vary along several axes: real, a * b in double.
 * A constant counts as the double of its stored element. */
#include "ops/product.h"

const lf_op lf_op_mul = {
    .name = "mul",
    .help = "elementwise product",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_mul_infer,
    .exec = lf_mul_exec,
    .monotone = lf_mul_monotone,
};
