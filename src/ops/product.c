#include "ops/product.h"

#include <stdlib.h>

#include "num/gcd.h"
#include "ops/elementwise.h"

/* How a product is computed. */
typedef enum how {
    REAL,  /* x * y or x / y in double */
    SCALE, /* the codes stay, the scale takes the constant; a constant's codes become 0 where the other is 0 */
    CODES  /* codes times codes, scale times scale */
} how;

typedef struct plan {
    how how;
    int data; /* SCALE: the operand whose codes stay */
} plan;

/* What the operands alone allow; infer may still fall back to REAL when no grid results. */
static plan plan_mul(const lf_tensor *a, const lf_tensor *b) {
    bool pa = lf_plain_grid(a), pb = lf_plain_grid(b);
    if (!a->value != !b->value) {
        int data = a->value ? 1 : 0;
        return (plan){(data ? pb : pa) ? SCALE : REAL, data};
    }
    if (pa && pb && (!a->value || (lf_is_codes(a) && lf_is_codes(b))))
        return (plan){CODES, 0};
    if (a->value && (pa || pb))
        return (plan){SCALE, pa ? 0 : 1};
    return (plan){REAL, 0};
}

static plan plan_div(const lf_tensor *a, const lf_tensor *b) {
    return (plan){b->value && lf_plain_grid(a) ? SCALE : REAL, 0};
}

typedef struct product {
    const lf_tensor *x, *c; /* SCALE: codes, constant; CODES: both operands */
    lf_map xm, cm;
    bool divide;
} product;

static size_t inner_of(lf_shape s, int axis) {
    size_t inner = 1;
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    return inner;
}

/* Scale of channel c; a constant of 0 leaves the scale as it is. */
static double scaled(const product *p, size_t e) {
    double s = lf_scale_at(p->x, &p->xm, e);
    double c = lf_tensor_real(p->c, lf_map_at(&p->cm, e));
    return c == 0 ? s : p->divide ? s / c : s * c;
}

static double both_scales(const product *p, size_t e) {
    return lf_scale_at(p->x, &p->xm, e) * lf_scale_at(p->c, &p->cm, e);
}

/* The scales of out along the one axis of `mask`, from of(p, element). False when there is no such grid. */
static bool set_scales(lf_graph *g, lf_tensor *out, unsigned mask, const product *p,
                       double (*of)(const product *, size_t)) {
    int axis = lf_mask_axis(mask);
    if (axis < 0)
        return false;
    size_t count = mask ? (size_t)out->shape.dim[axis] : 1, inner = inner_of(out->shape, axis);
    double *s = LF_NEW_ARRAY(g->arena, double, count ? count : 1);
    for (size_t c = 0; c < count; c++)
        s[c] = of(p, c * inner);
    return lf_set_grid(g, out, s, (int64_t)count, axis);
}

static lf_range kept_range(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const product *p = arg;
    if (lf_tensor_real(p->c, lf_map_at(&p->cm, e)) == 0)
        return (lf_range){0, 0, 1};
    return lf_range_at(p->x, lf_map_at(&p->xm, e));
}

static int64_t stride(lf_range r) {
    return r.lo == r.hi ? 0 : r.step;
}

/* (p + i s) * (q + j t): the ends are among the four corners, and products differ by multiples of gcd(p t, q s, s t). */
static lf_range product_range(const void *arg, size_t e, bool *overflow) {
    const product *p = arg;
    lf_range a = lf_range_at(p->x, lf_map_at(&p->xm, e)), b = lf_range_at(p->c, lf_map_at(&p->cm, e));
    lf_range r = lf_range_join(lf_range_scale(a, b.lo, overflow), lf_range_scale(a, b.hi, overflow));
    r.step = 1;
    if (*overflow || r.lo == r.hi || r.lo < -(LF_CODE_MAX >> 2) || r.hi > LF_CODE_MAX >> 2)
        return r;
    int64_t s = stride(a), t = stride(b); /* at most twice the largest codes, so no product below overflows */
    uint64_t step = lf_gcd(lf_gcd((uint64_t)llabs(a.lo * t), (uint64_t)llabs(b.lo * s)), (uint64_t)(s * t));
    r.step = step ? (int64_t)step : 1;
    return r;
}

static bool any_zero(const lf_tensor *c) {
    for (size_t i = 0; i < c->value->count; i++)
        if (lf_const_real(c->value, i) == 0)
            return true;
    return false;
}

