/* Crop, pad and subsample in space.
 *   in 0   x  codes [1, H, W, C] or [1, L, C]
 *   out 0  y  codes [1, OH, OW, C]: y[oy][ox] = x[oy * steps[0] - top][ox * steps[1] - left], pad_code outside of x;
 *             OH = (H + top + bottom - 1) / steps[0] + 1
 *   pads: [top, left, bottom, right], or [begin, end] of L; negative ones crop.
 *   SIMD elements per beat. The unit walks over every position of x and of the padded frame: II = rows * columns of both together
 *   * C / SIMD. */
#include <inttypes.h>
#include <stdio.h>

#include "ops/branch.h"
#include "ops/elementwise.h"

enum { MOST_AXES = 2 };
/* Pads and steps of files that no memory holds are refused beyond this. */
static const int64_t far = (int64_t)1 << 29;

typedef struct lf_frame_attr {
    lf_ints pads, steps;
    int64_t pad_code, SIMD;
} lf_frame_attr;

static const lf_attr_desc attrs[] = {
    {"pads", LF_ATTR_INTS, offsetof(lf_frame_attr, pads), "[]", NULL, 0, 0,
     "[top, left, bottom, right] or [begin, end]; negative ones crop; []: none"},
    {"steps", LF_ATTR_INTS, offsetof(lf_frame_attr, steps), "[]", NULL, 0, 0,
     "every how many rows and columns are kept; []: all"},
    {"pad_code", LF_ATTR_INT, offsetof(lf_frame_attr, pad_code), "0", NULL, 0, 0, "code written into padding"},
    {"SIMD", LF_ATTR_INT, offsetof(lf_frame_attr, SIMD), "1", NULL, 1, 1 << 20,
     "elements per clock; divides the channels"},
    {0},
};

/* One axis of space: its length before and behind, where output 0 lies. */
typedef struct axis {
    int64_t in, out, before, step;
} axis;

static int axes_of(lf_shape s) {
    return s.rank - 2;
}

static axis axis_of(const lf_frame_attr *a, lf_shape s, int k) {
    int axes = axes_of(s);
    axis x = {
        .in = s.dim[1 + k], .before = a->pads.count ? a->pads.at[k] : 0, .step = a->steps.count ? a->steps.at[k] : 1};
    int64_t length = x.in + x.before + (a->pads.count ? a->pads.at[axes + k] : 0);
    x.out = length < 1 ? 0 : (length - 1) / x.step + 1;
    return x;
}

/* Whether an output lies outside of x. */
static bool pads(axis x) {
    return x.before > 0 || (x.out - 1) * x.step - x.before >= x.in;
}

static lf_status check(const lf_graph *g, const lf_node *n) {
    const lf_frame_attr *a = n->attr;
    LF_TRY(lf_need_streams(g, n));
    lf_shape s = lf_in(g, n, 0)->shape;
    lf_where where = lf_where_node(g, n);
    if (axes_of(s) < 1 || axes_of(s) > MOST_AXES || s.dim[0] != 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "frame works on [1, H, W, C] or [1, L, C], not on %s",
                       lf_shape_text(g->arena, s));
    LF_TRY(lf_need_size(g, n, s));
    LF_TRY(lf_need_list_if_any(g, n, "pads", a->pads, 2 * axes_of(s), -far, far));
    LF_TRY(lf_need_list_if_any(g, n, "steps", a->steps, axes_of(s), 1, far));
    return lf_need_divisor(g, n, "SIMD", a->SIMD, lf_last_dim(s), "channels");
}

