/* Multi-threshold activation (QONNX/FINN MultiThreshold): y = out_scale * #{ t : x >= T[c][t] } + out_bias, compared as doubles.
 *   in 0   x  real or on the grid
 *   in 1   T  constant [C, N] or [1, N]; c runs along axis 1 of x, or along the last when data_layout ends in C
 *   out 0  y  on the grid: scale 1 when out_scale and out_bias are integers (BIPOLAR: scale 2, bias -1); else scale out_scale when
 *             out_bias is a multiple of it; else real
 * Rows need not ascend: the count rises with x in any order. Source: QONNX documentation of MultiThreshold, v1. */
#include <math.h>
#include <string.h>

#include "ops/elementwise.h"

typedef struct threshold_attr {
    double out_scale, out_bias;
    const char *out_dtype; /* kept for export; the datatype is the narrowest of what occurs */
    const char *data_layout;
} threshold_attr;

/* code = base + step * count, value = code * scale. */
typedef struct levels {
    bool on_grid;
    int64_t base, step;
    double scale;
} levels;

static bool is_int(double v) {
    return v == floor(v) && fabs(v) <= 1073741824.0;
}

static levels levels_of(const threshold_attr *a) {
    if (is_int(a->out_scale) && is_int(a->out_bias))
        return (levels){true, (int64_t)a->out_bias, (int64_t)a->out_scale, 1};
    double q = a->out_bias / a->out_scale;
    if (is_int(q) && q * a->out_scale == a->out_bias)
        return (levels){true, (int64_t)q, 1, a->out_scale};
    return (levels){0};
}

static int channel_axis(const threshold_attr *a, int rank) {
    size_t n = a->data_layout ? strlen(a->data_layout) : 0;
    if (rank < 2)
        return rank - 1;
    return n && a->data_layout[n - 1] == 'C' ? rank - 1 : 1;
}

typedef struct ranging {
    levels l;
    const lf_tensor *x, *t;
    int axis;
} ranging;

static int64_t rows_of(const lf_tensor *t) {
    return t->shape.dim[0];
}

static int64_t count_at(const ranging *r, double x, int64_t row) {
    int64_t n = r->t->shape.dim[1], count = 0;
    for (int64_t i = 0; i < n; i++)
        count += x >= lf_tensor_real(r->t, (size_t)(row * n + i));
    return count;
}

static lf_range code_range(levels l, int64_t p, int64_t q) {
    int64_t a = l.base + l.step * p, b = l.base + l.step * q;
    int64_t step = l.step < 0 ? -l.step : l.step;
    return (lf_range){a < b ? a : b, a < b ? b : a, a == b ? 1 : step};
}

static double code_value(const lf_tensor *t, size_t element, int64_t code) {
    return t->grid.divisor != 0 ? (double)code / t->grid.divisor : (double)code * lf_grid_scale(t, element);
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const ranging *r = arg;
    if (!lf_on_grid(r->x))
        return code_range(r->l, 0, r->t->shape.dim[1]);
    int64_t row = rows_of(r->t) > 1 ? (int64_t)lf_channel_of(r->x->shape, r->axis, e) : 0;
    lf_range x = lf_range_at(r->x, e);
    return code_range(r->l, count_at(r, code_value(r->x, e, x.lo), row), count_at(r, code_value(r->x, e, x.hi), row));
}

static lf_status need_thresholds(lf_graph *g, const lf_node *n, int axis) {
    LF_TRY(lf_need_const(g, n, 1, "threshold matrix"));
    const lf_tensor *x = lf_in(g, n, 0), *t = lf_in(g, n, 1);
    lf_where where = lf_where_node(g, n);
    int64_t channels = axis < 0 ? 1 : x->shape.dim[axis];
    if (t->shape.rank != 2 || (rows_of(t) != 1 && rows_of(t) != channels))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "thresholds %s are %s; %lld channels need [%lld, N] or [1, N]",
                       t->name, lf_shape_text(g->arena, t->shape), (long long)channels, (long long)channels);
    if (t->shape.dim[1] > 1 << 24)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "%lld thresholds a channel are more than any datatype here has levels",
                       (long long)t->shape.dim[1]);
    for (size_t i = 0; i < t->value->count; i++)
        if (isnan(lf_tensor_real(t, i)))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "threshold %zu of %s is NaN", i, t->name);
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const threshold_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    if (!isfinite(a->out_scale) || !isfinite(a->out_bias))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "out_scale or out_bias is not finite");
    ranging r = {levels_of(a), x, lf_in(g, n, 1), channel_axis(a, x->shape.rank)};
    LF_TRY(need_thresholds(g, n, r.axis));
    lf_set_real(g, n, y, x->shape);
    if (!r.l.on_grid || !lf_set_grid(g, y, &r.l.scale, 1, 0))
        return LF_OK;
    unsigned mask = 0;
    if (lf_on_grid(x))
        mask = lf_range_mask(x, x->shape) | lf_scale_mask(x, x->shape) | (rows_of(r.t) > 1 ? 1u << r.axis : 0);
    if (!lf_set_ranges(g, y, mask, range_fn, &r))
        lf_set_real(g, n, y, x->shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const threshold_attr *a = n->attr;
    const double *x = lf_value_reals(run, &in[0]), *t = lf_value_reals(run, &in[1]);
    levels l = levels_of(a);
    lf_shape shape = in[0].tensor->shape;
    int axis = channel_axis(a, shape.rank);
    int64_t rows = rows_of(in[1].tensor), steps = in[1].tensor->shape.dim[1];
    for (size_t e = 0; e < out->count; e++) {
        const double *row = t + (rows > 1 ? (int64_t)lf_channel_of(shape, axis, e) * steps : 0);
        int64_t count = 0;
        for (int64_t i = 0; i < steps; i++)
            count += x[e] >= row[i];
        if (out->code)
            out->code[e] = l.base + l.step * count;
        else
            out->real[e] = a->out_scale * (double)count + a->out_bias;
    }
    return LF_OK;
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)axis, (void)channel;
    double s = ((const threshold_attr *)n->attr)->out_scale;
    return s > 0 ? LF_MONO_UP : s < 0 ? LF_MONO_DOWN : LF_MONO_CONST;
}

static const lf_attr_desc attrs[] = {
    {"out_scale", LF_ATTR_REAL, offsetof(threshold_attr, out_scale), "1", NULL, 0, 0, "value of one threshold passed"},
    {"out_bias", LF_ATTR_REAL, offsetof(threshold_attr, out_bias), "0", NULL, 0, 0, "value when none is passed"},
    {"out_dtype", LF_ATTR_STRING, offsetof(threshold_attr, out_dtype), "", NULL, 0, 0,
     "datatype named by the file it came from"},
    {"data_layout", LF_ATTR_STRING, offsetof(threshold_attr, data_layout), "", NULL, 0, 0,
     "ends in C: channels are the last axis"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    (void)g;
    threshold_attr *a = n->attr;
    size_t length = a->data_layout ? strlen(a->data_layout) : 0;
    if (length && a->data_layout[length - 1] == 'C')
        return false;
    a->data_layout = "NHWC";
    return true;
}

const lf_op lf_op_multi_threshold = {
    .name = "multi_threshold",
    .help = "counts the thresholds that x reaches (QONNX MultiThreshold)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(threshold_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = monotone,
    .relayout = relayout,
};
