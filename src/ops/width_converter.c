/* Width converter: y = x; a beat has in_lanes elements before and out_lanes behind it.
 *   in 0   x  codes, elements divisible by both
 *   out 0  y  codes
 *   II = beats per frame of the slower side. Whole ratios shift one word (lf_widen, lf_narrow); others run through a queue of
 *   in_lanes + out_lanes - gcd elements (lf_dwc). */
#include <inttypes.h>

#include "num/gcd.h"
#include "num/whole.h"
#include "ops/stream.h"

typedef struct lf_width_converter_attr {
    int64_t in_lanes, out_lanes;
} lf_width_converter_attr;

static const lf_attr_desc attrs[] = {
    {"in_lanes", LF_ATTR_INT, offsetof(lf_width_converter_attr, in_lanes), "1", NULL, 1, 1 << 20,
     "elements per beat before it"},
    {"out_lanes", LF_ATTR_INT, offsetof(lf_width_converter_attr, out_lanes), "1", NULL, 1, 1 << 20,
     "elements per beat behind it"},
    {0},
};

typedef enum lf_ratio { RATIO_SAME, RATIO_WIDEN, RATIO_NARROW, RATIO_OTHER } lf_ratio;

static lf_ratio ratio_of(const lf_width_converter_attr *a) {
    if (a->in_lanes == a->out_lanes)
        return RATIO_SAME;
    if (a->out_lanes % a->in_lanes == 0)
        return RATIO_WIDEN;
    return a->in_lanes % a->out_lanes == 0 ? RATIO_NARROW : RATIO_OTHER;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_infer_same(g, n));
    const lf_width_converter_attr *a = n->attr;
    int64_t count = lf_shape_count(lf_in(g, n, 0)->shape);
    if (count % a->in_lanes == 0 && count % a->out_lanes == 0)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                   "%" PRId64 " elements per frame are not divisible by in_lanes=%" PRId64 " and out_lanes=%" PRId64,
                   count, a->in_lanes, a->out_lanes);
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    const lf_width_converter_attr *a = n->attr;
    (void)g;
    in[0] = a->in_lanes;
    out[0] = a->out_lanes;
}

static int64_t beats(const lf_graph *g, const lf_node *n, bool output) {
    const lf_width_converter_attr *a = n->attr;
    return lf_shape_count(lf_in(g, n, 0)->shape) / (output ? a->out_lanes : a->in_lanes);
}

/* Fitted to yosys counts (xc7). */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    const lf_width_converter_attr *a = n->attr;
    int64_t e = lf_dtype_bits(lf_in(g, n, 0)->dtype), in = a->in_lanes * e, to = a->out_lanes * e,
            piece = (int64_t)lf_gcd((uint64_t)in, (uint64_t)to);
    int64_t in_beats = beats(g, n, false), out_beats = beats(g, n, true);
    *out = (lf_cost){.ii_cycles = in_beats > out_beats ? in_beats : out_beats};
    switch (ratio_of(a)) {
    case RATIO_SAME: *out = (lf_cost){.lut = (double)in + 3, .ff = 2 * (double)in + 2, .ii_cycles = in_beats}; break;
    case RATIO_WIDEN:
        out->lut = 3 + 2 * lf_bits_unsigned((uint64_t)(to / in - 1)) - 1;
        out->ff = (double)to + 1 + lf_bits_unsigned((uint64_t)(to / in - 1));
        break;
    case RATIO_NARROW:
        out->lut = (double)(in - to) + 3 + lf_bits_unsigned((uint64_t)(in / to));
        out->ff = (double)in + 1 + lf_bits_unsigned((uint64_t)(in / to - 1));
        break;
    case RATIO_OTHER:
        out->ff = (double)(in + to - piece) + lf_bits_unsigned((uint64_t)((in + to) / piece - 1));
        out->lut = (double)(in + to - piece) * (0.75 + 0.26 * (double)(to / piece)) + 10;
        break;
    }
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    const lf_width_converter_attr *a = n->attr;
    int64_t e = lf_dtype_bits(lf_in(g, n, 0)->dtype),
            common = (int64_t)lf_gcd((uint64_t)a->in_lanes, (uint64_t)a->out_lanes);
    LF_TRY(lf_need_codes(g, n, 0));
    switch (ratio_of(a)) {
    case RATIO_SAME:
        lf_stream_instance(g, n, v, "lf_skid");
        lf_vlog_param(v, "WIDTH", "%" PRId64, a->in_lanes * e);
        break;
    case RATIO_WIDEN:
        lf_stream_instance(g, n, v, "lf_widen");
        lf_vlog_param(v, "IN_WIDTH", "%" PRId64, a->in_lanes * e);
        lf_vlog_param(v, "N", "%" PRId64, a->out_lanes / a->in_lanes);
        break;
    case RATIO_NARROW:
        lf_stream_instance(g, n, v, "lf_narrow");
        lf_vlog_param(v, "OUT_WIDTH", "%" PRId64, a->out_lanes * e);
        lf_vlog_param(v, "N", "%" PRId64, a->in_lanes / a->out_lanes);
        break;
    case RATIO_OTHER:
        lf_stream_instance(g, n, v, "lf_dwc");
        lf_vlog_param(v, "PIECE", "%" PRId64, common * e);
        lf_vlog_param(v, "IN", "%" PRId64, a->in_lanes / common);
        lf_vlog_param(v, "OUT", "%" PRId64, a->out_lanes / common);
        break;
    }
    return LF_OK;
}

