/* Reductions over a set of axes (ONNX ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare,
 * ReduceLogSum, ReduceLogSumExp), terms in ascending order of their index.
 *   in 0   x
 *   out 0  y  x's shape with the axes 1 (keepdims) or gone
 * On a grid with one scale: sum, mean (the sum's codes, the scale divided by the number of terms), max, min, l1 and sum_square give
 * codes; all else is real. l2 is the root of sum_square, log_sum the logarithm of sum, log_sum_exp that of the sum of exp(x - max),
 * plus max. No axes: all of them, or with noop_with_empty_axes none. */
#include <math.h>
#include <stdlib.h>

#include "num/realfn.h"
#include "ops/circuit_face.h"
#include "ops/elementwise.h"
#include "ops/relayout.h"

enum { SUM, MEAN, MAX, MIN, PROD, L1, L2, SUM_SQUARE, LOG_SUM, LOG_SUM_EXP };

typedef struct reduce_attr {
    int function;
    lf_ints axes;
    bool keepdims, noop_with_empty_axes;
} reduce_attr;

static lf_status axes_mask(const lf_graph *g, const lf_node *n, unsigned *mask) {
    const reduce_attr *a = n->attr;
    int rank = lf_in(g, n, 0)->shape.rank;
    *mask = a->axes.count || a->noop_with_empty_axes ? 0 : (1u << rank) - 1;
    for (int64_t i = 0; i < a->axes.count; i++) {
        int axis;
        LF_TRY(lf_need_axis(g, n, a->axes.at[i], rank, &axis));
        *mask |= 1u << axis;
    }
    return LF_OK;
}

/* The steps from a result to its first term, and from there to the others. */
typedef struct terms {
    size_t outer[LF_MAX_RANK], outer_dim[LF_MAX_RANK], inner[LF_MAX_RANK], inner_dim[LF_MAX_RANK];
    int outers, inners;
    size_t count;
} terms;

static terms terms_of(lf_shape s, unsigned mask) {
    terms t = {.count = 1};
    size_t step = 1;
    for (int i = s.rank - 1; i >= 0; i--) {
        size_t dim = (size_t)s.dim[i];
        if (mask >> i & 1) {
            t.inner[t.inners] = step;
            t.inner_dim[t.inners++] = dim;
            t.count *= dim;
        } else {
            t.outer[t.outers] = step;
            t.outer_dim[t.outers++] = dim;
        }
        step *= dim;
    }
    return t;
}

static size_t place(const size_t *step, const size_t *dim, int axes, size_t at) {
    size_t where = 0;
    for (int i = 0; i < axes; i++) {
        where += at % dim[i] * step[i];
        at /= dim[i];
    }
    return where;
}

/* -- shape, grid, ranges ------------------------------------------------------------------------------------------- */

static lf_shape reduced_shape(lf_shape x, unsigned mask, bool keep) {
    lf_shape s = {0};
    for (int i = 0; i < x.rank; i++)
        if (!(mask >> i & 1) || keep)
            s.dim[s.rank++] = mask >> i & 1 ? 1 : x.dim[i];
    return s;
}

static lf_range square_range(lf_range r) {
    int64_t a = r.lo < 0 ? -r.lo : r.lo, b = r.hi < 0 ? -r.hi : r.hi;
    int64_t low = r.lo > 0 ? r.lo : r.hi < 0 ? -r.hi : 0, high = a > b ? a : b;
    return (lf_range){low * low, high * high, 1};
}

static lf_range magnitude_range(lf_range r) {
    int64_t a = r.lo < 0 ? -r.lo : r.lo, b = r.hi < 0 ? -r.hi : r.hi;
    return (lf_range){r.lo > 0 ? r.lo : r.hi < 0 ? -r.hi : 0, a > b ? a : b, 1};
}

/* The range of one term and the scale of the result; false when the function has no codes. */
static bool term_codes(int function, const lf_tensor *x, size_t count, lf_range *r, double *scale) {
    *r = x->range;
    *scale = x->grid.scale[0];
    switch (function) {
    case MEAN: *scale /= (double)count; return true;
    case SUM:
    case MAX:
    case MIN: return true;
    case L1:
        *r = magnitude_range(x->range);
        *scale = fabs(*scale);
        return true;
    case SUM_SQUARE:
        if (x->range.lo < -(1 << 30) || x->range.hi > 1 << 30)
            return false;
        *r = square_range(x->range);
        *scale *= *scale;
        return true;
    default: return false;
    }
}

static void infer_codes(lf_graph *g, lf_node *n, lf_tensor *y, const lf_tensor *x, size_t count) {
    int function = ((const reduce_attr *)n->attr)->function;
    lf_range r;
    double scale;
    bool overflow = false;
    if (count == 0 || !lf_plain_grid(x) || x->grid.scale_count != 1 || !term_codes(function, x, count, &r, &scale))
        return;
    if (function != MAX && function != MIN)
        r = lf_range_scale(r, (int64_t)count, &overflow);
    if (overflow || r.lo < -LF_CODE_MAX || r.hi > LF_CODE_MAX || !lf_set_grid(g, y, &scale, 1, 0))
        return;
    if (function != MAX && function != MIN) /* terms of a sum differ by single steps */
        r.step = r.lo == r.hi || function == L1 || function == SUM_SQUARE ? 1 : x->range.step;
    y->range = r;
    y->dtype = lf_dtype_for(r, false);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const reduce_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    unsigned mask;
    LF_TRY(axes_mask(g, n, &mask));
    lf_tensor *y = lf_out(g, n, 0);
    lf_set_real(g, n, y, reduced_shape(x->shape, mask, a->keepdims));
    infer_codes(g, n, y, x, terms_of(x->shape, mask).count);
    return LF_OK;
}

