#include "ops/slide.h"

#include <inttypes.h>

#include "ops/elementwise.h"

const char *const lf_layout_names[] = {"channels_first", "channels_last", NULL};

int lf_channel_axis(int layout, int rank) {
    return layout == LF_CHANNELS_LAST || rank < 2 ? rank - 1 : 1;
}

/* -- attributes ------------------------------------------------------------------------------------------------------- */

enum { MOST = 1 << 24 }; /* of any entry */

static lf_status check(const lf_graph *g, const lf_node *n, const lf_slide_attr *a, int axes) {
    LF_TRY(lf_need_list(g, n, "kernel", a->kernel, axes, 1, MOST));
    LF_TRY(lf_need_list_if_any(g, n, "strides", a->strides, axes, 1, MOST));
    LF_TRY(lf_need_list_if_any(g, n, "dilations", a->dilations, axes, 1, MOST));
    return lf_need_list_if_any(g, n, "pads", a->pads, 2 * axes, 0, MOST);
}

static int64_t entry(lf_ints list, int i, int64_t otherwise) {
    return list.count ? list.at[i] : otherwise;
}

/* -- geometry --------------------------------------------------------------------------------------------------------- */

/* Windows along one axis; 0 when not one fits. */
static int64_t windows(const lf_slide *s, int i, int64_t padded, bool ceil_mode) {
    int64_t room = padded - (s->dilation[i] * (s->kernel[i] - 1) + 1);
    if (room < 0)
        return 0;
    int64_t count = room / s->stride[i] + 1;
    bool more = ceil_mode && room % s->stride[i] && count * s->stride[i] < s->in[i] + s->begin[i];
    return count + more;
}

static lf_status measure(const lf_graph *g, const lf_node *n, const lf_slide_attr *a, lf_slide *s) {
    lf_where where = lf_where_node(g, n);
    for (int i = 0; i < s->axes; i++) {
        int64_t end = entry(a->pads, s->axes + i, 0);
        s->kernel[i] = a->kernel.at[i];
        s->stride[i] = entry(a->strides, i, 1);
        s->dilation[i] = entry(a->dilations, i, 1);
        s->begin[i] = entry(a->pads, i, 0);
        s->out[i] = windows(s, i, s->in[i] + s->begin[i] + end, a->ceil_mode);
        if (s->out[i] < 1)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "a kernel of %" PRId64 " with dilation %" PRId64 " does not fit into the %" PRId64
                           " + %" PRId64 " + %" PRId64 " pixels of axis %d",
                           s->kernel[i], s->dilation[i], s->begin[i], s->in[i], end, i);
        s->positions *= s->out[i];
        s->taps *= s->kernel[i];
        s->pixels *= s->in[i];
        int64_t last = (s->out[i] - 1) * s->stride[i] - s->begin[i] + (s->kernel[i] - 1) * s->dilation[i];
        s->padded |= s->begin[i] > 0 || last >= s->in[i];
    }
    return LF_OK;
}

lf_status lf_slide_make(const lf_graph *g, const lf_node *n, const lf_slide_attr *a, lf_slide *out) {
    const lf_tensor *x = lf_in(g, n, 0);
    int rank = x->shape.rank, axes = rank - 2;
    lf_where where = lf_where_node(g, n);
    if (axes < 1 || axes > LF_SLIDE_AXES)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "%s has the shape %s; a batch, channels and 1 to 3 axes are needed", x->name,
                       lf_shape_text(g->arena, x->shape));
    LF_TRY(check(g, n, a, axes));
    *out = (lf_slide){
        .axes = axes, .layout = a->layout, .images = x->shape.dim[0], .positions = 1, .taps = 1, .pixels = 1};
    int channels = lf_channel_axis(a->layout, rank);
    out->channels = x->shape.dim[channels];
    for (int i = 0; i < axes; i++)
        out->in[i] = x->shape.dim[(channels == 1 ? 2 : 1) + i];
    if (lf_shape_count(x->shape) < 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s has no elements", x->name);
    return measure(g, n, a, out);
}

lf_shape lf_slide_shape(const lf_slide *s, int64_t channels) {
    lf_shape y = {.rank = s->axes + 2, .dim = {s->images}};
    int at = lf_channel_axis(s->layout, y.rank);
    y.dim[at] = channels;
    for (int i = 0; i < s->axes; i++)
        y.dim[(at == 1 ? 2 : 1) + i] = s->out[i];
    return y;
}

lf_status lf_slide_channels(const lf_graph *g, const lf_node *n, const lf_slide_attr *a, lf_slide *out,
                            lf_shape *shape) {
    LF_TRY(lf_slide_make(g, n, a, out));
    *shape = lf_slide_shape(out, out->channels);
    return lf_need_size(g, n, *shape);
}

void lf_slide_window(const lf_slide *s, int64_t position, int64_t *pixel) {
    int64_t origin[LF_SLIDE_AXES] = {0}, tap[LF_SLIDE_AXES] = {0};
    for (int i = s->axes - 1; i >= 0; i--) {
        origin[i] = position % s->out[i] * s->stride[i] - s->begin[i];
        position /= s->out[i];
    }
    for (int64_t t = 0; t < s->taps; t++) {
        int64_t at = 0;
        for (int i = 0; i < s->axes; i++) {
            int64_t p = origin[i] + tap[i] * s->dilation[i];
            at = at < 0 || p < 0 || p >= s->in[i] ? -1 : at * s->in[i] + p;
        }
        pixel[t] = at;
        for (int i = s->axes - 1; i >= 0 && ++tap[i] == s->kernel[i]; i--)
            tap[i] = 0;
    }
}

static int64_t steps_to(int64_t distance, int64_t step) {
    return distance <= 0 ? 0 : (distance + step - 1) / step;
}

int64_t lf_slide_inside(const lf_slide *s, int i, int64_t window, int64_t from, int64_t to) {
    int64_t origin = window * s->stride[i] - s->begin[i], first = steps_to(from - origin, s->dilation[i]),
            end = steps_to(to - origin, s->dilation[i]);
    end = end < s->kernel[i] ? end : s->kernel[i];
    return first < end ? end - first : 0;
}

bool lf_slide_relayout(lf_graph *g, lf_node *n) {
    (void)g;
    lf_slide_attr *a = n->attr;
    if (a->layout == LF_CHANNELS_LAST)
        return false;
    a->layout = LF_CHANNELS_LAST;
    return true;
}
