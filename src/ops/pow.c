/* Power: y = x ^ p by lf_pow (num/realfn.h).
 *   in 0   x  real or on the grid
 *   in 1   p  constant that broadcasts against x
 *   out 0  y  real
 * Not called monotone: that would have to be proved of lf_pow's last bit. */
#include "num/realfn.h"
#include "ops/elementwise.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_shape shape;
    LF_TRY(lf_need_const(g, n, 1, "exponent"));
    LF_TRY(lf_need_finite(g, n, 1, "exponent", false));
    LF_TRY(lf_infer_broadcast(g, n, 2, &shape));
    lf_set_real(g, n, lf_out(g, n, 0), shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = lf_value_reals(run, &in[0]), *p = lf_value_reals(run, &in[1]);
    lf_map xm = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map pm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    for (size_t e = 0; e < out->count; e++)
        out->real[e] = lf_pow(x[lf_map_at(&xm, e)], p[lf_map_at(&pm, e)]);
    return LF_OK;
}

const lf_op lf_op_pow = {
    .name = "pow",
    .help = "x to the power of a constant",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_none,
};
