/* One stream split along the last axis: of every pixel the first sizes[0] channels go to output 0, the next sizes[1] to output 1, ...
 *   in 0       x  codes
 *   out 0..7   y  codes
 *   PE elements per beat on every stream; II = elements of x / PE. */
#include <inttypes.h>

#include "ops/circuit_face.h"
#include "ops/branch.h"
#include "ops/elementwise.h"

typedef struct lf_split_fork_attr {
    lf_ints sizes;
    int64_t PE;
} lf_split_fork_attr;

static const lf_attr_desc attrs[] = {
    {"sizes", LF_ATTR_INTS, offsetof(lf_split_fork_attr, sizes), "[]", NULL, 0, 0,
     "channels of each output; together those of x"},
    {"PE", LF_ATTR_INT, offsetof(lf_split_fork_attr, PE), "1", NULL, 1, 1 << 20,
     "elements per clock; divides every size"},
    {0},
};

static lf_status check(const lf_graph *g, const lf_node *n) {
    const lf_split_fork_attr *a = n->attr;
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_need_streams(g, n));
    lf_shape s = lf_in(g, n, 0)->shape;
    if (!s.rank)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a scalar has no channels to split");
    if (a->sizes.count != n->out_count)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "sizes has %" PRId64 " entries for %d outputs", a->sizes.count,
                       n->out_count);
    int64_t rest = lf_last_dim(s);
    for (int64_t i = 0; i < a->sizes.count; i++) {
        int64_t size = a->sizes.at[i];
        if (size < 1 || size > rest)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "output %" PRId64 " gets %" PRId64 " channels, but %" PRId64 " of %" PRId64 " are left", i,
                           size, rest, lf_last_dim(s));
        LF_TRY(lf_need_divisor(g, n, "PE", a->PE, size, "channels of an output"));
        rest -= size;
    }
    if (rest)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%" PRId64 " of %" PRId64 " channels go to no output", rest,
                       lf_last_dim(s));
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_split_fork_attr *a = n->attr;
    LF_TRY(check(g, n));
    const lf_tensor *x = lf_in(g, n, 0);
    int64_t at = 0;
    for (int i = 0; i < n->out_count; i++) {
        lf_tensor *y = lf_out(g, n, i);
        int64_t size = a->sizes.at[i];
        lf_same_codes(g, y, x);
        y->shape.dim[y->shape.rank - 1] = size;
        if (lf_has_last_axis_ranges(x))
            lf_set_channel_ranges(y, x->channel_range + at, size, x->range_axis);
        y->dtype = lf_dtype_for(y->range, false);
        at += size;
    }
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    size_t channels = (size_t)lf_last_dim(in->tensor->shape), at = 0;
    (void)run;
    for (int i = 0; i < n->out_count; i++) {
        size_t own = (size_t)lf_last_dim(out[i].tensor->shape);
        for (size_t e = 0; e < out[i].count; e++)
            out[i].code[e] = in->code[lf_part_element(e, own, at, channels)];
        at += own;
    }
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = ((const lf_split_fork_attr *)n->attr)->PE;
    for (int i = 0; i < n->out_count; i++)
        out[i] = in[0];
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static lf_turns turns_of(const lf_graph *g, const lf_node *n) {
    return lf_turns_of(g, n->out, n->out_count, ((const lf_split_fork_attr *)n->attr)->PE);
}

static int64_t beats(const lf_node *n, const lf_tensor *t) {
    return lf_shape_count(t->shape) / ((const lf_split_fork_attr *)n->attr)->PE;
}

/* Fitted to yosys counts (xc7). */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_turns t = turns_of(g, n);
    int count = lf_turns_bits(&t);
    double width = (double)lf_dtype_bits(lf_in(g, n, 0)->dtype) * (double)((const lf_split_fork_attr *)n->attr)->PE;
    *out = (lf_cost){
        .lut = 2 * count + n->out_count, .ff = width + count + 2 * n->out_count, .ii_cycles = beats(n, lf_in(g, n, 0))};
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_turns t = turns_of(g, n);
    int64_t pe = ((const lf_split_fork_attr *)n->attr)->PE;
    lf_stream_instance(g, n, v, "lf_split_fork");
    lf_turns_params(v, &t);
    lf_vlog_param(v, "PE", "%" PRId64, pe);
    lf_wire_params(v, "IN", lf_in(g, n, 0)->dtype);
    lf_wires_params(g, v, n->out, n->out_count);
    lf_vlog_param(v, "OUT_WIDTH", "%" PRId64, lf_wires_bits(g, n->out, n->out_count, pe));
    return LF_OK;
}

/* -- the twin of rtl/lf_split_fork.v --------------------------------------------------------------------------------------- */

typedef struct splitter {
    lf_turns turns;
    bool full;
    int to; /* the output that the beat waits for */
} splitter;

static bool splitter_valid(const void *state, int port) {
    const splitter *s = state;
    return s->full && s->to == port;
}

static bool splitter_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const splitter *s = state;
    (void)port;
    (void)s_valid;
    return !s->full || m_ready[s->to];
}

static void splitter_clock(void *state, const bool *s_valid, const bool *m_ready) {
    splitter *s = state;
    if (!splitter_ready(s, 0, s_valid, m_ready))
        return;
    s->full = s_valid[0];
    s->to = s->turns.turn;
    if (s->full)
        lf_turns_move(&s->turns);
}

static const lf_unit_kind splitter_kind = {splitter_valid, splitter_ready, splitter_clock, NULL, NULL, NULL};

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    splitter *s = LF_NEW(a, splitter);
    s->turns = turns_of(g, n);
    *out = lf_twin_new(a, n->name, &splitter_kind, s, sizeof *s, beats(n, lf_in(g, n, 0)), 0);
    out->out_count = n->out_count;
    for (int i = 0; i < n->out_count; i++)
        out->out_beats[i] = beats(n, lf_out(g, n, i));
    return LF_OK;
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    (void)c;
    size_t channels = (size_t)lf_last_dim(lf_in(g, n, 0)->shape), at = 0;
    for (int o = 0; o < n->out_count; o++) {
        size_t own = (size_t)lf_last_dim(lf_out(g, n, o)->shape),
               count = (size_t)lf_shape_count(lf_out(g, n, o)->shape);
        for (size_t e = 0; e < count; e++)
            out[o][e] = in[0][lf_part_element(e, own, at, channels)];
        at += own;
    }
    return LF_OK;
}

const lf_op lf_op_split_fork = {
    .name = "split_fork",
    .help = "splits a stream along the last axis",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 2,
    .out_max = LF_UNIT_PORTS,
    .attr_size = sizeof(lf_split_fork_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
