#include "ops/stream.h"

#include <inttypes.h>

#include "base/compiler.h"
#include "base/text.h"
#include "num/whole.h"

/* -- lanes --------------------------------------------------------------------------------------------------------- */

static bool passes(const lf_node *n) {
    return n->op->lanes == lf_lanes_pass || (!n->op->lanes && n->op->positions && n->place == LF_PLACE_FPGA);
}

static int64_t lanes_of(const lf_graph *g, const lf_node *n, bool output, int port) {
    int64_t in[LF_UNIT_PORTS] = {0}, out[LF_UNIT_PORTS] = {0};
    if (n->in_count > LF_UNIT_PORTS || n->out_count > LF_UNIT_PORTS)
        return 0;
    n->op->lanes(g, n, in, out);
    return output ? out[port] : in[port];
}

static int64_t lanes_before(const lf_graph *g, lf_id t) {
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, t)->producer);
    if (n && passes(n))
        return lanes_before(g, n->in[0]);
    if (!n || !n->op->lanes)
        return 0;
    for (int i = 0; i < n->out_count; i++)
        if (n->out[i] == t)
            return lanes_of(g, n, true, i);
    return 0;
}

static int64_t lanes_behind(const lf_graph *g, lf_id t);

/* What the first consumer says that stands behind a unit which leaves beats alone. */
static int64_t lanes_behind_any(const lf_graph *g, const lf_node *n) {
    int64_t lanes = 0;
    for (int i = 0; i < n->out_count && !lanes; i++)
        lanes = lanes_behind(g, n->out[i]);
    return lanes;
}

static int64_t lanes_behind(const lf_graph *g, lf_id t) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n && k < n->in_count; k++) {
            int64_t lanes = n->in[k] != t  ? 0
                            : passes(n)    ? lanes_behind_any(g, n)
                            : n->op->lanes ? lanes_of(g, n, false, k)
                                           : 0;
            if (lanes)
                return lanes;
        }
    }
    return 0;
}

/* The first tensor of the run of units that leave beats alone. */
static lf_id run_start(const lf_graph *g, lf_id t) {
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, t)->producer);
    return n && passes(n) ? run_start(g, n->in[0]) : t;
}

int64_t lf_stream_lanes(const lf_graph *g, lf_id t) {
    int64_t lanes = lanes_before(g, t);
    return lanes ? lanes : lanes_behind(g, run_start(g, t));
}

int64_t lf_stream_beats(const lf_graph *g, lf_id t) {
    int64_t lanes = lf_stream_lanes(g, t);
    return lanes ? lf_shape_count(lf_tensor_at(g, t)->shape) / lanes : 0;
}

int lf_stream_bits(const lf_graph *g, lf_id t) {
    return (int)lf_stream_lanes(g, t) * lf_dtype_bits(lf_tensor_at(g, t)->dtype);
}

void lf_lanes_pass(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    in[0] = lf_stream_lanes(g, n->in[0]);
    for (int i = 0; i < n->out_count; i++)
        out[i] = in[0];
}

/* -- checks --------------------------------------------------------------------------------------------------------- */

lf_status lf_need_codes(const lf_graph *g, const lf_node *n, int i) {
    const lf_tensor *x = lf_in(g, n, i);
    if (x && lf_is_codes(x))
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "input %d (%s) must be integers with scale 1", i,
                   x ? x->name : "absent");
}

lf_status lf_need_lanes(const lf_graph *g, const lf_node *n) {
    LF_TRY(lf_need_codes(g, n, 0));
    if (lf_stream_lanes(g, n->in[0]))
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "no unit beside it says how many elements travel in a beat of %s",
                   lf_in(g, n, 0)->name);
}

lf_status lf_need_divisor(const lf_graph *g, const lf_node *n, const char *attr, int64_t value, int64_t count,
                          const char *things) {
    if (value >= 1 && count % value == 0)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    lf_text legal = {0};
    int64_t most = (int64_t)1 << 20; /* of such an attribute; count may be any number from a file */
    for (int64_t d = 1; d <= count && d <= most && legal.len < 200; d++)
        if (count % d == 0)
            lf_text_addf(&legal, " %" PRId64, d);
    lf_status s = lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s=%" PRId64 " does not divide %" PRId64 " %s; legal:%s", attr,
                          value, count, things, legal.at ? legal.at : " none");
    lf_text_free(&legal);
    return s;
}

/* -- the identity ------------------------------------------------------------------------------------------------------ */

void lf_same_codes(lf_graph *g, lf_tensor *y, const lf_tensor *x) {
    y->shape = x->shape;
    lf_set_codes(g, y, x->range);
    y->dtype = x->dtype;
    y->channel_range = x->channel_range;
    y->range_axis = x->range_axis;
}

lf_status lf_infer_same(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_codes(g, n, 0));
    lf_same_codes(g, lf_out(g, n, 0), lf_in(g, n, 0));
    return LF_OK;
}

