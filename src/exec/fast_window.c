/* Windows that their reader collects for itself, some at a time: the matrix of all windows, many times as large as the picture, is
 * never stored.
 *
 * Whatever the window's order, pixels are collected row by row: products have their weights' columns in that order.
 *
 * A window's row of pixels is one run of bytes where pixels lie without gaps, and is copied in steps of 16 bytes that may overshoot:
 * what they spoil is written next, or means nothing. */
#include "exec/fast_plan.h"

#include <string.h>

#include "ir/attr_access.h"
#include "ops/branch.h"
#include "ops/window.h"

struct lf_gather {
    lf_window w;
    size_t positions;                  /* of a picture */
    size_t offset;                     /* of the first channel in a pixel */
    size_t picture, line, pixel, size; /* bytes from one to the next; bytes of a pixel that count */
    bool runs;                         /* pixels of a window's row lie side by side */
    uint8_t *pad;                      /* one pixel of padding */
};

/* -- which windows ------------------------------------------------------------------------------------------------------------ */

static const lf_node *producer(const lf_graph *g, lf_id t) {
    return lf_node_at(g, lf_tensor_at(g, t)->producer);
}

/* The reader's order of elements must be the window's: whole pixels for products, lanes for what works channel by channel. */
static bool same_order(const lf_graph *g, const lf_window *w, const lf_node *n) {
    if (!strcmp(n->op->name, "mvu"))
        return w->interleave * lf_attr_int(n, "groups") == w->x.channels &&
               lf_last_dim(lf_in(g, n, 0)->shape) * lf_attr_int(n, "groups") == w->y.channels;
    bool channelwise = !strcmp(n->op->name, "pool") || !strcmp(n->op->name, "vvu");
    return channelwise && lf_attr_int(n, "PE") == w->interleave && lf_last_dim(lf_in(g, n, 0)->shape) == w->y.channels;
}

const lf_node *lf_window_before(const lf_plan *p, const lf_node *n) {
    const lf_graph *g = p->graph;
    lf_window w;
    lf_id t = n->in_count > 0 ? n->in[0] : 0;
    const lf_node *from = t ? producer(g, t) : NULL;
    while (from != NULL && p->only[t] && p->root[t] != t && from->in[0]) { /* the same elements in another shape */
        t = from->in[0];
        from = producer(g, t);
    }
    if (from == NULL || strcmp(from->op->name, "window") != 0 || !p->only[t] || lf_in(g, from, 0)->value ||
        lf_window_make(g, from, &w) != LF_OK)
        return NULL;
    return same_order(g, &w, n) ? from : NULL;
}

bool lf_window_holds(const lf_plan *p, const lf_node *window, lf_form form) {
    lf_window w;
    lf_range x = lf_plan_tensor(p, p->root[window->in[0]])->range;
    int64_t pad = lf_attr_int(window, "pad_code");
    if (lf_window_make(p->graph, window, &w) != LF_OK || !lf_form_holds(x, form))
        return false;
    int64_t stored = pad - lf_form_shift(x, form);
    return !w.padded || (form == LF_FORM_BITS  ? pad == x.lo || pad == x.hi
                         : form == LF_FORM_U8  ? stored >= 0 && stored <= UINT8_MAX
                         : form == LF_FORM_S16 ? stored >= INT16_MIN && stored <= INT16_MAX
                                               : true);
}

/* -- collecting ---------------------------------------------------------------------------------------------------------------- */

/* 16 bytes at a time, up to 15 too many. */
static inline uint8_t *copy(uint8_t *to, const uint8_t *from, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 16)
        memcpy(to + i, from + i, 16);
    return to + bytes;
}

/* What lies `row` and `column` pixels from the first one of a picture. */
static inline const uint8_t *pixel_at(const lf_gather *g, const uint8_t *picture, int64_t row, int64_t column) {
    bool inside = row >= 0 && row < g->w.x.height && column >= 0 && column < g->w.x.width;
    return inside ? picture + (size_t)row * g->line + (size_t)column * g->pixel : g->pad;
}

static void collect(const lf_gather *g, const uint8_t *picture, int64_t row, int64_t column, uint8_t *to) {
    const lf_window *w = &g->w;
    for (int64_t i = 0; i < w->kernel[0]; i++)
        for (int64_t j = 0; j < w->kernel[1]; j++)
            to = copy(to, pixel_at(g, picture, row + i * w->dilation[0], column + j * w->dilation[1]), g->size);
}

