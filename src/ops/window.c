/* Sliding window: every position of a kernel over a picture, one vector each.
 *   in 0   x  codes [1, H, W, C] or [1, L, C]
 *   out 0  y  codes [1, OH, OW, KH*KW*C] or [1, OL, K*C]; outside of x stands pad_code
 *   y[oy][ox] = x[oy*strides[0] - top + i*dilations[0]][ox*strides[1] - left + j*dilations[1]], its elements in the order
 *   (C / interleave, KH, KW, interleave), with order=columns (C / interleave, KW, KH, interleave); OH = (H + top + bottom - (KH - 1)*dilations[0] - 1) / strides[0] + 1.
 *   A beat is SIMD elements: some channels of a pixel, or with order=columns a whole column, KH pixels of `interleave` channels;
 *   then a beat of x is `interleave` elements.
 *   II = OH*OW*KH*KW*C / SIMD cycles per frame, or the beats of x if these are more.
 *   With style=parallel a beat of y is a whole window, and a beat of x a pixel: II = OH * ((OW - 1)*strides[1] + (KW - 1)*dilations[1] + 1). The
 *   pass `fold` makes such a window two units, a window of columns and `columns`.
 *   Source: Chellapilla et al., High performance convolutional neural networks, 2006 (im2col); walk.h for the hardware. */
#include "ops/window.h"

#include <inttypes.h>

#include "ops/branch.h"
#include "ops/elementwise.h"
#include "ops/stream.h"
#include "ops/walk.h"

static const char *const style_names[] = {"auto", "serial", "parallel", NULL};
static const char *const order_names[] = {"rows", "columns", NULL};

static const lf_attr_desc attrs[] = {
    {"kernel", LF_ATTR_INTS, offsetof(lf_window_attr, kernel), NULL, NULL, 0, 0, "[rows, columns], or [length]"},
    {"strides", LF_ATTR_INTS, offsetof(lf_window_attr, strides), "[]", NULL, 0, 0, "steps between windows; []: 1"},
    {"dilations", LF_ATTR_INTS, offsetof(lf_window_attr, dilations), "[]", NULL, 0, 0,
     "steps between the elements of a window; []: 1"},
    {"pads", LF_ATTR_INTS, offsetof(lf_window_attr, pads), "[]", NULL, 0, 0,
     "[top, left, bottom, right] or [begin, end]; negative ones crop; []: none"},
    {"pad_code", LF_ATTR_INT, offsetof(lf_window_attr, pad_code), "0", NULL, 0, 0, "code that stands in the padding"},
    {"interleave", LF_ATTR_INT, offsetof(lf_window_attr, interleave), "0", NULL, 0, 1 << 24,
     "channels that stay together: elements are ordered (C/interleave, KH, KW, interleave); 0: all of them"},
    {"order", LF_ATTR_ENUM, offsetof(lf_window_attr, order), "rows", order_names, 0, 0,
     "of a window's elements: rows (KH, KW) or columns (KW, KH)"},
    {"SIMD", LF_ATTR_INT, offsetof(lf_window_attr, SIMD), "1", NULL, 1, 1 << 20,
     "elements per beat; divides interleave, or with order=columns interleave*KH: a column per clock; not looked at "
     "with style=parallel"},
    {"style", LF_ATTR_ENUM, offsetof(lf_window_attr, style), "auto", style_names, 0, 0,
     "serial: one beat per clock; parallel: one window per clock"},
    {"ram_style", LF_ATTR_ENUM, offsetof(lf_window_attr, ram_style), "auto", lf_rom_ram_names, 0, 0,
     "what holds the rows; auto: LUTs or block RAM, whichever weighs less"},
    {0},
};

/* -- geometry --------------------------------------------------------------------------------------------------------- */

static const int64_t far = (int64_t)1 << 24;

static lf_status check_lists(const lf_graph *g, const lf_node *n, int axes) {
    const lf_window_attr *a = n->attr;
    LF_TRY(lf_need_list(g, n, "kernel", a->kernel, axes, 1, far));
    LF_TRY(lf_need_list_if_any(g, n, "strides", a->strides, axes, 1, far));
    LF_TRY(lf_need_list_if_any(g, n, "dilations", a->dilations, axes, 1, far));
    return lf_need_list_if_any(g, n, "pads", a->pads, 2 * axes, -far, far);
}