lf_status lf_exec_same(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run;
    (void)n;
    for (size_t i = 0; i < out[0].count; i++)
        out[0].code[i] = in[0].code[i];
    return LF_OK;
}

/* -- Verilog ------------------------------------------------------------------------------------------------------------ */

const char *lf_stream_name(lf_arena *a, const lf_tensor *t) {
    return lf_vlog_name(a, t->name);
}

bool lf_has_const_stream(const lf_graph *g, const lf_node *n, lf_const_stream *out) {
    return n->op->const_stream && n->op->const_stream(g, n, out, NULL);
}

const char *lf_const_stream_name(lf_arena *a, const lf_node *n) {
    return lf_format(a, "%s_weights", lf_vlog_name(a, n->name));
}

/* Its ready comes from a register: the unit's own may depend on the ready of an output of the circuit. */
static const char *const_stream_skid(lf_arena *a, const lf_node *n, const lf_const_stream *c, lf_vlog *v) {
    const char *outside = lf_const_stream_name(a, n), *inside = lf_format(a, "%s_word", outside);
    int bits = (int)c->lanes * lf_dtype_bits(c->type);
    lf_vlog_stream(v, inside, bits);
    lf_vlog_instance(v, "lf_skid", lf_format(a, "%s_skid", outside));
    lf_vlog_param(v, "WIDTH", "%d", bits);
    lf_vlog_port_stream(v, "s_axis", outside);
    lf_vlog_port_stream(v, "m_axis", inside);
    return inside;
}

void lf_stream_instance(const lf_graph *g, const lf_node *n, lf_vlog *v, const char *module) {
    const char *in[LF_UNIT_PORTS], *out[LF_UNIT_PORTS];
    lf_const_stream constant;
    int ins = 0, outs = 0;
    for (int i = 0; i < n->in_count && ins < LF_UNIT_PORTS; i++)
        if (lf_in(g, n, i) && !lf_in(g, n, i)->value)
            in[ins++] = lf_stream_name(g->arena, lf_in(g, n, i));
    if (ins < LF_UNIT_PORTS && lf_has_const_stream(g, n, &constant))
        in[ins++] = const_stream_skid(g->arena, n, &constant, v);
    for (; outs < n->out_count && outs < LF_UNIT_PORTS; outs++)
        out[outs] = lf_stream_name(g->arena, lf_out(g, n, outs));
    lf_vlog_instance(v, module, lf_vlog_name(g->arena, n->name));
    lf_vlog_port_streams(v, "s_axis", in, ins);
    lf_vlog_port_streams(v, "m_axis", out, outs);
}

int lf_wire_kind(lf_dtype t) {
    return t.kind == LF_KIND_BIPOLAR ? 2 : lf_dtype_signed(t);
}

/* -- cost --------------------------------------------------------------------------------------------------------------- */

double lf_block_rams(int64_t depth, int64_t bits) {
    static const int64_t width[] = {36, 18, 9, 4, 2, 1}, words[] = {512, 1024, 2048, 4096, 8192, 16384};
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < LF_COUNT(width); i++) {
        int64_t n = lf_divide_up(bits, width[i]) * lf_divide_up(depth, words[i]);
        best = n < best ? n : best;
    }
    return (double)best / 2;
}

/* -- twins -------------------------------------------------------------------------------------------------------------- */

lf_unit lf_twin_new(lf_arena *a, const char *name, const lf_unit_kind *kind, void *state, size_t state_bytes,
                    int64_t in_beats, int64_t out_beats) {
    return (lf_unit){.name = lf_strdup(a, name),
                     .kind = kind,
                     .state = state,
                     .state_bytes = state_bytes,
                     .in_count = 1,
                     .out_count = 1,
                     .in_beats = {in_beats},
                     .out_beats = {out_beats}};
}

void lf_twin_skip_nothing(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    (void)state, (void)edges, (void)s_valid, (void)m_ready;
}

typedef struct queue {
    int64_t capacity, count; /* count: all words, or those in the memory */
    bool memory, held;
} queue;

static bool queue_valid(const void *state, int port) {
    const queue *q = state;
    (void)port;
    return q->memory ? q->held : q->count > 0;
}

static bool queue_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const queue *q = state;
    (void)port;
    (void)s_valid;
    (void)m_ready;
    return q->count < q->capacity - q->memory;
}

static void queue_clock(void *state, const bool *s_valid, const bool *m_ready) {
    queue *q = state;
    bool push = s_valid[0] && queue_ready(q, 0, s_valid, m_ready);
    bool pop = q->memory ? q->count > 0 && (m_ready[0] || !q->held) : q->count > 0 && m_ready[0];
    q->held = pop || (q->held && !m_ready[0]);
    q->count += push - pop;
}