static inline void collect_runs(const lf_gather *g, const uint8_t *from, uint8_t *to) {
    size_t run = (size_t)g->w.kernel[1] * g->size, next = (size_t)g->w.dilation[0] * g->line;
    for (int64_t i = 0; i < g->w.kernel[0]; i++, from += next)
        to = copy(to, from, run);
}

static bool is_inside(const lf_window *w, int64_t row, int64_t column) {
    return row >= 0 && column >= 0 && row + (w->kernel[0] - 1) * w->dilation[0] < w->x.height &&
           column + (w->kernel[1] - 1) * w->dilation[1] < w->x.width;
}

void lf_gather_run(const lf_gather *g, const uint8_t *pictures, size_t first, size_t count, uint8_t *to,
                   size_t stride) {
    const lf_window *w = &g->w;
    int64_t at = (int64_t)(first % g->positions), oy = at / w->y.width, ox = at % w->y.width;
    pictures += first / g->positions * g->picture + g->offset;
    for (; count > 0; count--, to += stride) {
        int64_t row = oy * w->stride[0] - w->before[0], column = ox * w->stride[1] - w->before[1];
        if (g->runs && is_inside(w, row, column))
            collect_runs(g, pictures + (size_t)row * g->line + (size_t)column * g->pixel, to);
        else
            collect(g, pictures, row, column, to);
        ox = ox + 1 < w->y.width ? ox + 1 : 0;
        oy += ox == 0;
        if (oy == w->y.height) {
            oy = 0;
            pictures += g->picture;
        }
    }
}

void lf_gather_taps(const lf_gather *g, const uint8_t *pictures, size_t position, const void **tap) {
    const lf_window *w = &g->w;
    const uint8_t *picture = pictures + position / g->positions * g->picture + g->offset;
    int64_t at = (int64_t)(position % g->positions), row = at / w->y.width * w->stride[0] - w->before[0],
            column = at % w->y.width * w->stride[1] - w->before[1];
    int64_t down = w->columns ? 1 : w->kernel[1], across = w->columns ? w->kernel[0] : 1; /* from one tap to the next */
    for (int64_t i = 0; i < w->kernel[0]; i++)
        for (int64_t j = 0; j < w->kernel[1]; j++)
            tap[i * down + j * across] = pixel_at(g, picture, row + i * w->dilation[0], column + j * w->dilation[1]);
}

/* -- making ------------------------------------------------------------------------------------------------------------------------ */

size_t lf_gather_bytes(const lf_gather *g) {
    return (size_t)(g->w.kernel[0] * g->w.kernel[1]) * g->size;
}

static uint8_t *make_padding(lf_plan *p, int64_t pad_code, const lf_slot *s, size_t channels) {
    lf_slot pixel = {.form = s->form, .vec = channels, .vecs = 1, .stride = lf_vector_bytes(s->form, channels)};
    uint8_t *pad = LF_NEW_ARRAY(p->arena, uint8_t, pixel.stride + 64); /* may be read further */
    int64_t *code = LF_NEW_ARRAY(p->building, int64_t, channels);
    for (size_t c = 0; c < channels; c++)
        code[c] = pad_code;
    lf_put_vector(&pixel, pad, lf_plan_tensor(p, s->root)->range, code);
    return pad;
}

lf_gather *lf_gather_of(lf_plan *p, const lf_window *w, int64_t pad_code, lf_view x) {
    lf_gather *g = LF_NEW(p->arena, lf_gather);
    *g = (lf_gather){.w = *w,
                     .positions = (size_t)lf_picture_pixels(w->y),
                     .picture = x.slot->stride * x.slot->vecs,
                     .pixel = x.stride,
                     .line = (size_t)w->x.width * x.stride,
                     .size = x.slot->form == LF_FORM_BITS ? lf_bit_words(x.length) * 8
                                                          : x.length * lf_form_bytes(x.slot->form),
                     .pad = make_padding(p, pad_code, x.slot, x.length)};
    g->runs = w->dilation[1] == 1 && g->pixel == g->size;
    return g;
}

const lf_gather *lf_gather_new(lf_plan *p, const lf_node *window, lf_view x, size_t group, size_t groups) {
    lf_window w;
    if (lf_window_make(p->graph, window, &w) != LF_OK)
        return NULL;
    x.length /= groups;
    lf_gather *g = lf_gather_of(p, &w, lf_attr_int(window, "pad_code"), x);
    g->offset = group * g->size;
    return g;
}
