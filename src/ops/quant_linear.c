/* Quantizer with integer zero points (ONNX QuantizeLinear, Clip, DequantizeLinear in one):
 *   q = clip(round(x / scale) + zero, lo, hi), halves to even, in double;  y = (q - zero) scale.
 *   in 0   x      real, or on the grid (then its value is taken first)
 *   in 1   scale  constant that broadcasts against x; not 0
 *   in 2   zero   constant integers that broadcast against x (optional: 0)
 *   out 0  y      codes q - zero with that scale; real when the scale varies along several axes
 * quant rounds after the zero point was added, which differs for halves when it is odd. */
#include <math.h>

#include "ops/elementwise.h"

typedef struct quant_linear_attr {
    int64_t lo, hi;
} quant_linear_attr;

typedef struct quantizer {
    const quant_linear_attr *a;
    const lf_tensor *x, *scale, *zero;
    lf_map xm, sm, zm;
} quantizer;

static int64_t zero_at(const quantizer *q, size_t e) {
    return q->zero ? (int64_t)lf_tensor_real(q->zero, lf_map_at(&q->zm, e)) : 0;
}

/* q - zero. */
static int64_t code_of(const quant_linear_attr *a, double x, double scale, int64_t zero) {
    double lo = (double)(a->lo - zero), hi = (double)(a->hi - zero), v = x / scale;
    return v <= lo ? a->lo - zero : v >= hi ? a->hi - zero : lf_round_to_int(v, LF_ROUND_HALF_EVEN);
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const quantizer *q = arg;
    int64_t zero = zero_at(q, e);
    if (!lf_on_grid(q->x))
        return (lf_range){q->a->lo - zero, q->a->hi - zero, 1};
    size_t i = lf_map_at(&q->xm, e);
    double scale = lf_tensor_real(q->scale, lf_map_at(&q->sm, e));
    lf_range x = lf_range_at(q->x, i);
    int64_t a = code_of(q->a, lf_grid_value(q->x, i, x.lo), scale, zero);
    int64_t b = code_of(q->a, lf_grid_value(q->x, i, x.hi), scale, zero);
    return a < b ? (lf_range){a, b, 1} : (lf_range){b, a, 1};
}

static bool set_scales(lf_graph *g, lf_tensor *y, const quantizer *q) {
    unsigned mask = lf_const_mask(q->scale, y->shape);
    int axis = lf_mask_axis(mask);
    if (axis < 0)
        return false;
    int64_t count = mask ? y->shape.dim[axis] : 1;
    size_t inner = 1;
    for (int i = axis + 1; i < y->shape.rank; i++)
        inner *= (size_t)y->shape.dim[i];
    double *s = LF_NEW_ARRAY(g->arena, double, count ? count : 1);
    for (int64_t c = 0; c < count; c++)
        s[c] = lf_tensor_real(q->scale, lf_map_at(&q->sm, (size_t)c * inner));
    return lf_set_grid(g, y, s, count, axis);
}

static lf_status need_zero(const lf_graph *g, const lf_node *n) {
    const quant_linear_attr *a = n->attr;
    const lf_tensor *zero = lf_in(g, n, 2);
    lf_where where = lf_where_node(g, n);
    if (a->lo > a->hi)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "quant_linear between %lld and %lld", (long long)a->lo,
                       (long long)a->hi);
    if (!zero)
        return LF_OK;
    LF_TRY(lf_need_const(g, n, 2, "zero point"));
    for (size_t i = 0; i < zero->value->count; i++) {
        double v = lf_tensor_real(zero, i);
        if (v != floor(v) || fabs(v) > 4294967296.0)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "the zero point %s is %.9g at element %zu, no integer of 32 bits", zero->name, v, i);
    }
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_const(g, n, 1, "scale"));
    LF_TRY(lf_need_finite(g, n, 1, "scale", true));
    LF_TRY(need_zero(g, n));
    quantizer q = {.a = n->attr, .x = lf_in(g, n, 0), .scale = lf_in(g, n, 1), .zero = lf_in(g, n, 2)};
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, n->in_count, &shape));
    lf_set_real(g, n, y, shape);
    q.xm = lf_map_make(q.x->shape, shape);
    q.sm = lf_map_make(q.scale->shape, shape);
    unsigned mask = 0;
    if (q.zero) {
        q.zm = lf_map_make(q.zero->shape, shape);
        mask |= lf_const_mask(q.zero, shape);
    }
    if (lf_on_grid(q.x))
        mask |= lf_range_mask(q.x, shape) | lf_scale_mask(q.x, shape) | lf_const_mask(q.scale, shape);
    if (!set_scales(g, y, &q) || !lf_set_ranges(g, y, mask, range_fn, &q))
        lf_set_real(g, n, y, shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const double *x = lf_value_reals(run, &in[0]), *scale = lf_value_reals(run, &in[1]);
    bool has_zero = n->in_count > 2 && in[2].tensor;
    const double *zero = has_zero ? lf_value_reals(run, &in[2]) : NULL;
    lf_map xm = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map sm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    lf_map zm = {.inner = 1, .dim = 1};
    if (zero)
        zm = lf_map_make(in[2].tensor->shape, out->tensor->shape);
    for (size_t e = 0; e < out->count; e++) {
        double s = scale[lf_map_at(&sm, e)];
        int64_t code = code_of(n->attr, x[lf_map_at(&xm, e)], s, zero ? (int64_t)zero[lf_map_at(&zm, e)] : 0);
        if (out->code)
            out->code[e] = code;
        else
            out->real[e] = (double)code * s;
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"lo", LF_ATTR_INT, offsetof(quant_linear_attr, lo), NULL, NULL, -4294967296.0, 4294967296.0, "least q"},
    {"hi", LF_ATTR_INT, offsetof(quant_linear_attr, hi), NULL, NULL, -4294967296.0, 4294967296.0, "greatest q"},
    {0}};

const lf_op lf_op_quant_linear = {
    .name = "quant_linear",
    .help = "quantizer with integer zero points (ONNX QuantizeLinear and DequantizeLinear)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(quant_linear_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up_in_first,
};