/* Whoever reads the codes of x through this node may take them as they are: so a factor of 0, which no scale can say, is real
 * arithmetic, unless x is itself a constant (weights under a mask). */
static bool infer_scale(lf_graph *g, lf_tensor *out, product *p) {
    if (!p->x->value && any_zero(p->c))
        return false;
    unsigned cmask = lf_const_mask(p->c, out->shape);
    if (!set_scales(g, out, lf_scale_mask(p->x, out->shape) | cmask, p, scaled))
        return false;
    unsigned mask = lf_range_mask(p->x, out->shape);
    if (any_zero(p->c))
        mask |= lf_vary_mask(p->c->shape, out->shape);
    return lf_set_ranges(g, out, mask, kept_range, p);
}

static bool infer_codes(lf_graph *g, lf_tensor *out, product *p) {
    unsigned mask = lf_scale_mask(p->x, out->shape) | lf_scale_mask(p->c, out->shape);
    if (!set_scales(g, out, mask, p, both_scales))
        return false;
    return lf_set_ranges(g, out, lf_range_mask(p->x, out->shape) | lf_range_mask(p->c, out->shape), product_range, p);
}

static lf_status infer(lf_graph *g, lf_node *n, plan chosen, bool divide) {
    lf_tensor *out = lf_out(g, n, 0);
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, 2, &shape));
    for (int i = 0; i < 2; i++)
        if (lf_in(g, n, i)->value)
            LF_TRY(lf_need_finite(g, n, i, "constant", divide && i == 1));
    lf_set_real(g, n, out, shape);
    product p = {lf_in(g, n, chosen.data), lf_in(g, n, 1 - chosen.data), {0}, {0}, divide};
    p.xm = lf_map_make(p.x->shape, shape);
    p.cm = lf_map_make(p.c->shape, shape);
    bool done = chosen.how == REAL || (chosen.how == SCALE ? infer_scale(g, out, &p) : infer_codes(g, out, &p));
    if (!done)
        lf_set_real(g, n, out, shape);
    return LF_OK;
}

static void exec_codes(const lf_value *x, const lf_value *y, const lf_map *xm, const lf_map *ym, lf_value *out) {
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = x->code[lf_map_at(xm, e)] * y->code[lf_map_at(ym, e)];
}

static void exec_scale(const lf_value *x, const double *c, const lf_map *xm, const lf_map *cm, lf_value *out) {
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = c[lf_map_at(cm, e)] == 0 ? 0 : x->code[lf_map_at(xm, e)];
}

static lf_status exec(lf_run *run, const lf_value *in, lf_value *out, plan p, bool divide) {
    lf_map am = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map bm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    if (out->code && p.how == CODES) {
        exec_codes(&in[0], &in[1], &am, &bm, out);
    } else if (out->code) {
        const double *c = lf_value_reals(run, &in[1 - p.data]);
        exec_scale(&in[p.data], c, p.data ? &bm : &am, p.data ? &am : &bm, out);
    } else {
        const double *a = lf_value_reals(run, &in[0]), *b = lf_value_reals(run, &in[1]);
        for (size_t e = 0; e < out->count; e++) {
            double x = a[lf_map_at(&am, e)], y = b[lf_map_at(&bm, e)];
            out->real[e] = divide ? x / y : x * y;
        }
    }
    return LF_OK;
}

lf_status lf_mul_infer(lf_graph *g, lf_node *n) {
    return infer(g, n, plan_mul(lf_in(g, n, 0), lf_in(g, n, 1)), false);
}

lf_status lf_div_infer(lf_graph *g, lf_node *n) {
    return infer(g, n, plan_div(lf_in(g, n, 0), lf_in(g, n, 1)), true);
}

lf_status lf_mul_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    return exec(run, in, out, plan_mul(in[0].tensor, in[1].tensor), false);
}

lf_status lf_div_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    return exec(run, in, out, plan_div(in[0].tensor, in[1].tensor), true);
}

lf_monotone lf_mul_monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    int data = lf_data_operand(g, n);
    return data < 0 ? LF_MONO_NONE : lf_monotone_by(g, n, 1 - data, axis, channel);
}

lf_monotone lf_div_monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    return lf_data_operand(g, n) == 0 ? lf_monotone_by(g, n, 1, axis, channel) : LF_MONO_NONE;
}
