/* Square root, IEEE: y = sqrt(x) for x >= 0.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include <math.h>

#include "ops/elementwise.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_set_real(g, n, lf_out(g, n, 0), lf_in(g, n, 0)->shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = lf_value_reals(run, in);
    for (size_t e = 0; e < out->count; e++)
        out->real[e] = sqrt(x[e]);
    return LF_OK;
}

const lf_op lf_op_sqrt = {
    .name = "sqrt",
    .help = "square root",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up,
};
