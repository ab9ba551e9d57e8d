/* Convolution (ONNX Conv without its bias, which an `add` brings): y[oc] = sum over (ic, taps) of w[oc][ic][tap] * x[ic][pixel of tap].
 *   in 0   x  [N, C, axes...], or [N, axes..., C] with layout channels_last; 1 to 3 axes
 *   in 1   w  [OC, C / group, kernel...] in both layouts
 *   out 0  y  [N, OC, windows...] or [N, windows..., OC]
 * Both on the grid, w constant with one scale or one per output channel, x with one scale (one per channel, too, when every group has
 * one channel): integer sums, scaled by the double product of the scales. Otherwise real: products added in ascending order of
 * (ic, tap) in either layout. Padding is 0. Sums that could leave +-2^62 are refused.          Source: ONNX Conv-11. */
#include <math.h>
#include <stdlib.h>

#include "num/gcd.h"
#include "ops/elementwise.h"
#include "ops/matmul_kernel.h"
#include "ops/run_node.h"
#include "ops/slide.h"

typedef struct conv_attr {
    lf_slide_attr slide;
    int64_t group;
} conv_attr;

typedef struct dims {
    lf_slide s;
    int64_t group, outs, terms; /* outputs per group; products per output */
    int64_t ins;                /* channels of x per group */
} dims;

static lf_status dims_of(const lf_graph *g, const lf_node *n, dims *d) {
    const conv_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0), *w = lf_in(g, n, 1);
    lf_where where = lf_where_node(g, n);
    if (w->shape.rank != x->shape.rank || lf_shape_count(w->shape) < 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "weights %s for an input of %s: [output channels, channels, kernel...] is needed",
                       lf_shape_text(g->arena, w->shape), lf_shape_text(g->arena, x->shape));
    lf_slide_attr slide = a->slide;
    slide.kernel = (lf_ints){w->shape.dim + 2, w->shape.rank - 2};
    LF_TRY(lf_slide_make(g, n, &slide, &d->s));
    d->group = a->group;
    d->ins = w->shape.dim[1];
    d->outs = w->shape.dim[0] / d->group;
    d->terms = d->ins * d->s.taps;
    if (d->ins * d->group == d->s.channels && d->outs * d->group == w->shape.dim[0])
        return LF_OK;
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "weights %s and group=%lld do not fit an input of %lld channels",
                   lf_shape_text(g->arena, w->shape), (long long)d->group, (long long)d->s.channels);
}

/* -- grid and ranges ------------------------------------------------------------------------------------------------------ */

static bool set_grid(lf_graph *g, lf_tensor *y, const lf_tensor *x, const lf_tensor *w, const dims *d) {
    bool ins = x->grid.scale_count > 1, outs = w->grid.scale_count > 1;
    if ((ins && (d->ins != 1 || x->grid.axis != lf_channel_axis(d->s.layout, x->shape.rank))) ||
        (outs && w->grid.axis != 0))
        return false;
    int64_t count = ins || outs ? w->shape.dim[0] : 1;
    double *s = LF_NEW_ARRAY(g->arena, double, count);
    for (int64_t c = 0; c < count; c++)
        s[c] = x->grid.scale[ins ? c / d->outs : 0] * w->grid.scale[outs ? c : 0];
    return lf_set_grid(g, y, s, count, lf_channel_axis(d->s.layout, y->shape.rank));
}

static lf_range x_range(const lf_tensor *x, const dims *d, int64_t channel) {
    bool per_channel = x->channel_range && x->range_axis == lf_channel_axis(d->s.layout, x->shape.rank);
    lf_range r = per_channel ? x->channel_range[channel] : x->range;
    return d->s.padded ? lf_range_join(r, (lf_range){0, 0, 1}) : r;
}

/* The range of output channel `oc`; false when a partial sum could leave 62 bits. */
static bool sum_range(const lf_tensor *x, const lf_tensor *w, const dims *d, int64_t oc, lf_range *out) {
    double bound = 0;
    *out = (lf_range){0, 0, 0};
    for (int64_t t = 0; t < d->terms; t++) {
        int64_t v = lf_tensor_code(w, (size_t)(oc * d->terms + t));
        lf_range r = x_range(x, d, oc / d->outs * d->ins + t / d->s.taps);
        double lo = fabs((double)r.lo), hi = fabs((double)r.hi);
        bound += fabs((double)v) * (lo > hi ? lo : hi);
        if (bound > 4.6e18)
            return false;
        out->lo += v > 0 ? v * r.lo : v * r.hi;
        out->hi += v > 0 ? v * r.hi : v * r.lo;
        if (v && r.lo < r.hi && out->step != 1)
            out->step = (int64_t)lf_gcd((uint64_t)llabs(v) * (uint64_t)r.step, (uint64_t)out->step);
    }
    out->step = out->step ? out->step : 1;
    return true;
}