/* -- the twin: a level of pieces -------------------------------------------------------------------------------------- */

typedef struct converter {
    int64_t in, out; /* pieces per beat */
    int64_t level;   /* pieces held */
    int64_t room;    /* may take a beat while level (after what leaves now) is at most this */
} converter;

static bool converter_valid(const void *state, int port) {
    const converter *c = state;
    (void)port;
    return c->level >= c->out;
}

static int64_t rest(const converter *c, const bool *m_ready) {
    return c->level >= c->out && m_ready[0] ? c->level - c->out : c->level;
}

static bool converter_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const converter *c = state;
    (void)port;
    (void)s_valid;
    return rest(c, m_ready) <= c->room;
}

static void converter_clock(void *state, const bool *s_valid, const bool *m_ready) {
    converter *c = state;
    bool push = s_valid[0] && converter_ready(c, 0, s_valid, m_ready);
    c->level = rest(c, m_ready) + (push ? c->in : 0);
}

/* It fills until it has no room or a word, or empties until it has no word or room. */
static int64_t converter_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const converter *c = state;
    bool valid = c->level >= c->out, pop = valid && m_ready[0], ready = rest(c, m_ready) <= c->room;
    bool push = s_valid[0] && ready;
    if (push && pop)
        return 0;
    if (pop) {
        int64_t word = (c->level - c->out) / c->out, full = (c->level - c->out - c->room - 1) / c->out;
        return ready ? word : lf_least(word, full);
    }
    if (push) {
        int64_t room = (c->room - c->level) / c->in;
        return valid ? room : lf_least(room, (c->out - 1 - c->level) / c->in);
    }
    return INT64_MAX;
}

static void converter_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    converter *c = state;
    bool push = s_valid[0] && converter_ready(c, 0, s_valid, m_ready), pop = c->level >= c->out && m_ready[0];
    c->level += edges * ((push ? c->in : 0) - (pop ? c->out : 0));
}

static const lf_unit_kind converter_kind = {converter_valid,  converter_ready, converter_clock,
                                            converter_steady, converter_skip,  NULL};

/* lf_widen takes while its word is not full: room = out - in pieces; lf_narrow when nothing is left: 0; lf_dwc: out - 1. */
static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    const lf_width_converter_attr *at = n->attr;
    LF_TRY(lf_need_codes(g, n, 0));
    if (ratio_of(at) == RATIO_SAME) {
        *out = lf_twin_queue(a, n->name, beats(g, n, false), 2, false);
        return LF_OK;
    }
    int64_t common = (int64_t)lf_gcd((uint64_t)at->in_lanes, (uint64_t)at->out_lanes);
    converter *c = LF_NEW(a, converter);
    *c = (converter){.in = at->in_lanes / common, .out = at->out_lanes / common};
    c->room = ratio_of(at) == RATIO_WIDEN ? c->out - c->in : c->out - 1;
    *out = lf_twin_new(a, n->name, &converter_kind, c, sizeof *c, beats(g, n, false), beats(g, n, true));
    return LF_OK;
}

const lf_op lf_op_width_converter = {
    .name = "width_converter",
    .help = "changes how many elements travel in a beat",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_width_converter_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = lf_exec_same,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
