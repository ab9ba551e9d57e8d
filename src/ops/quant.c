/* Uniform quantizer (QONNX Quant, IntQuant): q = x / scale + zeropt; clamped to [lo, hi], then rounded; y = (q - zeropt) * scale.
 * With one signed bit q is +1 where x / scale + zeropt >= 0, else -1.
 *   in 0   x       real, or on the grid (then its value is taken first)
 *   in 1   scale   constant that broadcasts against x; may be negative, not 0
 *   in 2   zeropt  constant that broadcasts against x
 *   in 3   bits    constant, one integer in 1..32
 *   out 0  y       codes q - zeropt with that scale; real when the scale varies along several axes or zeropt is no integer
 * lo = signed ? -2^(bits-1) + narrow : 0, hi = signed ? 2^(bits-1) - 1 : 2^bits - 1 - narrow. All in double.
 * Source: QONNX documentation of IntQuant, v2. */
#include <math.h>

#include "ops/elementwise.h"

typedef struct quant_attr {
    bool is_signed, narrow;
    int rounding; /* lf_round */
} quant_attr;

typedef struct quantizer {
    double lo, hi;
    bool bipolar;
    lf_round mode;
} quantizer;

static quantizer make(const quant_attr *a, double bits) {
    double half = ldexp(1, (int)bits - 1);
    quantizer q = {.bipolar = a->is_signed && bits == 1, .mode = (lf_round)a->rounding};
    q.lo = a->is_signed ? -half + a->narrow : 0;
    q.hi = a->is_signed ? half - 1 : 2 * half - 1 - a->narrow;
    if (q.bipolar) {
        q.lo = -1;
        q.hi = 1;
    }
    return q;
}

static int64_t apply(const quantizer *q, double x, double scale, double zeropt) {
    double y = x / scale + zeropt;
    if (q->bipolar)
        return y >= 0 ? 1 : -1;
    y = y < q->lo ? q->lo : y > q->hi ? q->hi : y;
    return lf_round_to_int(y, q->mode);
}

static bool integers(const lf_tensor *t) {
    for (size_t i = 0; i < t->value->count; i++) {
        double v = lf_tensor_real(t, i);
        if (v != floor(v) || fabs(v) > 4294967296.0)
            return false;
    }
    return true;
}

typedef struct ranging {
    quantizer q;
    const lf_tensor *x, *scale, *zeropt;
    lf_map xm, sm, zm;
} ranging;

static double code_value(const lf_tensor *t, size_t element, int64_t code) {
    return t->grid.divisor != 0 ? (double)code / t->grid.divisor : (double)code * lf_grid_scale(t, element);
}

/* The quantizer rises or falls over the whole range of an element: its ends give the ends. */
static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const ranging *r = arg;
    double zeropt = lf_tensor_real(r->zeropt, lf_map_at(&r->zm, e));
    int64_t a = (int64_t)r->q.lo, b = (int64_t)r->q.hi;
    if (lf_on_grid(r->x)) {
        size_t i = lf_map_at(&r->xm, e);
        double scale = lf_tensor_real(r->scale, lf_map_at(&r->sm, e));
        lf_range x = lf_range_at(r->x, i);
        int64_t p = apply(&r->q, code_value(r->x, i, x.lo), scale, zeropt);
        int64_t q = apply(&r->q, code_value(r->x, i, x.hi), scale, zeropt);
        a = p < q ? p : q;
        b = p < q ? q : p;
    }
    int64_t z = (int64_t)zeropt;
    return (lf_range){a - z, b - z, r->q.bipolar && a != b ? 2 : 1};
}

static lf_status need_bits(lf_graph *g, const lf_node *n, double *bits) {
    LF_TRY(lf_need_scalar(g, n, 3, "bit width", bits));
    if (*bits >= 1 && *bits <= 32 && *bits == floor(*bits))
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                   "a bit width of quant must be an integer from 1 to 32, %s says otherwise", lf_in(g, n, 3)->name);
}

