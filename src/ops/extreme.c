#include "ops/extreme.h"

static bool one_grid(const lf_graph *g, const lf_node *n) {
    double scale = 0;
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        if (!lf_plain_grid(t) || t->grid.scale_count != 1 || (i && t->grid.scale[0] != scale))
            return false;
        scale = t->grid.scale[0];
    }
    return true;
}

/* Whether code a goes before code b. */
static bool wins(int64_t a, int64_t b, double scale, int sign) {
    return (scale > 0) == (sign > 0) ? a > b : a < b;
}

static lf_range joint(lf_range a, lf_range b, double scale, int sign) {
    lf_range r = lf_range_join(a, b);
    r.lo = wins(a.lo, b.lo, scale, sign) ? a.lo : b.lo;
    r.hi = wins(a.hi, b.hi, scale, sign) ? a.hi : b.hi;
    r.step = r.lo == r.hi ? 1 : r.step; /* both ends lie on the joint grid of codes */
    return r;
}

static int sign_of(const lf_node *n) {
    return ((const lf_extreme_own *)n->op->own)->sign;
}

lf_status lf_extreme_infer(lf_graph *g, lf_node *n) {
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, n->in_count, &shape));
    for (int i = 0; i < n->in_count; i++)
        if (lf_in(g, n, i)->value)
            LF_TRY(lf_need_finite(g, n, i, "operand", false));
    lf_set_real(g, n, y, shape);
    if (!one_grid(g, n))
        return LF_OK;
    lf_same_grid(y, lf_in(g, n, 0));
    y->range = lf_in(g, n, 0)->range;
    for (int i = 1; i < n->in_count; i++)
        y->range = joint(y->range, lf_in(g, n, i)->range, y->grid.scale[0], sign_of(n));
    y->dtype = lf_dtype_for(y->range, false);
    return LF_OK;
}

lf_status lf_extreme_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    int sign = sign_of(n);
    for (int i = 0; i < n->in_count; i++) {
        lf_map m = lf_map_make(in[i].tensor->shape, out->tensor->shape);
        const double *x = out->real ? lf_value_reals(run, &in[i]) : NULL;
        for (size_t e = 0; e < out->count; e++) {
            size_t at = lf_map_at(&m, e);
            if (x && (i == 0 || (sign > 0 ? x[at] > out->real[e] : x[at] < out->real[e])))
                out->real[e] = x[at];
            if (!x && (i == 0 || wins(in[i].code[at], out->code[e], out->tensor->grid.scale[0], sign)))
                out->code[e] = in[i].code[at];
        }
    }
    return LF_OK;
}