static lf_status measure_axis(const lf_graph *g, const lf_node *n, lf_window *w, int i) {
    const lf_window_attr *a = n->attr;
    int axes = w->x.axes, k = i - (2 - axes); /* where the lists have this axis; -1: they do not */
    int64_t in = i ? w->x.width : w->x.height, behind = k >= 0 && a->pads.count ? a->pads.at[axes + k] : 0;
    w->kernel[i] = k >= 0 ? a->kernel.at[k] : 1;
    w->stride[i] = k >= 0 && a->strides.count ? a->strides.at[k] : 1;
    w->dilation[i] = k >= 0 && a->dilations.count ? a->dilations.at[k] : 1;
    w->before[i] = k >= 0 && a->pads.count ? a->pads.at[k] : 0;
    int64_t room = in + w->before[i] + behind - (w->kernel[i] - 1) * w->dilation[i] - 1;
    int64_t out = room < 0 ? 0 : room / w->stride[i] + 1;
    if (out < 1) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "a kernel of %" PRId64 " with dilation %" PRId64 " does not fit into %" PRId64 " + %" PRId64
                       " + %" PRId64 " %s",
                       w->kernel[i], w->dilation[i], w->before[i], in, behind, i ? "columns" : "rows");
    }
    int64_t last = (out - 1) * w->stride[i] - w->before[i] + (w->kernel[i] - 1) * w->dilation[i];
    w->padded |= w->before[i] > 0 || last >= in;
    if (i)
        w->y.width = out;
    else
        w->y.height = out;
    return LF_OK;
}

/* Columns can wait for each other in a row of registers when all channels of a pixel come at once. */
static lf_status check_parallel(const lf_graph *g, const lf_node *n, const lf_window *w) {
    lf_where where = lf_where_node(g, n);
    if (w->interleave != w->x.channels)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "style=parallel wants all channels of a pixel together: interleave=%" PRId64 ", not %" PRId64,
                       w->x.channels, w->interleave);
    if (w->kernel[0] > 1 && !w->columns)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "style=parallel wants order=columns");
    return LF_OK;
}

lf_status lf_window_make(const lf_graph *g, const lf_node *n, lf_window *w) {
    const lf_window_attr *a = n->attr;
    *w = (lf_window){0};
    LF_TRY(lf_need_picture(g, n, &w->x));
    LF_TRY(check_lists(g, n, w->x.axes));
    w->y.axes = w->x.axes;
    LF_TRY(measure_axis(g, n, w, 0));
    LF_TRY(measure_axis(g, n, w, 1));
    w->interleave = a->interleave ? a->interleave : w->x.channels;
    w->columns = a->order == LF_WINDOW_COLUMNS;
    LF_TRY(lf_need_divisor(g, n, "interleave", w->interleave, w->x.channels, "channels"));
    w->parallel = a->style == LF_WINDOW_PARALLEL;
    w->whole_columns = !w->parallel && w->columns && w->kernel[0] > 1 && a->SIMD == w->kernel[0] * w->interleave;
    if (w->parallel)
        LF_TRY(check_parallel(g, n, w));
    else if (!w->whole_columns)
        LF_TRY(lf_need_divisor(g, n, "SIMD", a->SIMD, w->interleave, "channels that stay together"));
    lf_shape taps = {.rank = 3, .dim = {w->kernel[0], w->kernel[1], w->x.channels}};
    w->y.channels = lf_shape_count(taps);
    return lf_need_size(g, n, lf_picture_shape(w->y));
}

void lf_window_split(const lf_window *w, lf_window *column, lf_columns_attr *turn) {
    *turn = (lf_columns_attr){w->kernel[1], w->stride[1], w->dilation[1]};
    *column = *w;
    column->parallel = false;
    column->columns = column->whole_columns = w->kernel[0] > 1;
    column->kernel[1] = column->stride[1] = column->dilation[1] = 1;
    column->y.width = (w->y.width - 1) * w->stride[1] + lf_columns_span(turn);
    column->y.channels = w->kernel[0] * w->x.channels;
}

/* -- infer -------------------------------------------------------------------------------------------------------------- */

/* The channel of x that element e of a window comes from. */
static int64_t channel_of(const lf_window *w, int64_t e) {
    int64_t group = w->kernel[0] * w->kernel[1] * w->interleave;
    return e / group * w->interleave + e % w->interleave;
}

