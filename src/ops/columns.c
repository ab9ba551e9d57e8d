/* Whole windows of a picture's columns: `kernel` pixels of a row as one vector, `dilation` apart, at every `stride`-th of its places.
 *   in 0   x  codes [1, H, W, C] or [1, L, C], a column of a window each
 *   out 0  y  codes [1, H, OW, kernel*C] or [1, OL, kernel*C]; W = (OW - 1)*stride + (kernel - 1)*dilation + 1
 *   y[r][o] = x[r][o*stride], x[r][o*stride + dilation], ...
 *   A beat is a whole pixel on both sides. II = H*W cycles per frame.
 * Behind a `window` of one column (order=columns) it makes that a window whose beats are whole kernels. */
#include "ops/columns.h"

#include <inttypes.h>

#include "ops/branch.h"
#include "ops/elementwise.h"
#include "ops/picture.h"
#include "ops/stream.h"

static const lf_attr_desc attrs[] = {
    {"kernel", LF_ATTR_INT, offsetof(lf_columns_attr, kernel), "1", NULL, 1, 1 << 24, "columns of a window"},
    {"stride", LF_ATTR_INT, offsetof(lf_columns_attr, stride), "1", NULL, 1, 1 << 24, "columns from window to window"},
    {"dilation", LF_ATTR_INT, offsetof(lf_columns_attr, dilation), "1", NULL, 1, 1 << 24,
     "columns from one of a window to the next"},
    {0},
};

static lf_status sizes_of(const lf_graph *g, const lf_node *n, lf_picture *x, lf_picture *y) {
    const lf_columns_attr *a = n->attr;
    LF_TRY(lf_need_picture(g, n, x));
    int64_t span = lf_columns_span(a), rest = x->width - span;
    lf_where where = lf_where_node(g, n);
    if (rest < 0 || rest % a->stride)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "rows of %" PRId64 " columns; legal: %" PRId64 " and any number of strides of %" PRId64 " more",
                       x->width, span, a->stride);
    *y = *x;
    y->width = rest / a->stride + 1;
    y->channels = lf_shape_count((lf_shape){.rank = 2, .dim = {a->kernel, x->channels}});
    return lf_need_size(g, n, lf_picture_shape(*y));
}

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_picture px, py;
    LF_TRY(sizes_of(g, n, &px, &py));
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = lf_picture_shape(py);
    lf_set_codes(g, y, x->range);
    y->dtype = x->dtype;
    lf_range *r = lf_new_last_axis_ranges(g, x, y);
    for (int64_t e = 0; r && e < py.channels; e++)
        r[e] = x->channel_range[e % px.channels];
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_columns_attr *a = n->attr;
    lf_picture x, y;
    LF_TRY(sizes_of(run->graph, n, &x, &y));
    int64_t *to = out->code;
    for (int64_t row = 0; row < y.height; row++)
        for (int64_t o = 0; o < y.width; o++)
            for (int64_t k = 0; k < a->kernel; k++)
                for (int64_t c = 0; c < x.channels; c++)
                    *to++ = in->code[(row * x.width + o * a->stride + k * a->dilation) * x.channels + c];
    return LF_OK;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    in[0] = lf_picture_of(lf_in(g, n, 0)->shape).channels;
    out[0] = in[0] * ((const lf_columns_attr *)n->attr)->kernel;
}

static int counter_bits(int64_t states) {
    return states > 1 ? lf_bits_unsigned((uint64_t)states - 1) : 0;
}

/* Fitted to counts of Yosys (xc7). */
void lf_columns_cost(const lf_columns_attr *a, int64_t rows, int64_t width, int64_t bits, lf_cost *out) {
    int64_t span = lf_columns_span(a), windows = (width - span) / a->stride + 1;
    int counters = counter_bits(span > a->stride ? span : a->stride) + counter_bits(windows);
    *out = (lf_cost){.lut = 4 + 1.5 * counters, .ff = 1 + counters + (double)(span * bits), .ii_cycles = rows * width};
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_picture x, y;
    LF_TRY(sizes_of(g, n, &x, &y));
    lf_columns_cost(n->attr, x.height, x.width, x.channels * lf_dtype_bits(lf_in(g, n, 0)->dtype), out);
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    const lf_columns_attr *a = n->attr;
    lf_picture x, y;
    LF_TRY(sizes_of(g, n, &x, &y));
    lf_stream_instance(g, n, v, "lf_columns");
    lf_vlog_param(v, "BITS", "%" PRId64, x.channels * lf_dtype_bits(lf_in(g, n, 0)->dtype));
    lf_vlog_param(v, "KERNEL", "%" PRId64, a->kernel);
    lf_vlog_param(v, "DILATION", "%" PRId64, a->dilation);
    lf_vlog_param(v, "STRIDE", "%" PRId64, a->stride);
    lf_vlog_param(v, "WINDOWS", "%" PRId64, y.width);
    return LF_OK;
}

/* -- the twin: it holds a window or none, whatever gaps there were, so there is nothing to shorten ------------------------------ */

typedef struct twin {
    int64_t span, stride, windows;
    int64_t waited, window; /* columns since the last window of this row; windows of it */
    bool full;
} twin;

static int64_t gap_of(const twin *t) {
    return t->window ? t->stride - 1 : t->span - 1;
}

static bool twin_valid(const void *state, int port) {
    (void)port;
    return ((const twin *)state)->full;
}

static bool twin_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    (void)port, (void)s_valid;
    return !((const twin *)state)->full || m_ready[0];
}

static void twin_clock(void *state, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    bool push = s_valid[0] && twin_ready(t, 0, s_valid, m_ready), completes = push && t->waited == gap_of(t);
    t->full = completes || (t->full && !m_ready[0]);
    t->waited = completes ? 0 : t->waited + push;
    t->window = (t->window + completes) % t->windows;
}

/* Columns come until a window is complete; or each of them completes one, to the end of the row. */
static int64_t twin_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    bool push = s_valid[0] && twin_ready(t, 0, s_valid, m_ready), pop = t->full && m_ready[0];
    if (!push)
        return pop ? 0 : INT64_MAX;
    if (!pop)
        return gap_of(t) - t->waited;
    if (t->waited != gap_of(t))
        return 0;
    return t->stride == 1 ? t->windows - t->window : 1;
}

static void twin_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    if (!s_valid[0] || !twin_ready(t, 0, s_valid, m_ready))
        return;
    if (t->full && edges) {
        t->waited = 0;
        t->window = (t->window + edges) % t->windows;
    } else {
        t->waited += edges;
    }
}

static const lf_unit_kind twin_kind = {twin_valid, twin_ready, twin_clock, twin_steady, twin_skip, NULL};

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_picture x, y;
    LF_TRY(sizes_of(g, n, &x, &y));
    twin *t = LF_NEW(a, twin);
    *t = (twin){
        .span = lf_columns_span(n->attr), .stride = ((const lf_columns_attr *)n->attr)->stride, .windows = y.width};
    *out = lf_twin_new(a, n->name, &twin_kind, t, sizeof *t, lf_picture_pixels(x), lf_picture_pixels(y));
    return LF_OK;
}

const lf_op lf_op_columns = {
    .name = "columns",
    .help = "columns of windows as whole windows",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_columns_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
