/* Negation (ONNX Neg): y = -x.
 *   in 0   x  real or on the grid
 *   out 0  y  on x's grid: the codes change sign; real otherwise. Exact.      Source: ONNX Neg-13. */
#include "ops/elementwise.h"

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    lf_range r = lf_range_at(arg, e);
    return (lf_range){-r.hi, -r.lo, r.step};
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_set_real(g, n, y, x->shape);
    if (!lf_on_grid(x))
        return LF_OK;
    lf_same_grid(y, x);
    if (!lf_set_ranges(g, y, lf_range_mask(x, x->shape), range_fn, x))
        lf_set_real(g, n, y, x->shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        if (out->code)
            out->code[e] = -in->code[e];
        else
            out->real[e] = -x[e];
    }
    return LF_OK;
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)n, (void)axis, (void)channel;
    return LF_MONO_DOWN;
}

const lf_op lf_op_neg = {
    .name = "neg",
    .help = "-x (ONNX Neg)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = monotone,
};