static lf_range with_padding(const lf_window *w, lf_range r, int64_t pad_code) {
    return w->padded ? lf_range_join(r, (lf_range){pad_code, pad_code, 1}) : r;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_window_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_window w;
    LF_TRY(lf_window_make(g, n, &w));
    if (a->pad_code > INT32_MAX || a->pad_code < INT32_MIN) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "pad_code=%" PRId64 " has more than 32 bits", a->pad_code);
    }
    y->shape = lf_picture_shape(w.y);
    lf_range all = with_padding(&w, x->range, a->pad_code);
    lf_set_codes(g, y, all);
    if (all.lo == x->range.lo && all.hi == x->range.hi && all.step == x->range.step)
        y->dtype = x->dtype;
    lf_range *r = lf_new_last_axis_ranges(g, x, y);
    for (int64_t e = 0; r && e < w.y.channels; e++)
        r[e] = with_padding(&w, x->channel_range[channel_of(&w, e)], a->pad_code);
    return LF_OK;
}

/* -- exec --------------------------------------------------------------------------------------------------------------- */

/* One group of channels from one pixel of x, or the padding; k: the pixel's place in the window's order. */
static int64_t *copy_pixel(const lf_window *w, const int64_t *x, int64_t row, int64_t column, int64_t channel,
                           int64_t pad_code, int64_t k, int64_t *to) {
    int64_t i = w->columns ? k % w->kernel[0] : k / w->kernel[1], j = w->columns ? k / w->kernel[0] : k % w->kernel[1];
    row += i * w->dilation[0];
    column += j * w->dilation[1];
    bool inside = row >= 0 && row < w->x.height && column >= 0 && column < w->x.width;
    for (int64_t c = 0; c < w->interleave; c++)
        *to++ = inside ? x[(row * w->x.width + column) * w->x.channels + channel + c] : pad_code;
    return to;
}

static int64_t *copy_window(const lf_window *w, const int64_t *x, int64_t row, int64_t column, int64_t pad_code,
                            int64_t *to) {
    for (int64_t channel = 0; channel < w->x.channels; channel += w->interleave)
        for (int64_t k = 0; k < w->kernel[0] * w->kernel[1]; k++)
            to = copy_pixel(w, x, row, column, channel, pad_code, k, to);
    return to;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_window w;
    LF_TRY(lf_window_make(run->graph, n, &w));
    int64_t *to = out->code;
    for (int64_t oy = 0; oy < w.y.height; oy++)
        for (int64_t ox = 0; ox < w.y.width; ox++)
            to = copy_window(&w, in->code, oy * w.stride[0] - w.before[0], ox * w.stride[1] - w.before[1],
                             ((const lf_window_attr *)n->attr)->pad_code, to);
    return LF_OK;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

enum { EDGE_MOST = 64 }; /* rows or columns of padding, so that every corner of a plan can be looked at */

static lf_status check(const lf_graph *g, const lf_node *n, lf_window *w) {
    LF_TRY(lf_window_make(g, n, w));
    lf_where where = lf_where_node(g, n);
    const lf_picture x = w->x;
    for (int i = 0; i < 2; i++) {
        int64_t last =
            ((i ? w->y.width : w->y.height) - 1) * w->stride[i] - w->before[i] + (w->kernel[i] - 1) * w->dilation[i];
        int64_t behind = last - (i ? x.width : x.height) + 1, most = behind > w->before[i] ? behind : w->before[i];
        if (most > EDGE_MOST)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "%" PRId64 " %s of padding; the unit has at most %d on each side", most,
                           i ? "columns" : "rows", EDGE_MOST);
    }
    return LF_OK;
}

/* The nest: columns of the kernel, groups of channels, columns and rows of positions. */
static void plan_columns(const lf_window *w, lf_walk *out) {
    int64_t pixel = w->x.channels / w->interleave, row = w->x.width * pixel;
    *out = (lf_walk){
        .level = {{w->kernel[1], w->dilation[1] * pixel, 0, 1, w->dilation[1]},
                  {pixel, 1, 0, -1, 0},
                  {w->y.width, w->stride[1] * pixel, w->stride[1] * pixel, 1, w->stride[1]},
                  {w->y.height, w->stride[0] * row, w->stride[0] * row, 0, w->stride[0]}},
        .levels = 4,
        .words = w->x.height * row,
        .first = {-w->before[0], -w->before[1]},
        .size = {w->x.height, w->x.width},
        .row_words = row,
        .column_words = pixel,
        .below = w->kernel[0] - 1,
        .below_step = w->dilation[0],
    };
    lf_walk_plan(out);
}

