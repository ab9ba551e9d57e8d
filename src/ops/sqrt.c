/* Square root, IEEE: y = sqrt(x) for x >= 0.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include <math.h>

#include "ops/real_function.h"

static double value(double x, const void *attr) {
    (void)attr;
    return sqrt(x);
}

static const lf_real_own own = {value};

const lf_op lf_op_sqrt = {
    .name = "sqrt",
    .help = "square root",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = lf_monotone_up,
};