static void infer_ranges(lf_graph *g, lf_tensor *y, const lf_tensor *x, bool padded, int64_t pad_code) {
    lf_range pad = {pad_code, pad_code, 1};
    int64_t channels = lf_last_dim(x->shape);
    lf_set_codes(g, y, padded ? lf_range_join(x->range, pad) : x->range);
    if (!lf_has_last_axis_ranges(x))
        return;
    lf_range *range = LF_NEW_ARRAY(g->arena, lf_range, channels);
    for (int64_t c = 0; c < channels; c++)
        range[c] = padded ? lf_range_join(x->channel_range[c], pad) : x->channel_range[c];
    lf_set_channel_ranges(y, range, channels, x->range_axis);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_frame_attr *a = n->attr;
    LF_TRY(check(g, n));
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape s = x->shape;
    bool padded = false;
    for (int k = 0; k < axes_of(s); k++) {
        axis at = axis_of(a, x->shape, k);
        if (at.out < 1) {
            lf_where where = lf_where_node(g, n);
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "pads leave nothing of axis %d of %s", 1 + k,
                           lf_shape_text(g->arena, x->shape));
        }
        s.dim[1 + k] = at.out;
        padded |= pads(at);
    }
    LF_TRY(lf_need_size(g, n, s));
    y->shape = s;
    infer_ranges(g, y, x, padded, a->pad_code);
    if (y->range.lo >= -LF_CODE_MAX && y->range.hi <= LF_CODE_MAX)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "pad_code %" PRId64 " leaves the range of codes, +-2^62", a->pad_code);
}

/* -- exec ------------------------------------------------------------------------------------------------------------- */

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_frame_attr *a = n->attr;
    lf_shape s = in->tensor->shape;
    axis row = {1, 1, 0, 1}, column = axis_of(a, s, axes_of(s) - 1);
    size_t channels = (size_t)lf_last_dim(s), to = 0;
    if (axes_of(s) == 2)
        row = axis_of(a, s, 0);
    (void)run;
    for (int64_t oy = 0; oy < row.out; oy++)
        for (int64_t ox = 0; ox < column.out; ox++) {
            int64_t y = oy * row.step - row.before, x = ox * column.step - column.before;
            bool inside = y >= 0 && y < row.in && x >= 0 && x < column.in;
            size_t from = inside ? (size_t)(y * column.in + x) * channels : 0;
            for (size_t c = 0; c < channels; c++)
                out->code[to++] = inside ? in->code[from + c] : a->pad_code;
        }
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const lf_frame_attr *)n->attr)->SIMD;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

/* The positions that the unit walks along one axis: those of x and those up to the last output. */
typedef struct walk {
    int64_t size, in, in_first, out_first, out_last, step;
} walk;

static walk walk_of(axis a) {
    walk w = {
        .in = a.in, .in_first = a.before > 0 ? a.before : 0, .out_first = a.before < 0 ? -a.before : 0, .step = a.step};
    w.out_last = w.out_first + (a.out - 1) * a.step;
    w.size = w.in_first + w.in > w.out_last + 1 ? w.in_first + w.in : w.out_last + 1;
    return w;
}

/* Rows and columns; [1, L, C] has one row. */
static void walks(const lf_graph *g, const lf_node *n, walk *row, walk *column) {
    lf_shape s = lf_in(g, n, 0)->shape;
    *row = walk_of(axes_of(s) == 2 ? axis_of(n->attr, s, 0) : (axis){1, 1, 0, 1});
    *column = walk_of(axis_of(n->attr, s, axes_of(s) - 1));
}

static int64_t pixel_beats(const lf_graph *g, const lf_node *n) {
    return lf_last_dim(lf_in(g, n, 0)->shape) / ((const lf_frame_attr *)n->attr)->SIMD;
}

static int walk_bits(walk w) {
    return lf_bits_unsigned((uint64_t)(w.size + w.step));
}

/* Fitted to yosys counts (xc7). */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    walk row, column;
    walks(g, n, &row, &column);
    int64_t pixel = pixel_beats(g, n),
            width = ((const lf_frame_attr *)n->attr)->SIMD * lf_dtype_bits(lf_out(g, n, 0)->dtype);
    int control = 2 * (walk_bits(row) + walk_bits(column)) + (pixel > 1 ? lf_bits_unsigned((uint64_t)(pixel - 1)) : 0);
    *out = (lf_cost){.lut = 1.6 * control + 4 + (double)width,
                     .ff = control + 2 + (double)width,
                     .ii_cycles = row.size * column.size * pixel};
    return LF_OK;
}