/* The nest: inside a group of channels, columns and rows of the kernel, groups, columns and rows of positions. */
static void plan(const lf_window *w, int64_t simd, lf_walk *out) {
    if (w->whole_columns) {
        plan_columns(w, out);
        return;
    }
    int64_t pixel = w->x.channels / simd, row = w->x.width * pixel, group = w->interleave / simd;
    const lf_walk_level across = {w->kernel[1], w->dilation[1] * pixel, 0, 1, w->dilation[1]},
                        down = {w->kernel[0], w->dilation[0] * row, 0, 0, w->dilation[0]};
    *out = (lf_walk){
        .level = {{group, 1, 0, -1, 0},
                  w->columns ? down : across,
                  w->columns ? across : down,
                  {pixel / group, group, 0, -1, 0},
                  {w->y.width, w->stride[1] * pixel, w->stride[1] * pixel, 1, w->stride[1]},
                  {w->y.height, w->stride[0] * row, w->stride[0] * row, 0, w->stride[0]}},
        .levels = 6,
        .words = w->x.height * row,
        .first = {-w->before[0], -w->before[1]},
        .size = {w->x.height, w->x.width},
        .row_words = row,
        .column_words = pixel,
    };
    lf_walk_plan(out);
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    const lf_window_attr *a = n->attr;
    int64_t interleave = a->interleave ? a->interleave : lf_picture_of(lf_in(g, n, 0)->shape).channels;
    in[0] = out[0] = a->SIMD;
    if (a->style == LF_WINDOW_PARALLEL) {
        in[0] = interleave;
        out[0] = lf_picture_of(lf_out(g, n, 0)->shape).channels;
    } else if (a->SIMD > interleave) /* a whole column */
        in[0] = interleave;
}

static lf_walk_beat beat_of(const lf_graph *g, const lf_node *n) {
    const lf_window_attr *a = n->attr;
    int64_t in, out;
    lanes(g, n, &in, &out);
    return (lf_walk_beat){.lanes = in,
                          .in = lf_in(g, n, 0)->dtype,
                          .out = lf_out(g, n, 0)->dtype,
                          .pad_code = a->pad_code,
                          .ram = (lf_rom_ram)a->ram_style};
}

/* Of one unit. */
static lf_status say(const lf_graph *g, const lf_node *n, lf_walk *out, lf_walk_beat *beat) {
    lf_window w;
    LF_TRY(check(g, n, &w));
    if (w.parallel) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a window of style=parallel becomes two units: run the pass fold");
    }
    plan(&w, ((const lf_window_attr *)n->attr)->SIMD, out);
    *beat = beat_of(g, n);
    return LF_OK;
}

/* Of both units that it becomes. */
static void cost_parallel(const lf_window *w, const lf_walk_beat *b, lf_cost *out) {
    lf_window column;
    lf_columns_attr turn;
    lf_walk walk;
    lf_cost of_turn;
    lf_window_split(w, &column, &turn);
    plan(&column, b->lanes, &walk);
    lf_walk_cost(&walk, b, out);
    lf_columns_cost(&turn, column.y.height, column.y.width, column.y.channels * lf_dtype_bits(b->out), &of_turn);
    out->lut += of_turn.lut;
    out->ff += of_turn.ff;
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_window w;
    lf_walk walk;
    lf_walk_beat b = beat_of(g, n);
    LF_TRY(check(g, n, &w));
    if (w.parallel) {
        cost_parallel(&w, &b, out);
        return LF_OK;
    }
    plan(&w, ((const lf_window_attr *)n->attr)->SIMD, &walk);
    lf_walk_cost(&walk, &b, out);
    return LF_OK;
}

static const lf_walk_own own = {say};

const lf_op lf_op_window = {
    .name = "window",
    .help = "every position of a kernel over a picture as a vector",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_window_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = cost,
    .rtl = lf_walk_node_rtl,
    .unit = lf_walk_node_unit,
};
