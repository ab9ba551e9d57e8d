#include "ops/rounding.h"

#include <math.h>

typedef struct ranging {
    const lf_tensor *x;
    const lf_rounding_own *own;
} ranging;

static int64_t rounded(const ranging *r, size_t e, int64_t code, bool *overflow) {
    double v = r->own->to_integer(lf_grid_value(r->x, e, code));
    if (fabs(v) <= 9007199254740992.0)
        return (int64_t)v;
    *overflow = true; /* beyond 2^53 values are rounded before they come here */
    return 0;
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    const ranging *r = arg;
    lf_range x = lf_range_at(r->x, e);
    int64_t a = rounded(r, e, x.lo, overflow), b = rounded(r, e, x.hi, overflow);
    return a < b ? (lf_range){a, b, 1} : (lf_range){b, a, 1};
}

lf_status lf_rounding_infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    ranging r = {x, n->op->own};
    lf_set_real(g, n, y, x->shape);
    if (!lf_on_grid(x))
        return LF_OK;
    lf_set_codes(g, y, (lf_range){0, 0, 1});
    if (lf_is_codes(x))
        lf_same_ranges(y, x);
    else if (!lf_set_ranges(g, y, lf_range_mask(x, x->shape) | lf_scale_mask(x, x->shape), range_fn, &r))
        lf_set_real(g, n, y, x->shape);
    return LF_OK;
}

lf_status lf_rounding_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_rounding_own *own = n->op->own;
    bool codes = lf_is_codes(in->tensor) && out->code;
    const double *x = codes ? NULL : lf_value_reals(run, in);
    for (size_t e = 0; e < out->count; e++) {
        if (codes)
            out->code[e] = in->code[e];
        else if (out->code)
            out->code[e] = (int64_t)own->to_integer(x[e]);
        else
            out->real[e] = own->to_integer(x[e]);
    }
    return LF_OK;
}
