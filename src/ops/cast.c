/* Cast to a narrower type (ONNX Cast).
 *   in 0   x  real or on the grid
 *   out 0  y  to FLOAT16, FLOAT32, FLOAT64: real, x rounded once to that type (ties to even)
 *             to INT<n>, UINT<n>: codes with scale 1. Codes with scale 1 wrap around as machine integers do; other values lose their
 *             fraction toward zero and must then lie in the type: beyond it ONNX leaves open what happens, and exec refuses. */
#include <math.h>

#include "ops/elementwise.h"

typedef struct cast_attr {
    lf_dtype to;
} cast_attr;

static lf_dtype target(const lf_node *n) {
    return ((const cast_attr *)n->attr)->to;
}

static int64_t wrap(int64_t code, lf_dtype t) {
    uint64_t mask = t.bits == 64 ? UINT64_MAX : ((uint64_t)1 << t.bits) - 1;
    return lf_code_from_bits(t, (uint64_t)code & mask);
}

static double round_to(double v, int bits) {
    if (bits == 64)
        return v;
    if (bits == 32)
        return (double)(float)v;
    int exponent;
    (void)frexp(v, &exponent);
    double step = ldexp(1, exponent > -13 ? exponent - 11 : -24); /* 11 significant bits, the last of 2^-24 */
    double rounded = nearbyint(v / step) * step;
    return fabs(rounded) > 65504 ? copysign(INFINITY, v) : rounded;
}

/* Codes that stay as they are, in a wide enough type. */
static bool keeps(const lf_tensor *x, lf_dtype to) {
    lf_range r = lf_dtype_range(to);
    return lf_is_codes(x) && x->range.lo >= r.lo && x->range.hi <= r.hi;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_dtype to = target(n);
    lf_where where = lf_where_node(g, n);
    lf_set_real(g, n, y, x->shape);
    if (to.kind == LF_KIND_FLOAT) {
        y->dtype = to;
        return LF_OK;
    }
    if ((to.kind != LF_KIND_INT && to.kind != LF_KIND_UINT) || to.bits > 62)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a cast to %s: only floats and integers up to 62 bits",
                       lf_dtype_name(g->arena, to));
    lf_set_codes(g, y, lf_dtype_range(to));
    if (keeps(x, to))
        lf_same_ranges(y, x);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_dtype to = target(n);
    bool codes = lf_is_codes(in->tensor) && out->code;
    const double *x = codes ? NULL : lf_value_reals(run, in);
    lf_range range = out->code ? lf_dtype_range(to) : (lf_range){0, 0, 1};
    for (size_t e = 0; e < out->count; e++) {
        if (codes) {
            out->code[e] = wrap(in->code[e], to);
        } else if (out->real) {
            out->real[e] = round_to(x[e], to.bits);
        } else {
            double v = trunc(x[e]);
            lf_where where = lf_where_node(run->graph, n);
            if (!(v >= (double)range.lo && v <= (double)range.hi))
                return lf_fail(run->ctx, LF_BAD_INPUT, &where, "element %zu, %.9g, does not fit into %s", e, x[e],
                               lf_dtype_name(run->scratch, to));
            out->code[e] = (int64_t)v;
        }
    }
    return LF_OK;
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)axis, (void)channel;
    const lf_tensor *x = lf_in(g, n, 0);
    bool wraps = lf_is_codes(x) && target(n).kind != LF_KIND_FLOAT && !keeps(x, target(n));
    return wraps ? LF_MONO_NONE : LF_MONO_UP;
}

static const lf_attr_desc attrs[] = {
    {"to", LF_ATTR_DTYPE, offsetof(cast_attr, to), NULL, NULL, 0, 0, "FLOAT16, FLOAT32, FLOAT64, INT<n> or UINT<n>"},
    {0}};

const lf_op lf_op_cast = {
    .name = "cast",
    .help = "rounds to a float type, truncates or wraps to an integer type (ONNX Cast)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(cast_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = monotone,
};
