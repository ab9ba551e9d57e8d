/* Clip (ONNX Clip): y = min(max(x, low), high); an absent bound is none.
 *   in 0   x     real or on the grid
 *   in 1   low   constant, one value (optional)
 *   in 2   high  constant, one value (optional)
 *   out 0  y     on x's grid when both bounds are codes of it, else real */
#include <math.h>

#include "ops/circuit_face.h"
#include "ops/elementwise.h"

typedef struct bounds {
    double low, high;
} bounds;

static lf_status read_bounds(const lf_graph *g, const lf_node *n, bounds *b) {
    *b = (bounds){-INFINITY, INFINITY};
    double *side[2] = {&b->low, &b->high};
    static const char *const what[2] = {"lower bound", "upper bound"};
    for (int i = 1; i <= 2; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        if (!t)
            continue;
        LF_TRY(lf_need_const(g, n, i, what[i - 1]));
        lf_where where = lf_where_node(g, n);
        double v = t->value->count == 1 ? lf_tensor_real(t, 0) : NAN;
        if (isnan(v))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the %s of clip, %s, must be one number", what[i - 1],
                           t->name);
        *side[i - 1] = v;
    }
    return LF_OK;
}

static bool bound_code(double bound, double scale, int64_t *code) {
    double q = bound / scale;
    if (isinf(bound)) {
        *code = (bound > 0) == (scale > 0) ? INT64_MAX : INT64_MIN;
        return true;
    }
    *code = fabs(q) < 4503599627370496.0 ? (int64_t)q : 0;
    return fabs(q) < 4503599627370496.0 && (double)*code * scale == bound;
}

/* The codes between which scale keeps x; false when a bound is no code. A negative scale swaps them. */
static bool code_bounds(bounds b, double scale, int64_t *first, int64_t *last) {
    return bound_code(b.low, scale, first) && bound_code(b.high, scale, last);
}

static bool all_codes(const lf_tensor *x, bounds b) {
    int64_t first, last;
    for (int64_t c = 0; c < x->grid.scale_count; c++)
        if (!code_bounds(b, x->grid.scale[c], &first, &last))
            return false;
    return lf_plain_grid(x);
}

/* In the order of the definition: low first, so that high wins when they cross. */
static int64_t clip_code(int64_t code, double scale, bounds b) {
    int64_t first = INT64_MIN, last = INT64_MAX;
    (void)code_bounds(b, scale, &first, &last);
    if (scale > 0 ? code < first : code > first)
        code = first;
    return (scale > 0 ? code > last : code < last) ? last : code;
}

typedef struct ranging {
    const lf_tensor *x;
    bounds b;
} ranging;

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const ranging *r = arg;
    lf_range x = lf_range_at(r->x, e);
    double scale = lf_grid_scale(r->x, e);
    int64_t lo = clip_code(x.lo, scale, r->b), hi = clip_code(x.hi, scale, r->b);
    bool on_step = lf_range_holds(x, lo) && lf_range_holds(x, hi);
    return (lf_range){lo, hi, lo == hi || !on_step ? 1 : x.step};
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_shape shape = x->shape;
    ranging r = {.x = x};
    LF_TRY(read_bounds(g, n, &r.b));
    lf_tensor *y = lf_out(g, n, 0);
    lf_set_real(g, n, y, shape);
    if (!lf_on_grid(r.x) || !all_codes(r.x, r.b))
        return LF_OK;
    lf_same_grid(y, r.x);
    if (!lf_set_ranges(g, y, lf_range_mask(r.x, shape) | lf_scale_mask(r.x, shape), range_fn, &r))
        lf_set_real(g, n, y, shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    bounds b;
    LF_TRY(read_bounds(run->graph, n, &b));
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        if (!x) {
            out->code[e] = clip_code(in->code[e], lf_grid_scale(in->tensor, e), b);
            continue;
        }
        double v = x[e] < b.low ? b.low : x[e];
        out->real[e] = v > b.high ? b.high : v;
    }
    return LF_OK;
}

/* -- circuit ------------------------------------------------------------------------------------------------------------ */

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    lf_where where = lf_where_node(g, n);
    const lf_tensor *x = lf_in(g, n, 0);
    int64_t low, high;
    bounds b;
    LF_TRY(read_bounds(g, n, &b));
    if (!lf_is_codes(x) || !code_bounds(b, 1, &low, &high))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "only clips of codes to codes are circuits");
    low = low < x->range.lo ? x->range.lo : low; /* of bounds that are far away nothing is left */
    high = high > x->range.hi ? x->range.hi : high;
    size_t count = (size_t)lf_shape_count(x->shape);
    for (size_t e = 0; e < count; e++) /* high wins where they cross */
        out[0][e] =
            high < low ? lf_circuit_const(c, clip_code(x->range.lo, 1, b)) : lf_circuit_clamp(c, in[0][e], low, high);
    return LF_OK;
}

const lf_op lf_op_clip = {
    .name = "clip",
    .help = "min(max(x, low), high) (ONNX Clip)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .monotone = lf_monotone_up,
};
