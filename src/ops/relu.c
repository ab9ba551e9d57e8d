/* Rectifier (ONNX Relu): y = max(x, 0).
 *   in 0   x  real or on the grid
 *   out 0  y  on x's grid: max(code, 0) where the scale is positive, min(code, 0) where it is negative */
#include "ops/elementwise.h"

static int64_t rectify(int64_t code, double scale) {
    return (code > 0) == (scale > 0) ? code : 0;
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const lf_tensor *x = arg;
    lf_range r = lf_range_at(x, e);
    double scale = lf_grid_scale(x, e);
    int64_t lo = rectify(r.lo, scale), hi = rectify(r.hi, scale);
    bool whole = lo == r.lo && hi == r.hi;
    bool on_step = lf_range_holds(r, 0); /* else 0 lies between two codes */
    return (lf_range){lo, hi, lo == hi ? 1 : whole || on_step ? r.step : 1};
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    return lf_infer_on_grid(g, n, lf_range_mask(x, x->shape) | lf_scale_mask(x, x->shape), range_fn);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        if (x)
            out->real[e] = x[e] > 0 ? x[e] : 0;
        else
            out->code[e] = rectify(in->code[e], lf_grid_scale(in->tensor, e));
    }
    return LF_OK;
}

const lf_op lf_op_relu = {
    .name = "relu",
    .help = "max(x, 0) (ONNX Relu)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up,
};
