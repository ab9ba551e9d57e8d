#include "ops/branch.h"

#include "ops/elementwise.h"

#include <inttypes.h>
#include <stdio.h>

lf_status lf_need_streams(const lf_graph *g, const lf_node *n) {
    for (int i = 0; i < n->in_count; i++) {
        LF_TRY(lf_need_codes(g, n, i));
        if (!lf_in(g, n, i)->value)
            continue;
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "input %d (%s) is a constant; %s joins streams", i,
                       lf_in(g, n, i)->name, n->op->name);
    }
    return LF_OK;
}

lf_status lf_need_same_streams(const lf_graph *g, const lf_node *n) {
    LF_TRY(lf_need_streams(g, n));
    const lf_tensor *a = lf_in(g, n, 0);
    for (int i = 1; i < n->in_count; i++) {
        const lf_tensor *b = lf_in(g, n, i);
        if (lf_shape_equal(a->shape, b->shape))
            continue;
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s needs equal shapes, but %s is %s and %s is %s", n->op->name,
                       a->name, lf_shape_text(g->arena, a->shape), b->name, lf_shape_text(g->arena, b->shape));
    }
    return LF_OK;
}

int64_t lf_last_dim(lf_shape s) {
    return s.rank ? s.dim[s.rank - 1] : 1;
}

lf_range lf_last_axis_range(const lf_tensor *t, int64_t c) {
    return lf_has_last_axis_ranges(t) ? t->channel_range[c] : t->range;
}

void lf_set_last_axis_codes(lf_graph *g, const lf_tensor *x, lf_tensor *y, const lf_range *r, int64_t count) {
    y->shape = x->shape;
    lf_set_codes(g, y, r[0]);
    lf_set_channel_ranges(y, r, count, count > 1 ? x->shape.rank - 1 : 0);
    y->dtype = lf_dtype_for(y->range, false);
}

lf_range *lf_new_last_axis_ranges(lf_graph *g, const lf_tensor *x, lf_tensor *y) {
    lf_range *r = lf_has_last_axis_ranges(x) ? LF_NEW_ARRAY(g->arena, lf_range, lf_last_dim(y->shape)) : NULL;
    y->channel_range = r;
    y->range_axis = r ? y->shape.rank - 1 : 0;
    return r;
}

int lf_signed_bits(lf_dtype t) {
    return lf_dtype_bits(t) + !lf_dtype_signed(t);
}

/* What goes into one operand of a DSP; of longer ones all but the first part are unsigned. */
static int parts(int bits, int width) {
    return bits <= width ? 1 : (bits + width - 2) / (width - 1);
}

double lf_dsp_count(int a_bits, int b_bits) {
    int most = a_bits > b_bits ? a_bits : b_bits, least = a_bits > b_bits ? b_bits : a_bits;
    return parts(most, 25) * parts(least, 18);
}

/* -- Verilog ---------------------------------------------------------------------------------------------------------- */

void lf_wire_params(lf_vlog *v, const char *name, lf_dtype t) {
    char text[40];
    (void)snprintf(text, sizeof text, "%s_BITS", name);
    lf_vlog_param(v, text, "%d", lf_dtype_bits(t));
    (void)snprintf(text, sizeof text, "%s_KIND", name);
    lf_vlog_param(v, text, "%d", lf_wire_kind(t));
}

/* "{8'd3, 8'd2}": the first number is the last one written. */
static void packed_param(lf_vlog *v, const char *name, int bits, const int64_t *number, int count) {
    lf_text t = {0};
    for (int i = count; i-- > 0;)
        lf_text_addf(&t, "%s%d'd%" PRId64, t.len ? ", " : "", bits, number[i]);
    lf_vlog_param(v, name, "{%s}", t.at ? t.at : "");
    lf_text_free(&t);
}

int64_t lf_wires_bits(const lf_graph *g, const lf_id *tensor, int count, int64_t pe) {
    int64_t bits = 0;
    for (int i = 0; i < count; i++)
        bits += pe * lf_dtype_bits(lf_tensor_at(g, tensor[i])->dtype);
    return bits;
}

void lf_wires_params(const lf_graph *g, lf_vlog *v, const lf_id *tensor, int count) {
    int64_t bits[LF_UNIT_PORTS] = {0}, kind[LF_UNIT_PORTS] = {0};
    for (int i = 0; i < count; i++) {
        bits[i] = lf_dtype_bits(lf_tensor_at(g, tensor[i])->dtype);
        kind[i] = lf_wire_kind(lf_tensor_at(g, tensor[i])->dtype);
    }
    packed_param(v, "BITS", 8, bits, count);
    packed_param(v, "KIND", 2, kind, count);
}

lf_turns lf_turns_of(const lf_graph *g, const lf_id *tensor, int count, int64_t pe) {
    lf_turns t = {.count = count};
    for (int i = 0; i < count; i++)
        t.beats[i] = lf_last_dim(lf_tensor_at(g, tensor[i])->shape) / pe;
    return t;
}

void lf_turns_move(lf_turns *t) {
    if (++t->beat < t->beats[t->turn])
        return;
    t->beat = 0;
    t->turn = (t->turn + 1) % t->count;
}

int lf_turns_bits(const lf_turns *t) {
    int64_t most = 1;
    for (int i = 0; i < t->count; i++)
        most = t->beats[i] > most ? t->beats[i] : most;
    return lf_bits_unsigned((uint64_t)(most - 1));
}

void lf_turns_params(lf_vlog *v, const lf_turns *t) {
    lf_vlog_param(v, "N", "%d", t->count);
    packed_param(v, "BEATS", 32, t->beats, t->count);
    lf_vlog_param(v, "BEAT_BITS", "%d", lf_turns_bits(t));
}

/* -- the twin of a join ------------------------------------------------------------------------------------------------ */

typedef struct join {
    uint64_t valid; /* bit i: register i holds a word; bit stages - 1 is the output */
    int stages;
} join;

static bool join_valid(const void *state, int port) {
    const join *j = state;
    (void)port;
    return (j->valid >> (j->stages - 1)) & 1;
}

static bool join_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    return s_valid[1 - port] && (!join_valid(state, 0) || m_ready[0]);
}

static void join_clock(void *state, const bool *s_valid, const bool *m_ready) {
    join *j = state;
    if (!join_valid(j, 0) || m_ready[0])
        j->valid = (j->valid << 1 | (uint64_t)(s_valid[0] && s_valid[1])) & (((uint64_t)1 << j->stages) - 1);
}

static int64_t join_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const join *j = state;
    return lf_pipe_steady(j->valid, j->stages, s_valid[0] && s_valid[1], m_ready[0]);
}

static void join_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    join *j = state;
    j->valid = lf_pipe_skip(j->valid, j->stages, edges, s_valid[0] && s_valid[1], m_ready[0]);
}

static void join_shorten(void *state) {
    ((join *)state)->stages = 1;
}

static const lf_unit_kind join_kind = {join_valid, join_ready, join_clock, join_steady, join_skip, join_shorten};

lf_unit lf_twin_join(lf_arena *a, const char *name, int64_t beats, int stages) {
    join *j = LF_NEW(a, join);
    j->stages = stages;
    lf_unit u = lf_twin_new(a, name, &join_kind, j, sizeof *j, beats, beats);
    u.in_count = 2;
    u.in_beats[1] = beats;
    return u;
}