static bool set_scales(lf_graph *g, lf_tensor *y, const lf_tensor *scale, const lf_map *m) {
    unsigned mask = lf_const_mask(scale, y->shape);
    int axis = lf_mask_axis(mask);
    if (axis < 0)
        return false;
    int64_t count = mask ? y->shape.dim[axis] : 1;
    size_t inner = 1;
    for (int i = axis + 1; i < y->shape.rank; i++)
        inner *= (size_t)y->shape.dim[i];
    double *s = LF_NEW_ARRAY(g->arena, double, count ? count : 1);
    for (int64_t c = 0; c < count; c++)
        s[c] = lf_tensor_real(scale, lf_map_at(m, (size_t)c * inner));
    return lf_set_grid(g, y, s, count, axis);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    double bits;
    LF_TRY(lf_need_const(g, n, 1, "scale"));
    LF_TRY(lf_need_const(g, n, 2, "zero point"));
    LF_TRY(need_bits(g, n, &bits));
    LF_TRY(lf_need_finite(g, n, 1, "scale", true));
    LF_TRY(lf_need_finite(g, n, 2, "zero point", false));
    const lf_tensor *x = lf_in(g, n, 0), *scale = lf_in(g, n, 1), *zeropt = lf_in(g, n, 2);
    ranging r = {.q = make(n->attr, bits), .x = x, .scale = scale, .zeropt = zeropt};
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, 3, &shape));
    lf_set_real(g, n, y, shape);
    r.xm = lf_map_make(x->shape, shape);
    r.sm = lf_map_make(scale->shape, shape);
    r.zm = lf_map_make(zeropt->shape, shape);
    if (!integers(r.zeropt) || !set_scales(g, y, r.scale, &r.sm))
        return LF_OK;
    unsigned mask = lf_const_mask(r.zeropt, shape);
    if (lf_on_grid(r.x))
        mask |= lf_range_mask(r.x, shape) | lf_scale_mask(r.x, shape) | lf_const_mask(r.scale, shape);
    if (!lf_set_ranges(g, y, mask, range_fn, &r))
        lf_set_real(g, n, y, shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    quantizer q = make(n->attr, lf_value_reals(run, &in[3])[0]);
    lf_shape shape = out->tensor->shape;
    lf_map xm = lf_map_make(in[0].tensor->shape, shape);
    lf_map sm = lf_map_make(in[1].tensor->shape, shape);
    lf_map zm = lf_map_make(in[2].tensor->shape, shape);
    const double *x = lf_value_reals(run, &in[0]), *scale = lf_value_reals(run, &in[1]),
                 *zeropt = lf_value_reals(run, &in[2]);
    for (size_t e = 0; e < out->count; e++) {
        double s = scale[lf_map_at(&sm, e)], z = zeropt[lf_map_at(&zm, e)];
        int64_t code = apply(&q, x[lf_map_at(&xm, e)], s, z);
        if (out->code)
            out->code[e] = code - (int64_t)z;
        else
            out->real[e] = ((double)code - z) * s;
    }
    return LF_OK;
}

static const char *const rounding_names[] = {"ROUND", "HALF_UP", "HALF_DOWN", "UP",         "DOWN",
                                             "CEIL",  "FLOOR",   "HALF_PLUS", "HALF_MINUS", NULL};

static const lf_attr_desc attrs[] = {
    {"signed", LF_ATTR_BOOL, offsetof(quant_attr, is_signed), "true", NULL, 0, 0, "codes below 0 exist"},
    {"narrow", LF_ATTR_BOOL, offsetof(quant_attr, narrow), "false", NULL, 0, 0, "one code less: symmetric when signed"},
    {"rounding_mode", LF_ATTR_ENUM, offsetof(quant_attr, rounding), "ROUND", rounding_names, 0, 0,
     "ROUND is half to even"},
    {0}};

const lf_op lf_op_quant = {
    .name = "quant",
    .help = "uniform quantizer: round(clamp(x / scale + zeropt)) (QONNX Quant)",
    .level = LF_NN,
    .in_min = 4,
    .in_max = 4,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(quant_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up_in_first,
};
