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
    return lf_infer_on_grid(g, n, lf_range_mask(x, x->shape), range_fn);
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
    .monotone = lf_monotone_down,
};
