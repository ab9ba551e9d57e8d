/* Streams joined along the last axis: pixel by pixel the channels of x0, then those of x1, and so on.
 *   in 0..7  x  codes; shapes equal but for the last axis
 *   out 0    y  codes
 *   PE elements per beat on every stream; II = elements of y / PE. */
#include <inttypes.h>

#include "ops/circuit_face.h"
#include "ops/branch.h"
#include "ops/elementwise.h"

/* Ranges are told apart per channel up to this many. */
enum { AXIS_MAX = 1 << 24 };

typedef struct lf_concat_join_attr {
    int64_t PE;
} lf_concat_join_attr;

static const lf_attr_desc attrs[] = {
    {"PE", LF_ATTR_INT, offsetof(lf_concat_join_attr, PE), "1", NULL, 1, 1 << 20,
     "elements per clock; divides the channels of every operand"},
    {0},
};

static lf_status output_shape(const lf_graph *g, const lf_node *n, lf_shape *out) {
    const lf_concat_join_attr *a = n->attr;
    lf_shape s = lf_in(g, n, 0)->shape;
    lf_where where = lf_where_node(g, n);
    if (!s.rank)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a scalar has no channels to join");
    s.dim[s.rank - 1] = 0;
    for (int i = 0; i < n->in_count; i++) {
        lf_shape x = lf_in(g, n, i)->shape, same = x;
        if (x.rank == s.rank)
            same.dim[x.rank - 1] = s.dim[s.rank - 1];
        if (!lf_shape_equal(same, s))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s is %s and %s is %s: all axes but the last must agree",
                           lf_in(g, n, 0)->name, lf_shape_text(g->arena, lf_in(g, n, 0)->shape), lf_in(g, n, i)->name,
                           lf_shape_text(g->arena, x));
        LF_TRY(lf_need_divisor(g, n, "PE", a->PE, lf_last_dim(x), "channels"));
        s.dim[s.rank - 1] += lf_last_dim(x);
    }
    *out = s;
    return lf_need_size(g, n, s);
}

static lf_range joined_range(const lf_graph *g, const lf_node *n) {
    lf_range r = lf_in(g, n, 0)->range;
    for (int i = 1; i < n->in_count; i++)
        r = lf_range_join(r, lf_in(g, n, i)->range);
    return r;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_tensor *y = lf_out(g, n, 0);
    LF_TRY(lf_need_streams(g, n));
    lf_shape s = {0};
    LF_TRY(output_shape(g, n, &s));
    y->shape = s;
    int64_t channels = lf_last_dim(s), at = 0;
    lf_set_codes(g, y, joined_range(g, n));
    if (channels > AXIS_MAX)
        return LF_OK;
    lf_range *range = LF_NEW_ARRAY(g->arena, lf_range, channels);
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *x = lf_in(g, n, i);
        for (int64_t c = 0; c < lf_last_dim(x->shape); c++)
            range[at++] = lf_last_axis_range(x, c);
    }
    lf_set_channel_ranges(y, range, channels, s.rank - 1);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    size_t channels = (size_t)lf_last_dim(out->tensor->shape), at = 0;
    (void)run;
    for (int i = 0; i < n->in_count; i++) {
        size_t own = (size_t)lf_last_dim(in[i].tensor->shape);
        for (size_t e = 0; e < in[i].count; e++)
            out->code[lf_part_element(e, own, at, channels)] = in[i].code[e];
        at += own;
    }
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    out[0] = ((const lf_concat_join_attr *)n->attr)->PE;
    for (int i = 0; i < n->in_count; i++)
        in[i] = out[0];
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static lf_turns turns_of(const lf_graph *g, const lf_node *n) {
    return lf_turns_of(g, n->in, n->in_count, ((const lf_concat_join_attr *)n->attr)->PE);
}

static int64_t beats(const lf_graph *g, const lf_node *n, const lf_tensor *t) {
    (void)g;
    return lf_shape_count(t->shape) / ((const lf_concat_join_attr *)n->attr)->PE;
}

/* Fitted to yosys counts (xc7): a bit is chosen by LUTs of six inputs. */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_turns t = turns_of(g, n);
    double pe = (double)((const lf_concat_join_attr *)n->attr)->PE;
    int bits = lf_dtype_bits(lf_out(g, n, 0)->dtype), count = lf_turns_bits(&t);
    *out = (lf_cost){.lut = pe * bits * ((2 * n->in_count + 3) / 5) + 2 * count + n->in_count + 2,
                     .ff = pe * bits + 1 + count + n->in_count,
                     .ii_cycles = beats(g, n, lf_out(g, n, 0))};
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_turns t = turns_of(g, n);
    int64_t pe = ((const lf_concat_join_attr *)n->attr)->PE;
    lf_stream_instance(g, n, v, "lf_concat_join");
    lf_turns_params(v, &t);
    lf_vlog_param(v, "PE", "%" PRId64, pe);
    lf_wires_params(g, v, n->in, n->in_count);
    lf_vlog_param(v, "IN_WIDTH", "%" PRId64, lf_wires_bits(g, n->in, n->in_count, pe));
    lf_wire_params(v, "OUT", lf_out(g, n, 0)->dtype);
    return LF_OK;
}

/* -- the twin of rtl/lf_concat_join.v -------------------------------------------------------------------------------------- */

typedef struct joiner {
    lf_turns turns;
    bool valid;
} joiner;

static bool joiner_valid(const void *state, int port) {
    (void)port;
    return ((const joiner *)state)->valid;
}

static bool joiner_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const joiner *j = state;
    (void)s_valid;
    return port == j->turns.turn && (!j->valid || m_ready[0]);
}

static void joiner_clock(void *state, const bool *s_valid, const bool *m_ready) {
    joiner *j = state;
    bool room = !j->valid || m_ready[0], take = room && s_valid[j->turns.turn];
    if (room)
        j->valid = take;
    if (take)
        lf_turns_move(&j->turns);
}

static const lf_unit_kind joiner_kind = {joiner_valid, joiner_ready, joiner_clock, NULL, NULL, NULL};

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    joiner *j = LF_NEW(a, joiner);
    j->turns = turns_of(g, n);
    *out = lf_twin_new(a, n->name, &joiner_kind, j, sizeof *j, 0, beats(g, n, lf_out(g, n, 0)));
    out->in_count = n->in_count;
    for (int i = 0; i < n->in_count; i++)
        out->in_beats[i] = beats(g, n, lf_in(g, n, i));
    return LF_OK;
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    (void)c;
    size_t channels = (size_t)lf_last_dim(lf_out(g, n, 0)->shape), at = 0;
    for (int i = 0; i < n->in_count; i++) {
        size_t own = (size_t)lf_last_dim(lf_in(g, n, i)->shape), count = (size_t)lf_shape_count(lf_in(g, n, i)->shape);
        for (size_t e = 0; e < count; e++)
            out[0][lf_part_element(e, own, at, channels)] = in[i][e];
        at += own;
    }
    return LF_OK;
}

const lf_op lf_op_concat_join = {
    .name = "concat_join",
    .help = "joins streams along the last axis",
    .level = LF_HW,
    .in_min = 2,
    .in_max = LF_UNIT_PORTS,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_concat_join_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