/* Its memory fills or runs empty by one word a cycle, and nothing shows before it is full or empty. */
static int64_t queue_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const queue *q = state;
    int64_t room = q->capacity - q->memory - q->count;
    bool push = s_valid[0] && room > 0;
    bool pop = q->memory ? q->count > 0 && (m_ready[0] || !q->held) : q->count > 0 && m_ready[0];
    if (q->memory && (pop || (q->held && !m_ready[0])) != q->held)
        return 0;
    if (push == pop)
        return INT64_MAX;
    return push ? (q->count > 0 ? room - 1 : 0) : (room > 0 ? q->count - 1 : 0);
}

static void queue_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    queue *q = state;
    bool push = s_valid[0] && queue_ready(q, 0, s_valid, m_ready);
    bool pop = q->memory ? q->count > 0 && (m_ready[0] || !q->held) : q->count > 0 && m_ready[0];
    q->count += (push - pop) * edges;
}

static const lf_unit_kind queue_kind = {queue_valid, queue_ready, queue_clock, queue_steady, queue_skip, NULL};

lf_unit lf_twin_queue(lf_arena *a, const char *name, int64_t beats, int64_t capacity, bool memory) {
    queue *q = LF_NEW(a, queue);
    *q = (queue){.capacity = capacity, .memory = memory};
    lf_unit u = lf_twin_new(a, name, &queue_kind, q, sizeof *q, beats, beats);
    u.registered_ready = true;
    return u;
}

/* Bit i of `valid`: register i holds a word; bit stages - 1 is the output. All move together, under one enable. */
int64_t lf_pipe_steady(uint64_t valid, int stages, bool fed, bool m_ready) {
    uint64_t from_output = valid << (64 - stages);
    bool out = from_output >> 63;
    if (out && !m_ready)
        return INT64_MAX;
    uint64_t unlike = (out ? ~from_output : from_output) | (stages < 64 ? (uint64_t)1 << (63 - stages) : 0);
    int alike = unlike ? LF_ZEROS_ABOVE(unlike) : stages; /* words like the one at the output, in a row with it */
    return alike == stages && fed == out ? INT64_MAX : alike - 1;
}

uint64_t lf_pipe_skip(uint64_t valid, int stages, int64_t edges, bool fed, bool m_ready) {
    uint64_t all = stages < 64 ? ((uint64_t)1 << stages) - 1 : UINT64_MAX;
    if ((valid >> (stages - 1) & 1) && !m_ready)
        return valid;
    if (edges >= stages)
        return fed ? all : 0;
    uint64_t came = fed ? ((uint64_t)1 << edges) - 1 : 0;
    return (valid << edges | came) & all;
}

/* The flag: its first word has come. */
static bool constant_valid(const void *state, int port) {
    (void)port;
    return *(const bool *)state;
}

static bool constant_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    (void)state, (void)port, (void)s_valid, (void)m_ready;
    return true;
}

static void constant_clock(void *state, const bool *s_valid, const bool *m_ready) {
    (void)s_valid, (void)m_ready;
    *(bool *)state = true;
}

static int64_t constant_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    (void)s_valid, (void)m_ready;
    return *(const bool *)state ? INT64_MAX : 0;
}

static const lf_unit_kind constant_kind = {constant_valid,  constant_ready,       constant_clock,
                                           constant_steady, lf_twin_skip_nothing, NULL};

lf_unit lf_twin_const_stream(lf_arena *a, const char *name, int64_t beats) {
    bool *started = LF_NEW(a, bool);
    lf_unit u = lf_twin_new(a, name, &constant_kind, started, sizeof *started, 0, beats);
    u.in_count = 0;
    u.registered_ready = true;
    return u;
}

typedef struct pipe {
    uint64_t valid; /* as in lf_pipe_steady */
    int stages;
} pipe;

static bool pipe_valid(const void *state, int port) {
    const pipe *p = state;
    (void)port;
    return (p->valid >> (p->stages - 1)) & 1;
}

static bool pipe_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    (void)port;
    (void)s_valid;
    return !pipe_valid(state, 0) || m_ready[0];
}

static void pipe_clock(void *state, const bool *s_valid, const bool *m_ready) {
    pipe *p = state;
    if (pipe_ready(state, 0, s_valid, m_ready))
        p->valid = (p->valid << 1 | s_valid[0]) & (((uint64_t)1 << p->stages) - 1);
}

static int64_t pipe_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const pipe *p = state;
    return lf_pipe_steady(p->valid, p->stages, s_valid[0], m_ready[0]);
}

static void pipe_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    pipe *p = state;
    p->valid = lf_pipe_skip(p->valid, p->stages, edges, s_valid[0], m_ready[0]);
}

static void pipe_shorten(void *state) {
    ((pipe *)state)->stages = 1;
}

static const lf_unit_kind pipe_kind = {pipe_valid, pipe_ready, pipe_clock, pipe_steady, pipe_skip, pipe_shorten};

lf_unit lf_twin_pipe(lf_arena *a, const char *name, int64_t beats, int stages) {
    pipe *p = LF_NEW(a, pipe);
    p->stages = stages;
    return lf_twin_new(a, name, &pipe_kind, p, sizeof *p, beats, beats);
}
