#include "ops/align.h"

#include <math.h>

#include "ops/elementwise.h"

double lf_common_scale(double a, double b) {
    int ea, eb;
    double ma = fabs(frexp(a, &ea)), mb = fabs(frexp(b, &eb));
    if (ma != mb)
        return 0;
    return fabs(a) <= fabs(b) ? a : copysign(b, a);
}

int64_t lf_align_factor(double scale, double common) {
    double k = scale / common;
    return fabs(k) <= 2305843009213693952.0 && k == floor(k) ? (int64_t)k : 0;
}

typedef struct sum {
    const lf_tensor *a, *b;
    lf_map am, bm;
    int sign;
    const lf_tensor *out;
} sum;

static bool is_zero(const lf_tensor *t) {
    return t->value && lf_on_grid(t) && lf_range_is(t->range, 0);
}

/* A constant 0 lies on every grid. */
static double sum_scale(const sum *s, size_t e) {
    double a = lf_scale_at(s->a, &s->am, e), b = lf_scale_at(s->b, &s->bm, e);
    if (is_zero(s->b))
        return a;
    return is_zero(s->a) ? b : lf_common_scale(a, b);
}

static bool set_scales(lf_graph *g, lf_tensor *out, const sum *s) {
    unsigned mask = lf_scale_mask(s->a, out->shape) | lf_scale_mask(s->b, out->shape);
    int axis = lf_mask_axis(mask);
    if (axis < 0)
        return false;
    size_t count = mask ? (size_t)out->shape.dim[axis] : 1, inner = 1;
    for (int i = axis + 1; i < out->shape.rank; i++)
        inner *= (size_t)out->shape.dim[i];
    double *scale = LF_NEW_ARRAY(g->arena, double, count ? count : 1);
    for (size_t c = 0; c < count; c++)
        scale[c] = sum_scale(s, c * inner);
    return lf_set_grid(g, out, scale, (int64_t)count, axis);
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    const sum *s = arg;
    size_t i = lf_map_at(&s->am, e), j = lf_map_at(&s->bm, e);
    double common = lf_grid_scale(s->out, e);
    lf_range a = lf_range_at(s->a, i), b = lf_range_at(s->b, j);
    int64_t ka = lf_align_factor(lf_grid_scale(s->a, i), common), kb = lf_align_factor(lf_grid_scale(s->b, j), common);
    if ((ka == 0 && !lf_range_is(a, 0)) || (kb == 0 && !lf_range_is(b, 0)))
        *overflow = true;
    return lf_range_add(lf_range_scale(a, ka, overflow), lf_range_scale(b, kb * s->sign, overflow), overflow);
}

static bool infer_codes(lf_graph *g, lf_tensor *out, sum *s) {
    if (!lf_plain_grid(s->a) || !lf_plain_grid(s->b) || !set_scales(g, out, s))
        return false;
    unsigned mask = lf_range_mask(s->a, out->shape) | lf_range_mask(s->b, out->shape);
    mask |= lf_scale_mask(s->a, out->shape) | lf_scale_mask(s->b, out->shape);
    return lf_set_ranges(g, out, mask, range_fn, s);
}

lf_status lf_sum_infer(lf_graph *g, lf_node *n, int sign) {
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, 2, &shape));
    for (int i = 0; i < 2; i++)
        if (lf_in(g, n, i)->value)
            LF_TRY(lf_need_finite(g, n, i, "constant", false));
    lf_tensor *out = lf_out(g, n, 0);
    lf_set_real(g, n, out, shape);
    sum s = {.a = lf_in(g, n, 0), .b = lf_in(g, n, 1), .sign = sign, .out = out};
    s.am = lf_map_make(s.a->shape, shape);
    s.bm = lf_map_make(s.b->shape, shape);
    if (!infer_codes(g, out, &s))
        lf_set_real(g, n, out, shape);
    return LF_OK;
}

static bool one_scale(const lf_value *v) {
    return v->tensor->grid.scale_count == 1;
}

static void add_codes(const lf_value *in, lf_value *out, const lf_map *am, const lf_map *bm, int sign) {
    const lf_tensor *a = in[0].tensor, *b = in[1].tensor;
    bool once = one_scale(&in[0]) && one_scale(&in[1]) && one_scale(out);
    int64_t ka = 0, kb = 0;
    for (size_t e = 0; e < out->count; e++) {
        size_t i = lf_map_at(am, e), j = lf_map_at(bm, e);
        if (e == 0 || !once) {
            double common = lf_grid_scale(out->tensor, e);
            ka = lf_align_factor(lf_grid_scale(a, i), common);
            kb = lf_align_factor(lf_grid_scale(b, j), common) * sign;
        }
        out->code[e] = in[0].code[i] * ka + in[1].code[j] * kb;
    }
}

lf_status lf_sum_exec(lf_run *run, const lf_value *in, lf_value *out, int sign) {
    lf_map am = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map bm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    if (out->code) {
        add_codes(in, out, &am, &bm, sign);
        return LF_OK;
    }
    const double *a = lf_value_reals(run, &in[0]), *b = lf_value_reals(run, &in[1]);
    for (size_t e = 0; e < out->count; e++) {
        double x = a[lf_map_at(&am, e)], y = b[lf_map_at(&bm, e)];
        out->real[e] = sign > 0 ? x + y : x - y;
    }
    return LF_OK;
}