static void walk_params(lf_vlog *v, const char *prefix, walk w) {
    const struct {
        const char *name;
        int64_t value;
    } params[] = {{"SIZE", w.size},         {"IN", w.in},     {"IN_FIRST", w.in_first}, {"OUT_FIRST", w.out_first},
                  {"OUT_LAST", w.out_last}, {"STEP", w.step}, {"BITS", walk_bits(w)}};
    char name[24];
    for (size_t i = 0; i < LF_COUNT(params); i++) {
        (void)snprintf(name, sizeof name, "%s_%s", prefix, params[i].name);
        lf_vlog_param(v, name, "%" PRId64, params[i].value);
    }
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    const lf_frame_attr *a = n->attr;
    lf_dtype y = lf_out(g, n, 0)->dtype;
    int64_t pixel = pixel_beats(g, n);
    walk row, column;
    walks(g, n, &row, &column);
    lf_stream_instance(g, n, v, "lf_frame");
    lf_vlog_param(v, "SIMD", "%" PRId64, a->SIMD);
    lf_vlog_param(v, "BEATS", "%" PRId64, pixel);
    lf_vlog_param(v, "BEAT_BITS", "%d", lf_bits_unsigned((uint64_t)(pixel - 1)));
    lf_wire_params(v, "IN", lf_in(g, n, 0)->dtype);
    lf_wire_params(v, "OUT", y);
    lf_vlog_param(v, "PAD", "%d'h%" PRIx64, lf_dtype_bits(y),
                  lf_range_holds(lf_dtype_range(y), a->pad_code) ? lf_code_to_bits(y, a->pad_code) : 0);
    walk_params(v, "Y", row);
    walk_params(v, "X", column);
    return LF_OK;
}

/* -- the twin of rtl/lf_frame.v ------------------------------------------------------------------------------------------- */

typedef struct framer {
    walk row, column;
    int64_t y, x, beat, beats; /* beats: of a pixel */
    bool valid, begun;
} framer;

static bool takes(walk w, int64_t at) {
    return at >= w.in_first && at < w.in_first + w.in;
}

static bool gives(walk w, int64_t at) {
    return at >= w.out_first && at <= w.out_last && (at - w.out_first) % w.step == 0;
}

static bool framer_in(const framer *f) {
    return takes(f->row, f->y) && takes(f->column, f->x);
}

static bool framer_out(const framer *f) {
    return gives(f->row, f->y) && gives(f->column, f->x);
}

static bool framer_valid(const void *state, int port) {
    (void)port;
    return ((const framer *)state)->valid;
}

static bool framer_room(const framer *f, const bool *m_ready) {
    return !framer_out(f) || !f->valid || m_ready[0];
}

static bool framer_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const framer *f = state;
    (void)port;
    (void)s_valid;
    return framer_in(f) && framer_room(f, m_ready);
}

/* True when a frame ends. */
static bool framer_step(framer *f) {
    if (++f->beat < f->beats)
        return false;
    f->beat = 0;
    if (++f->x < f->column.size)
        return false;
    f->x = 0;
    if (++f->y < f->row.size)
        return false;
    f->y = 0;
    return true;
}

static void framer_clock(void *state, const bool *s_valid, const bool *m_ready) {
    framer *f = state;
    bool in = framer_in(f), out = framer_out(f);
    bool move = framer_room(f, m_ready) && (s_valid[0] || (f->begun && !in));
    f->valid = (move && out) || (f->valid && !m_ready[0]);
    if (!move)
        return;
    bool ends = framer_step(f);
    f->begun = (f->begun || in) && !ends;
}

/* It rests while it cannot move. */
static int64_t framer_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const framer *f = state;
    bool move = framer_room(f, m_ready) && (s_valid[0] || (f->begun && !framer_in(f)));
    return move || (f->valid && m_ready[0]) ? 0 : INT64_MAX;
}

static const lf_unit_kind framer_kind = {framer_valid,  framer_ready,         framer_clock,
                                         framer_steady, lf_twin_skip_nothing, NULL};

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    framer *f = LF_NEW(a, framer);
    walks(g, n, &f->row, &f->column);
    f->beats = pixel_beats(g, n);
    int64_t simd = ((const lf_frame_attr *)n->attr)->SIMD;
    *out = lf_twin_new(a, n->name, &framer_kind, f, sizeof *f, lf_shape_count(lf_in(g, n, 0)->shape) / simd,
                       lf_shape_count(lf_out(g, n, 0)->shape) / simd);
    return LF_OK;
}

const lf_op lf_op_frame = {
    .name = "frame",
    .help = "crops, pads and subsamples rows and columns",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_frame_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