/* -- exec ---------------------------------------------------------------------------------------------------------- */

static int64_t join_codes(int function, double scale, int64_t y, int64_t x, bool first) {
    bool up = (function == MAX) == (scale > 0);
    switch (function) {
    case MAX:
    case MIN: return first || (up ? x > y : x < y) ? x : y;
    case L1: return y + (x < 0 ? -x : x);
    case SUM_SQUARE: return y + x * x;
    default: return y + x;
    }
}

static double join_reals(int function, double y, double x, bool first, double most) {
    switch (function) {
    case MAX: return first || x > y ? x : y;
    case MIN: return first || x < y ? x : y;
    case PROD: return first ? x : y * x;
    case L1: return y + fabs(x);
    case L2:
    case SUM_SQUARE: return y + x * x;
    case LOG_SUM_EXP: return y + lf_exp(x - most);
    default: return y + x;
    }
}

static double finish(int function, double y, size_t count, double most) {
    switch (function) {
    case MEAN: return y / (double)count;
    case L2: return sqrt(y);
    case LOG_SUM: return lf_log(y);
    case LOG_SUM_EXP: return lf_log(y) + most;
    default: return y;
    }
}

static double reduce_reals(int function, const double *x, const terms *t) {
    double y = 0, most = 0;
    for (size_t k = 0; function == LOG_SUM_EXP && k < t->count; k++)
        most = join_reals(MAX, most, x[place(t->inner, t->inner_dim, t->inners, k)], k == 0, 0);
    for (size_t k = 0; k < t->count; k++)
        y = join_reals(function, y, x[place(t->inner, t->inner_dim, t->inners, k)], k == 0, most);
    return finish(function, y, t->count, most);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const reduce_attr *a = n->attr;
    unsigned mask = a->axes.count || a->noop_with_empty_axes ? 0 : ~0u;
    lf_shape s = in->tensor->shape;
    for (int64_t i = 0; i < a->axes.count; i++)
        mask |= 1u << (a->axes.at[i] < 0 ? a->axes.at[i] + s.rank : a->axes.at[i]);
    terms t = terms_of(s, mask);
    double scale = in->code ? in->tensor->grid.scale[0] : 1;
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        size_t at = place(t.outer, t.outer_dim, t.outers, e);
        if (x) {
            out->real[e] = reduce_reals(a->function, x + at, &t);
            continue;
        }
        int64_t y = 0;
        for (size_t k = 0; k < t.count; k++)
            y = join_codes(a->function, scale, y, in->code[at + place(t.inner, t.inner_dim, t.inners, k)], k == 0);
        out->code[e] = y;
    }
    return LF_OK;
}

static const char *const functions[] = {"sum", "mean",       "max",     "min",         "prod", "l1",
                                        "l2",  "sum_square", "log_sum", "log_sum_exp", NULL};

static const lf_attr_desc attrs[] = {
    {"function", LF_ATTR_ENUM, offsetof(reduce_attr, function), "sum", functions, 0, 0, "what the terms become"},
    {"axes", LF_ATTR_INTS, offsetof(reduce_attr, axes), "[]", NULL, 0, 0, "axes that are reduced; empty: all"},
    {"keepdims", LF_ATTR_BOOL, offsetof(reduce_attr, keepdims), "true", NULL, 0, 0, "keep the axes with length 1"},
    {"noop_with_empty_axes", LF_ATTR_BOOL, offsetof(reduce_attr, noop_with_empty_axes), "false", NULL, 0, 0,
     "without axes every element is its own term"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    reduce_attr *a = n->attr;
    if (!a->keepdims)
        return false;
    a->axes = lf_axes_to_last(g, a->axes, lf_out(g, n, 0)->shape.rank);
    return true;
}

/* -- circuit ------------------------------------------------------------------------------------------------------- */

static lf_word larger(lf_circuit *c, lf_word a, lf_word b, bool most) {
    return lf_circuit_select(c, most ? lf_circuit_less(c, a, b) : lf_circuit_less(c, b, a), b, a);
}

static lf_word reduce_words(lf_circuit *c, int function, const lf_word *term, size_t count) {
    if (function == SUM)
        return lf_circuit_sum(c, term, count);
    lf_word y = term[0];
    for (size_t k = 1; k < count; k++)
        y = larger(c, y, term[k], function == MAX);
    return y;
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    int function = ((const reduce_attr *)n->attr)->function;
    lf_where where = lf_where_node(g, n);
    unsigned mask;
    if (!lf_is_codes(lf_in(g, n, 0)) || (function != SUM && function != MAX && function != MIN))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "only sum, max and min of codes are circuits");
    LF_TRY(axes_mask(g, n, &mask));
    terms t = terms_of(lf_in(g, n, 0)->shape, mask);
    size_t count = (size_t)lf_shape_count(lf_out(g, n, 0)->shape);
    lf_word *term = malloc((t.count + 1) * sizeof *term);
    if (!term || (function != SUM && t.count == 0)) {
        free(term);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "nothing to reduce, or no memory");
    }
    for (size_t e = 0; e < count; e++) {
        const lf_word *from = in[0] + place(t.outer, t.outer_dim, t.outers, e);
        for (size_t k = 0; k < t.count; k++)
            term[k] = from[place(t.inner, t.inner_dim, t.inners, k)];
        out[0][e] = reduce_words(c, function, term, t.count);
    }
    free(term);
    return LF_OK;
}

const lf_op lf_op_reduce = {
    .name = "reduce",
    .help = "sum, mean, max and the like over axes (ONNX Reduce...)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(reduce_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .relayout = relayout,
};
