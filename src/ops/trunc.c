/* Truncation to fewer bits (QONNX Trunc).
 *   in 0  x, 1  scale, 2  zeropt, 3  in_bits, version 1: 4  out_bits; version 2: 4  out_scale, 5  out_bits; all but x constants of one
 *   value
 *   out 0  y
 * q = round(x / scale + zeropt), halves to even. Version 1: y = (f(q / 2^(in_bits - out_bits)) - zeropt) scale. Version 2:
 * t = 2^round(log2(out_scale / scale)), q is divided by t, clamped to the codes of out_bits (signed, narrow), rounded by f, and
 * y = (q - zeropt / t) out_scale. f: rounding_mode. On the grid of scale (1) or out_scale (2) when zeropt (1) or zeropt / t (2) is an
 * integer, else real.      Source: QONNX documentation of Trunc, v1 and v2. */
#include <math.h>

#include "ops/elementwise.h"

typedef struct trunc_attr {
    int64_t version;
    bool is_signed, narrow;
    int rounding; /* lf_round */
} trunc_attr;

typedef struct truncation {
    double scale, zeropt, divisor, lo, hi, out_scale, out_zero;
    lf_round mode;
} truncation;

/* The power of two nearest to a ratio on a logarithmic scale: 2^-0.5 to 2^0.5 around it; the ratio is compared squared. */
static double nearest_power(double ratio) {
    int e;
    double m = frexp(ratio, &e); /* ratio = m 2^e, 1/2 <= m < 1 */
    double square = m * m; /* log2(m) above -1/2 rounds to 0, below to -1; at a half, which no double is, to even */
    return ldexp(1, square > 0.5 ? e : e - 1);
}

static lf_status read_operands(const lf_graph *g, const lf_node *n, truncation *t) {
    const trunc_attr *a = n->attr;
    static const char *const names[2][5] = {
        {"scale", "zero point", "input bit width", "output bit width", ""},
        {"scale", "zero point", "input bit width", "output scale", "output bit width"}};
    int last = a->version == 1 ? 4 : 5;
    double v[5] = {0};
    lf_where where = lf_where_node(g, n);
    if (n->in_count != last + 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "trunc of version %lld with %d operands", (long long)a->version,
                       n->in_count);
    for (int i = 1; i <= last; i++)
        LF_TRY(lf_need_scalar(g, n, i, names[a->version - 1][i - 1], &v[i - 1]));
    double out_bits = v[last - 1], in_bits = v[2], ratio = a->version == 1 ? 1 : v[3] / v[0];
    bool bits = in_bits >= 1 && in_bits <= 32 && out_bits >= 1 && out_bits <= 32 && in_bits == floor(in_bits) &&
                out_bits == floor(out_bits);
    if (!bits || v[0] == 0 || !(ratio > 0) || !isfinite(ratio))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "trunc: bit widths must be integers from 1 to 32, scales not 0 and of one sign");
    *t = (truncation){.scale = v[0], .zeropt = v[1], .mode = (lf_round)a->rounding};
    t->divisor = a->version == 1 ? ldexp(1, (int)(in_bits - out_bits)) : nearest_power(ratio);
    t->out_scale = a->version == 1 ? v[0] : v[3];
    t->out_zero = a->version == 1 ? v[1] : v[1] / t->divisor;
    double half = ldexp(1, (int)out_bits - 1);
    t->lo = a->version == 1 ? -INFINITY : a->is_signed ? -half + a->narrow : 0;
    t->hi = a->version == 1 ? INFINITY : a->is_signed ? half - 1 : 2 * half - 1 - a->narrow;
    return LF_OK;
}

/* The truncated q, before the zero point is taken away. */
static double truncated(const truncation *t, double x) {
    double q = x / t->scale + t->zeropt;
    q = fabs(q) < 4503599627370496.0 ? (double)lf_round_to_int(q, LF_ROUND_HALF_EVEN) : q;
    q /= t->divisor;
    q = q < t->lo ? t->lo : q > t->hi ? t->hi : q;
    return fabs(q) < 4503599627370496.0 ? (double)lf_round_to_int(q, t->mode) : q;
}

typedef struct ranging {
    truncation t;
    const lf_tensor *x;
} ranging;

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    const ranging *r = arg;
    lf_range x = lf_range_at(r->x, e);
    double a = truncated(&r->t, lf_grid_value(r->x, e, x.lo)) - r->t.out_zero;
    double b = truncated(&r->t, lf_grid_value(r->x, e, x.hi)) - r->t.out_zero;
    *overflow |= !(fabs(a) < 4503599627370496.0 && fabs(b) < 4503599627370496.0);
    if (*overflow)
        return (lf_range){0, 0, 1};
    return a < b ? (lf_range){(int64_t)a, (int64_t)b, 1} : (lf_range){(int64_t)b, (int64_t)a, 1};
}

static lf_status infer(lf_graph *g, lf_node *n) {
    ranging r = {.x = lf_in(g, n, 0)};
    lf_tensor *y = lf_out(g, n, 0);
    LF_TRY(read_operands(g, n, &r.t));
    lf_set_real(g, n, y, r.x->shape);
    bool bounded = lf_on_grid(r.x) || isfinite(r.t.lo);
    if (r.t.out_zero != floor(r.t.out_zero) || fabs(r.t.out_zero) > 4294967296.0 || !bounded ||
        !lf_set_grid(g, y, &r.t.out_scale, 1, 0))
        return LF_OK;
    if (lf_on_grid(r.x)) {
        if (!lf_set_ranges(g, y, lf_range_mask(r.x, y->shape) | lf_scale_mask(r.x, y->shape), range_fn, &r))
            lf_set_real(g, n, y, r.x->shape);
        return LF_OK;
    }
    y->range = (lf_range){(int64_t)(r.t.lo - r.t.out_zero), (int64_t)(r.t.hi - r.t.out_zero), 1};
    y->dtype = lf_dtype_for(y->range, false);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    truncation t;
    LF_TRY(read_operands(run->graph, n, &t));
    const double *x = lf_value_reals(run, in);
    for (size_t e = 0; e < out->count; e++) {
        double q = truncated(&t, x[e]) - t.out_zero;
        if (out->code)
            out->code[e] = (int64_t)q;
        else
            out->real[e] = q * t.out_scale;
    }
    return LF_OK;
}

static const char *const rounding_names[] = {"ROUND", "HALF_UP", "HALF_DOWN", "UP",         "DOWN",
                                             "CEIL",  "FLOOR",   "HALF_PLUS", "HALF_MINUS", NULL};

static const lf_attr_desc attrs[] = {
    {"version", LF_ATTR_INT, offsetof(trunc_attr, version), "2", NULL, 1, 2, "of QONNX's Trunc"},
    {"signed", LF_ATTR_BOOL, offsetof(trunc_attr, is_signed), "true", NULL, 0, 0, "version 2: codes below 0 exist"},
    {"narrow", LF_ATTR_BOOL, offsetof(trunc_attr, narrow), "false", NULL, 0, 0, "version 2: one code less"},
    {"rounding_mode", LF_ATTR_ENUM, offsetof(trunc_attr, rounding), "FLOOR", rounding_names, 0, 0,
     "FLOOR cuts bits off"},
    {0}};

const lf_op lf_op_trunc = {
    .name = "trunc",
    .help = "fewer bits: divides codes by a power of two and rounds (QONNX Trunc)",
    .level = LF_NN,
    .in_min = 5,
    .in_max = 6,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(trunc_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up,
};
