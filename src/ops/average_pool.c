/* Mean of every window (ONNX AveragePool; GlobalAveragePool is one window of all pixels).
 *   in 0   x  [N, C, axes...], or [N, axes..., C] with layout channels_last; 1 to 3 axes
 *   out 0  y  [N, C, windows...] or [N, windows..., C]
 * On the grid when x is and every window divides by the same count: the codes are sums, the scale is x's scale / count, one division.
 * Otherwise real: the sum in ascending order of the window, then one division. The count is the number of elements inside the picture,
 * with count_include_pad inside the picture and its padding (but not beyond, where ceil_mode goes).      Source: ONNX AveragePool-19. */
#include "ops/elementwise.h"
#include "ops/slide.h"

typedef struct average_pool_attr {
    lf_slide_attr slide;
    bool count_include_pad;
} average_pool_attr;

/* What window number `window` along axis i divides by: elements inside the picture, or inside it and its declared padding. */
static int64_t axis_terms(const lf_slide *s, const average_pool_attr *a, int i, int64_t window) {
    if (!a->count_include_pad)
        return lf_slide_inside(s, i, window, 0, s->in[i]);
    int64_t behind = a->slide.pads.count ? a->slide.pads.at[s->axes + i] : 0;
    return lf_slide_inside(s, i, window, -s->begin[i], s->in[i] + behind);
}

static int64_t terms_of(const lf_slide *s, const average_pool_attr *a, int64_t position) {
    int64_t count = 1;
    for (int i = s->axes - 1; i >= 0; position /= s->out[i--])
        count *= axis_terms(s, a, i, position % s->out[i]);
    return count;
}

/* The count all windows share, 0 when they differ; -1 when a window has none. */
static int64_t common_count(const lf_slide *s, const average_pool_attr *a) {
    int64_t common = terms_of(s, a, 0);
    for (int i = 0; s->padded && i < s->axes; i++)
        for (int64_t k = 0; k < s->out[i]; k++) {
            int64_t count = axis_terms(s, a, i, k);
            if (count == 0)
                return -1;
            common = count == axis_terms(s, a, i, 0) ? common : 0;
        }
    return common;
}

static bool set_codes(lf_graph *g, lf_tensor *y, const lf_tensor *x, const lf_slide *s, int64_t count) {
    int axis = lf_channel_axis(s->layout, x->shape.rank);
    if (!lf_on_grid(x) || (x->grid.scale_count > 1 && x->grid.axis != axis))
        return false;
    double *scale = LF_NEW_ARRAY(g->arena, double, x->grid.scale_count);
    for (int64_t c = 0; c < x->grid.scale_count; c++)
        scale[c] = x->grid.scale[c] / (double)count;
    if (!lf_set_grid(g, y, scale, x->grid.scale_count, axis))
        return false;
    bool per_channel = x->channel_range && x->range_axis == axis;
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, s->channels);
    for (int64_t c = 0; c < s->channels; c++) {
        lf_range one = per_channel ? x->channel_range[c] : x->range;
        one = s->padded ? lf_range_join(one, (lf_range){0, 0, 1}) : one;
        r[c] = (lf_range){one.lo * s->taps, one.hi * s->taps, one.step};
    }
    y->channel_range = NULL;
    lf_set_channel_ranges(y, r, s->channels, axis);
    y->dtype = lf_dtype_for(y->range, false);
    return true;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const average_pool_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_slide s;
    lf_shape shape;
    LF_TRY(lf_slide_channels(g, n, &a->slide, &s, &shape));
    lf_set_real(g, n, y, shape);
    int64_t count = common_count(&s, a);
    lf_where where = lf_where_node(g, n);
    if (count < 0)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a window holds nothing but padding");
    if (lf_on_grid(x) && (x->range.lo < -(LF_CODE_MAX / s.taps) || x->range.hi > LF_CODE_MAX / s.taps))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "sums of average_pool could leave +-2^62, the largest integers here");
    if (count > 0)
        (void)set_codes(g, y, x, &s, count);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const average_pool_attr *a = n->attr;
    lf_slide s;
    LF_TRY(lf_slide_make(run->graph, n, &a->slide, &s));
    int64_t *pixel = LF_NEW_ARRAY(run->scratch, int64_t, s.taps);
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (int64_t i = 0; i < s.images * s.positions * s.channels; i++) {
        int64_t p = i / s.channels % s.positions, c = i % s.channels, image = i / s.channels / s.positions, sum = 0;
        lf_slide_window(&s, p, pixel);
        double real = 0;
        for (int64_t t = 0; t < s.taps; t++) {
            if (pixel[t] < 0)
                continue;
            size_t e = lf_slide_element(s.layout, s.channels, s.pixels, image, c, pixel[t]);
            if (x)
                real += x[e];
            else
                sum += in->code[e];
        }
        size_t to = lf_slide_element(s.layout, s.channels, s.positions, image, c, p);
        if (x)
            out->real[to] = real / (double)terms_of(&s, a, p);
        else
            out->code[to] = sum;
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {LF_SLIDE_ATTRS(average_pool_attr, "size of a window"),
                                     {"ceil_mode", LF_ATTR_BOOL, offsetof(average_pool_attr, slide.ceil_mode), "false",
                                      NULL, 0, 0,
                                      "a last window that does not fit whole counts, too, when it begins inside"},
                                     {"count_include_pad", LF_ATTR_BOOL, offsetof(average_pool_attr, count_include_pad),
                                      "false", NULL, 0, 0, "padding counts as elements of value 0"},
                                     {0}};

const lf_op lf_op_average_pool = {
    .name = "average_pool",
    .help = "mean of every window (ONNX AveragePool, GlobalAveragePool)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(average_pool_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .relayout = lf_slide_relayout,
};