static lf_status infer_codes(lf_graph *g, lf_node *n, lf_tensor *y, const dims *d) {
    int64_t channels = d->outs * d->group;
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, channels);
    lf_where where = lf_where_node(g, n);
    for (int64_t c = 0; c < channels; c++)
        if (!sum_range(lf_in(g, n, 0), lf_in(g, n, 1), d, c, &r[c]))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "sums of conv could leave +-2^62, the largest integers here");
    y->channel_range = NULL;
    y->range_axis = 0;
    lf_set_channel_ranges(y, r, channels, lf_channel_axis(d->s.layout, y->shape.rank));
    y->dtype = lf_dtype_for(y->range, false);
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0), *w = lf_in(g, n, 1);
    lf_tensor *y = lf_out(g, n, 0);
    dims d;
    LF_TRY(dims_of(g, n, &d));
    lf_shape shape = lf_slide_shape(&d.s, d.outs * d.group);
    LF_TRY(lf_need_size(g, n, shape));
    if (w->value)
        LF_TRY(lf_need_finite(g, n, 1, "weight", false));
    lf_set_real(g, n, y, shape);
    if (w->value && !x->value && lf_on_grid(x) && lf_on_grid(w) && set_grid(g, y, x, w, &d))
        return infer_codes(g, n, y, &d);
    return LF_OK;
}

/* -- execution ------------------------------------------------------------------------------------------------------------- */

static void *rows(lf_arena *a, const lf_tensor *w) {
    return lf_weights_rows(a, w, lf_shape_count(w->shape) / w->shape.dim[0], w->shape.dim[0]);
}

/* One window of one group, in the order of the weights. */
static void gather(const dims *d, const int64_t *x, int64_t image, int64_t group, const int64_t *pixel, int64_t *to) {
    for (int64_t c = 0; c < d->ins; c++)
        for (int64_t t = 0; t < d->s.taps; t++)
            to[c * d->s.taps + t] =
                pixel[t] < 0
                    ? 0
                    : x[lf_slide_element(d->s.layout, d->s.channels, d->s.pixels, image, group * d->ins + c, pixel[t])];
}

static void exec_codes(lf_run *run, const dims *d, const lf_value *in, lf_value *out) {
    lf_weights w = *(const lf_weights *)lf_memo_get(run, rows, in[1].tensor);
    int64_t *pixel = LF_NEW_ARRAY(run->scratch, int64_t, d->s.taps), *x = LF_NEW_ARRAY(run->scratch, int64_t, d->terms);
    int64_t *y = LF_NEW_ARRAY(run->scratch, int64_t, d->outs);
    lf_range range = d->s.padded ? lf_range_join(in[0].tensor->range, (lf_range){0, 0, 1}) : in[0].tensor->range;
    w.n = d->outs;
    for (int64_t image = 0; image < d->s.images; image++)
        for (int64_t p = 0; p < d->s.positions; p++) {
            lf_slide_window(&d->s, p, pixel);
            for (int64_t g = 0; g < d->group; g++) {
                gather(d, in[0].code, image, g, pixel, x);
                lf_weights_dot(run->scratch, &w, g * d->outs * d->terms, x, range, y);
                for (int64_t o = 0; o < d->outs; o++)
                    out->code[lf_slide_element(d->s.layout, d->outs * d->group, d->s.positions, image, g * d->outs + o,
                                               p)] = y[o];
            }
        }
}

static double dot_reals(const dims *d, const double *x, const double *w, int64_t image, int64_t oc,
                        const int64_t *pixel) {
    double sum = 0;
    for (int64_t c = 0; c < d->ins; c++)
        for (int64_t t = 0; t < d->s.taps; t++)
            if (pixel[t] >= 0)
                sum += x[lf_slide_element(d->s.layout, d->s.channels, d->s.pixels, image, oc / d->outs * d->ins + c,
                                          pixel[t])] *
                       w[oc * d->terms + c * d->s.taps + t];
    return sum;
}

static void *reals(lf_arena *a, const lf_tensor *w) {
    double *v = LF_NEW_ARRAY(a, double, w->value->count);
    for (size_t i = 0; i < w->value->count; i++)
        v[i] = lf_tensor_real(w, i);
    return v;
}

static void exec_reals(lf_run *run, const dims *d, const lf_value *in, lf_value *out) {
    const double *x = lf_value_reals(run, &in[0]);
    const double *w = in[1].tensor->value ? lf_memo_get(run, reals, in[1].tensor) : lf_value_reals(run, &in[1]);
    int64_t *pixel = LF_NEW_ARRAY(run->scratch, int64_t, d->s.taps), channels = d->outs * d->group;
    for (int64_t image = 0; image < d->s.images; image++)
        for (int64_t p = 0; p < d->s.positions; p++) {
            lf_slide_window(&d->s, p, pixel);
            for (int64_t oc = 0; oc < channels; oc++)
                out->real[lf_slide_element(d->s.layout, channels, d->s.positions, image, oc, p)] =
                    dot_reals(d, x, w, image, oc, pixel);
        }
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    dims d;
    LF_TRY(dims_of(run->graph, n, &d));
    if (out->code)
        exec_codes(run, &d, in, out);
    else
        exec_reals(run, &d, in, out);
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    LF_SLIDE_ATTRS(conv_attr, "not used: the weights' shape says it"),
    {"group", LF_ATTR_INT, offsetof(conv_attr, group), "1", NULL, 1, 1 << 24, "groups of channels that do not meet"},
    {0}};

const lf_op lf_op_conv = {
    .name = "conv",
    .help = "convolution in 1 to 3 dimensions (ONNX Conv without bias)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(conv_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .relayout = lf_slide_relayout,
};
