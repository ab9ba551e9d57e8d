/* Largest element of every window (ONNX MaxPool, its first output).
 *   in 0   x  [N, C, axes...], or [N, axes..., C] with layout channels_last; 1 to 3 axes
 *   out 0  y  [N, C, windows...] or [N, windows..., C], on x's grid
 * Padding never wins; a window of nothing but padding is refused. Under a negative scale the largest value has the smallest code.
 * Source: ONNX MaxPool-12. */
#include "ops/elementwise.h"
#include "ops/slide.h"

typedef struct max_pool_attr {
    lf_slide_attr slide;
} max_pool_attr;

static lf_status check_windows(const lf_graph *g, const lf_node *n, const lf_slide *s) {
    lf_where where = lf_where_node(g, n);
    for (int i = 0; s->padded && i < s->axes; i++)
        for (int64_t k = 0; k < s->out[i]; k++)
            if (lf_slide_inside(s, i, k, 0, s->in[i]) == 0)
                return lf_fail(g->ctx, LF_BAD_INPUT, &where, "window %lld along axis %d holds nothing but padding",
                               (long long)k, i);
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const max_pool_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_slide s;
    lf_shape shape;
    LF_TRY(lf_slide_channels(g, n, &a->slide, &s, &shape));
    LF_TRY(check_windows(g, n, &s));
    lf_set_real(g, n, y, shape);
    int axis = lf_channel_axis(s.layout, x->shape.rank);
    if (!lf_on_grid(x) || (x->grid.scale_count > 1 && x->grid.axis != axis))
        return LF_OK;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    if (y->channel_range && x->range_axis != axis)
        y->channel_range = NULL;
    return LF_OK;
}

static double best(const double *x, const lf_slide *s, int64_t image, int64_t c, const int64_t *pixel) {
    double most = 0;
    bool any = false;
    for (int64_t t = 0; t < s->taps; t++) {
        if (pixel[t] < 0)
            continue;
        double v = x[lf_slide_element(s->layout, s->channels, s->pixels, image, c, pixel[t])];
        most = !any || v > most ? v : most;
        any = true;
    }
    return most;
}

static int64_t best_code(const lf_value *x, const lf_slide *s, int64_t image, int64_t c, const int64_t *pixel) {
    int64_t most = 0;
    bool any = false;
    for (int64_t t = 0; t < s->taps; t++) {
        if (pixel[t] < 0)
            continue;
        size_t e = lf_slide_element(s->layout, s->channels, s->pixels, image, c, pixel[t]);
        bool above = lf_grid_scale(x->tensor, e) < 0 ? x->code[e] < most : x->code[e] > most;
        most = !any || above ? x->code[e] : most;
        any = true;
    }
    return most;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const max_pool_attr *a = n->attr;
    lf_slide s;
    LF_TRY(lf_slide_make(run->graph, n, &a->slide, &s));
    int64_t *pixel = LF_NEW_ARRAY(run->scratch, int64_t, s.taps);
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (int64_t p = 0; p < s.positions; p++) {
        lf_slide_window(&s, p, pixel);
        for (int64_t image = 0; image < s.images; image++)
            for (int64_t c = 0; c < s.channels; c++) {
                size_t e = lf_slide_element(s.layout, s.channels, s.positions, image, c, p);
                if (x)
                    out->real[e] = best(x, &s, image, c, pixel);
                else
                    out->code[e] = best_code(in, &s, image, c, pixel);
            }
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {LF_SLIDE_ATTRS(max_pool_attr, "size of a window"),
                                     {"ceil_mode", LF_ATTR_BOOL, offsetof(max_pool_attr, slide.ceil_mode), "false",
                                      NULL, 0, 0,
                                      "a last window that does not fit whole counts, too, when it begins inside"},
                                     {0}};

const lf_op lf_op_max_pool = {
    .name = "max_pool",
    .help = "largest element of every window (ONNX MaxPool)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(max_pool_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .relayout = lf_slide_relayout,
};
