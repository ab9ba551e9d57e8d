/* Fork: every output is the input.
 *   in 0       x  codes
 *   out 0..7   y  codes, the same
 *   A beat stays until every output has taken it; outputs take it when they can. II = beats per frame. */
#include "ops/circuit_face.h"
#include "ops/stream.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_codes(g, n, 0));
    const lf_tensor *x = lf_in(g, n, 0);
    for (int i = 0; i < n->out_count; i++)
        lf_same_codes(g, lf_out(g, n, i), x);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    for (int i = 0; i < n->out_count; i++)
        LF_TRY(lf_exec_same(run, n, in, &out[i]));
    return LF_OK;
}

/* Fitted to yosys counts (xc7). */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    LF_TRY(lf_need_lanes(g, n));
    *out = (lf_cost){.lut = 2.6 * n->out_count - 2,
                     .ff = lf_stream_bits(g, n->in[0]) + n->out_count,
                     .ii_cycles = lf_stream_beats(g, n->in[0])};
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    LF_TRY(lf_need_lanes(g, n));
    lf_stream_instance(g, n, v, "lf_fork");
    lf_vlog_param(v, "WIDTH", "%d", lf_stream_bits(g, n->in[0]));
    lf_vlog_param(v, "N", "%d", n->out_count);
    return LF_OK;
}

/* -- the twin of rtl/lf_fork.v ------------------------------------------------------------------------------------------ */

typedef struct fork {
    int outs;
    bool waits[LF_UNIT_PORTS]; /* for that output to take the beat */
} fork;

static bool fork_valid(const void *state, int port) {
    return ((const fork *)state)->waits[port];
}

static bool fork_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const fork *f = state;
    (void)port;
    (void)s_valid;
    for (int i = 0; i < f->outs; i++)
        if (f->waits[i] && !m_ready[i])
            return false;
    return true;
}

static void fork_clock(void *state, const bool *s_valid, const bool *m_ready) {
    fork *f = state;
    bool take = s_valid[0] && fork_ready(f, 0, s_valid, m_ready);
    for (int i = 0; i < f->outs; i++)
        f->waits[i] = take || (f->waits[i] && !m_ready[i]);
}

/* For ever, or it has something to do. */
static int64_t fork_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const fork *f = state;
    bool take = s_valid[0] && fork_ready(f, 0, s_valid, m_ready);
    for (int i = 0; i < f->outs; i++)
        if (f->waits[i] != (take || (f->waits[i] && !m_ready[i])))
            return 0;
    return INT64_MAX;
}

static const lf_unit_kind fork_kind = {fork_valid, fork_ready, fork_clock, fork_steady, lf_twin_skip_nothing, NULL};

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    LF_TRY(lf_need_lanes(g, n));
    fork *f = LF_NEW(a, fork);
    f->outs = n->out_count;
    *out = lf_twin_new(a, n->name, &fork_kind, f, sizeof *f, lf_stream_beats(g, n->in[0]), 0);
    out->out_count = n->out_count;
    for (int i = 0; i < n->out_count; i++)
        out->out_beats[i] = out->in_beats[0];
    return LF_OK;
}

const lf_op lf_op_fork = {
    .name = "fork",
    .help = "gives a stream to several units",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 2,
    .out_max = LF_UNIT_PORTS,
    .infer = infer,
    .exec = exec,
    .circuit = lf_face_same,
    .lanes = lf_lanes_pass,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
