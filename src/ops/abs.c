/* Absolute value (ONNX Abs): y = |x|.
 *   in 0   x  real or on the grid
 *   out 0  y  |code| with the scale's magnitude; real off the grid or where a scale is a quotient */
#include <math.h>

#include "ops/real_function.h"

static int64_t magnitude(int64_t code) {
    return code < 0 ? -code : code;
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    lf_range r = lf_range_at(arg, e);
    int64_t a = magnitude(r.lo), b = magnitude(r.hi), top = a > b ? a : b;
    if (r.lo >= 0)
        return r;
    if (r.hi <= 0)
        return (lf_range){-r.hi, -r.lo, r.step};
    if (r.step == 1)
        return (lf_range){0, top, 1};
    if (a % r.step == 0)
        return (lf_range){0, top, r.step};
    if (a % r.step * 2 == r.step) /* symmetric about 0, like {-3, 3, 2}: both sides meet on the same codes */
        return (lf_range){a % r.step, top, top == a % r.step ? 1 : r.step};
    return (lf_range){0, top, 1};
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_set_real(g, n, y, x->shape);
    if (!lf_plain_grid(x))
        return LF_OK;
    double *scale = LF_NEW_ARRAY(g->arena, double, x->grid.scale_count);
    for (int64_t c = 0; c < x->grid.scale_count; c++)
        scale[c] = fabs(x->grid.scale[c]);
    (void)lf_set_grid(g, y, scale, x->grid.scale_count, x->grid.axis); /* scales of grids are never 0 */
    if (!lf_set_ranges(g, y, lf_range_mask(x, x->shape), range_fn, x))
        lf_set_real(g, n, y, x->shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        if (out->code)
            out->code[e] = magnitude(in->code[e]);
        else
            out->real[e] = fabs(x[e]);
    }
    return LF_OK;
}

const lf_op lf_op_abs = {
    .name = "abs",
    .help = "|x| (ONNX Abs)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_none,
};
