/* Sign (ONNX): y = -1, 0 or +1.
 *   in 0   x  real or on the grid
 *   out 0  y  codes with scale 1 */
#include "ops/elementwise.h"

static int sign(double v) {
    return (v > 0) - (v < 0);
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const lf_tensor *x = arg;
    if (!lf_on_grid(x))
        return (lf_range){-1, 1, 1};
    lf_range r = lf_range_at(x, e);
    double scale = lf_grid_scale(x, e);
    int a = sign((double)r.lo * scale), b = sign((double)r.hi * scale);
    int lo = a < b ? a : b, hi = a < b ? b : a;
    bool never_zero = lo == -1 && hi == 1 && !lf_range_holds(r, 0);
    return (lf_range){lo, hi, never_zero ? 2 : 1};
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = x->shape;
    lf_set_codes(g, y, (lf_range){-1, 1, 1});
    unsigned mask = lf_on_grid(x) ? lf_range_mask(x, x->shape) | lf_scale_mask(x, x->shape) : 0;
    (void)lf_set_ranges(g, y, mask, range_fn, x); /* -1..1 always fits */
    y->dtype = lf_dtype_for(y->range, true);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = lf_value_reals(run, in);
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = sign(x[e]);
    return LF_OK;
}

const lf_op lf_op_sign = {
    .name = "sign",
    .help = "-1, 0 or +1 (ONNX Sign)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up,
};
