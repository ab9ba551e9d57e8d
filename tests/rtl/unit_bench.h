/* One test bench for any stream unit: nodes, in a row or in any graph without loops, become a top module with every input and output
 * of that graph; their definition (exec) and the twins of their handshakes give, for random stalls, what every port must show in every clock cycle. All cases run side by side in one
 * simulation, which only replays and compares (contracts.md 5):
 *   - counts, data, stability, order, full rate, draining: every cycle's valid, ready, data and last equal the twins' and exec's;
 *   - valid does not wait for ready, no path from s_tvalid or s_tdata to an output, and none from m_tready to s_tready where the
 *     twins say so: inputs are toggled within a cycle;
 *   - reset: every setting is interrupted once by a reset at a random moment, and begins with random register contents. */
#ifndef LF_TESTS_UNIT_BENCH_H
#define LF_TESTS_UNIT_BENCH_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/run.h"
#include "fpga/chain.h"
#include "num/bitpack.h"
#include "ops/ops.h"
#include "ops/stream.h"
#include "ops/run_node.h"
#include "vlog/vlog.h"

/* A test of units that hold many frames defines it before. */
#ifndef BENCH_FRAME_COUNT
#define BENCH_FRAME_COUNT 5
#endif

enum {
    BENCH_NODES = 12,
    BENCH_FRAMES = BENCH_FRAME_COUNT,
    BENCH_IDLE = 12,
    BENCH_RESET = 3,
    BENCH_PORTS = 8,
    BENCH_TENSORS = 96
};

typedef struct bench_port {
    const lf_tensor *tensor;
    const char *suffix; /* of the top module's ports */
    int64_t lanes, beats;
    int bits, padded;
    int data, valid, ready,
        last; /* bit positions: of an input in drive (ready: in see), of an output in see (ready: in drive) */
    int64_t *frame[BENCH_FRAMES];
} bench_port;

typedef struct bench_case {
    const char *name;
    lf_graph *graph;
    lf_node *node[BENCH_NODES];
    int count;
    bench_port in[BENCH_PORTS], out[BENCH_PORTS];
    int in_count, out_count;
    int64_t ii, latency;    /* predicted by lf_chain_run */
    bool starved;           /* buffers are too small on purpose: slower than its slowest unit */
    bool registered;        /* no path from m_tready to s_tready */
    const int64_t *special; /* inputs that decide something; they and their neighbours are drawn often */
    int64_t special_count;
} bench_case;

typedef struct bench {
    lf_ctx *ctx;
    lf_arena *arena;
    char *dir;
    LF_VEC(bench_case *) cases;
    int drive_bits, see_bits;
    LF_VEC(uint32_t *) drive, expect, mask; /* per cycle */
    bool failed;
} bench;

#define BENCH_CHECK(b, cond, ...)         \
    do {                                  \
        if (!(cond)) {                    \
            fprintf(stderr, "FAILED: ");  \
            fprintf(stderr, __VA_ARGS__); \
            fprintf(stderr, "\n");        \
            (b)->failed = true;           \
        }                                 \
    } while (0)

static inline void bench_show_errors(bench *b) {
    for (size_t i = 0; i < lf_diag_count(b->ctx); i++)
        fprintf(stderr, "%s\n", lf_diag_text(b->arena, lf_diag_at(b->ctx, i)));
}

static inline void bench_must(bench *b, lf_status s, const char *what) {
    if (s == LF_OK)
        return;
    bench_show_errors(b);
    fprintf(stderr, "FAILED: %s\n", what);
    abort();
}

/* -- building cases ---------------------------------------------------------------------------------------------------- */

/* A case without inputs yet. */
static inline bench_case *bench_case_empty(bench *b, const char *name) {
    bench_case *c = LF_NEW(b->arena, bench_case);
    c->name = lf_strdup(b->arena, name);
    c->graph = lf_graph_new(b->ctx, c->name);
    LF_PUSH(b->arena, &b->cases, c);
    return c;
}

static inline lf_tensor *bench_input(bench *b, bench_case *c, const char *input, lf_shape shape, lf_range range) {
    lf_tensor *x = lf_tensor_new(c->graph, lf_format(b->arena, "%s_%s", c->name, input), shape, lf_int(8));
    lf_set_codes(c->graph, x, range);
    LF_PUSH(c->graph->arena, &c->graph->inputs, (lf_port){lf_strdup(c->graph->arena, input), x->id, NULL});
    return x;
}

static inline bench_case *bench_case_new(bench *b, const char *name, lf_shape shape, lf_range range) {
    bench_case *c = bench_case_empty(b, name);
    bench_input(b, c, "x", shape, range);
    return c;
}

/* A node on these operands (constants among them, NULL: absent) with `outs` outputs. Attributes as "name=value" separated by spaces;
 * in a list, entries are separated by commas only. */
static inline lf_node *bench_join(bench *b, bench_case *c, const char *op, const char *attrs,
                                  const lf_tensor *const *operands, int count, int outs) {
    lf_graph *g = c->graph;
    lf_id in[LF_UNIT_PORTS] = {0}, out[LF_UNIT_PORTS] = {0};
    for (int i = 0; i < count; i++)
        in[i] = operands[i] ? operands[i]->id : 0;
    for (int i = 0; i < outs; i++) {
        const char *name = i ? lf_format(b->arena, "%s_y%d_%d", c->name, c->count, i)
                             : lf_format(b->arena, "%s_y%d", c->name, c->count);
        out[i] = lf_tensor_new(g, name, (lf_shape){0}, lf_int(8))->id;
    }
    const char *name = lf_format(b->arena, "%s_%s%d", c->name, op, c->count);
    lf_node *n = lf_node_new(g, lf_op_find(op), name, in, count, out, outs, NULL);
    n->place = LF_PLACE_FPGA;
    char *save = NULL, *text = lf_strdup(b->arena, attrs);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        *value++ = 0;
        bench_must(b, lf_attr_set_text(b->ctx, g->arena, n->op, n->attr, word, value, NULL), name);
    }
    bench_must(b, lf_infer_node(g, n), name);
    c->node[c->count++] = n;
    return n;
}

/* Appends a node behind the last one; its operands 1.. are `consts`. */
static inline lf_node *bench_node(bench *b, bench_case *c, const char *op, const char *attrs,
                                  const lf_tensor *const *consts, int const_count) {
    const lf_tensor *in[LF_UNIT_PORTS] = {
        lf_tensor_at(c->graph, c->count ? c->node[c->count - 1]->out[0] : c->graph->inputs.at[0].tensor)};
    for (int i = 0; i < const_count; i++)
        in[i + 1] = consts[i];
    return bench_join(b, c, op, attrs, in, const_count + 1, 1);
}

/* -- what the circuit must compute -------------------------------------------------------------------------------------- */

static inline int64_t bench_draw(lf_rng *r, const bench_case *c, lf_range a) {
    uint32_t kind = lf_rng_below(r, 8);
    if (kind < 5 && c->special_count) {
        int64_t v = c->special[lf_rng_below(r, (uint32_t)c->special_count)] + lf_rng_between(r, -1, 1);
        v = lf_rng_below(r, 4) ? v : -v;
        if (lf_range_holds(a, v))
            return v;
    }
    return kind == 6 ? a.lo : kind == 7 ? a.hi : a.lo + a.step * lf_rng_between(r, 0, (a.hi - a.lo) / a.step);
}

/* Values of all tensors, by id. */
static inline void bench_run_node(bench *b, const bench_case *c, lf_run *run, const lf_node *n, lf_value *value) {
    lf_value in[LF_UNIT_PORTS] = {0}, out[LF_UNIT_PORTS] = {0};
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(c->graph, n, i);
        if (t)
            in[i] = t->value ? lf_value_const(b->arena, t) : value[t->id];
    }
    for (int i = 0; i < n->out_count; i++)
        out[i] = lf_value_new(b->arena, lf_out(c->graph, n, i));
    bench_must(b, lf_run_node(run, n, in, out), c->name);
    for (int i = 0; i < n->out_count; i++) {
        value[n->out[i]] = out[i];
        for (size_t e = 0; e < out[i].count; e++)
            BENCH_CHECK(b, lf_range_holds(out[i].tensor->range, out[i].code[e]),
                        "%s: code %" PRId64 " outside its range", n->name, out[i].code[e]);
    }
}

static inline void bench_evaluate(bench *b, bench_case *c, lf_rng *r) {
    lf_arena *scratch = lf_arena_new();
    lf_run run = {.ctx = b->ctx, .graph = c->graph, .scratch = scratch};
    lf_value *value = LF_NEW_ARRAY(b->arena, lf_value, BENCH_TENSORS);
    for (int f = 0; f < BENCH_FRAMES; f++) {
        for (int i = 0; i < c->in_count; i++) {
            lf_value v = lf_value_new(b->arena, c->in[i].tensor);
            for (size_t e = 0; e < v.count; e++)
                v.code[e] = bench_draw(r, c, v.tensor->range);
            value[v.tensor->id] = v;
            c->in[i].frame[f] = v.code;
        }
        for (int k = 0; k < c->count; k++)
            bench_run_node(b, c, &run, c->node[k], value);
        for (int i = 0; i < c->out_count; i++)
            c->out[i].frame[f] = value[c->out[i].tensor->id].code;
    }
    lf_arena_free(scratch);
}

/* Whether operand i of a node travels on a stream. */
static inline bool bench_streams(const bench_case *c, const lf_node *n, int i) {
    return lf_in(c->graph, n, i) && !lf_in(c->graph, n, i)->value;
}

typedef struct bench_place {
    int node, port; /* of streams only; node -1: outside */
} bench_place;

static inline bench_place bench_producer(const bench_case *c, lf_id tensor) {
    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->node[k]->out_count; i++)
            if (c->node[k]->out[i] == tensor)
                return (bench_place){k, i};
    return (bench_place){-1, 0};
}

static inline bench_place bench_consumer(const bench_case *c, lf_id tensor) {
    for (int k = 0; k < c->count; k++)
        for (int i = 0, port = 0; i < c->node[k]->in_count; i++) {
            if (c->node[k]->in[i] == tensor)
                return (bench_place){k, port};
            port += bench_streams(c, c->node[k], i);
        }
    return (bench_place){-1, 0};
}

static inline bench_port bench_port_make(const lf_tensor *t, int64_t lanes) {
    bench_port p = {.tensor = t,
                    .suffix = "",
                    .lanes = lanes,
                    .beats = lf_shape_count(t->shape) / lanes,
                    .bits = (int)lanes * lf_dtype_bits(t->dtype)};
    p.padded = (p.bits + 7) / 8 * 8;
    return p;
}

static inline void bench_suffixes(bench *b, bench_port *p, int count) {
    for (int i = 0; count > 1 && i < count; i++)
        p[i].suffix = lf_format(b->arena, "p%d_", i);
}

/* The ports: inputs of the graph, and what no node of the case reads. */
static inline void bench_find_ports(bench *b, bench_case *c) {
    for (size_t i = 0; i < c->graph->inputs.count; i++) {
        lf_id id = c->graph->inputs.at[i].tensor;
        c->in[c->in_count++] = bench_port_make(lf_tensor_at(c->graph, id), lf_stream_lanes(c->graph, id));
    }
    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->node[k]->out_count; i++)
            if (bench_consumer(c, c->node[k]->out[i]).node < 0)
                c->out[c->out_count++] =
                    bench_port_make(lf_out(c->graph, c->node[k], i), lf_stream_lanes(c->graph, c->node[k]->out[i]));
    bench_suffixes(b, c->in, c->in_count);
    bench_suffixes(b, c->out, c->out_count);
}

/* The twins, wired; outputs of a node that nobody reads and operands that nobody makes lead outside. */
static inline lf_chain *bench_chain(bench *b, const bench_case *c) {
    lf_chain *chain = lf_chain_new(b->arena);
    for (int k = 0; k < c->count; k++) {
        lf_unit u = {0};
        bench_must(b, c->node[k]->op->unit(c->graph, c->node[k], b->arena, &u), c->name);
        lf_chain_add(chain, &u);
    }
    for (int i = 0; i < c->in_count; i++) {
        bench_place to = bench_consumer(c, c->in[i].tensor->id);
        lf_chain_source(chain, to.node, to.port);
    }
    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->node[k]->out_count; i++) {
            bench_place to = bench_consumer(c, c->node[k]->out[i]);
            if (to.node < 0)
                lf_chain_sink(chain, k, i);
            else
                lf_chain_join(chain, k, i, to.node, to.port);
        }
    return chain;
}

static inline void bench_predict(bench *b, bench_case *c) {
    lf_chain_ready ready;
    lf_chain_result result;
    lf_chain *chain = bench_chain(b, c);
    bench_must(b, lf_chain_check_ready(b->ctx, chain, 4, &ready), c->name);
    bench_must(b, lf_chain_run(b->ctx, chain, BENCH_FRAMES, 0, &result), c->name);
    c->registered = !ready.port_to_port;
    c->ii = result.ii_cycles;
    c->latency = result.latency_cycles;
    int64_t slowest = 0;
    for (int k = 0; k < c->count; k++) {
        lf_cost cost;
        bench_must(b, c->node[k]->op->cost(c->graph, c->node[k], &cost), c->name);
        slowest = cost.ii_cycles > slowest ? cost.ii_cycles : slowest;
    }
    BENCH_CHECK(b, c->starved ? slowest < c->ii : slowest == c->ii,
                "%s: the closed form says II %" PRId64 ", the twins %" PRId64, c->name, slowest, c->ii);
}

/* Ports, values, predictions, and places in the vectors. */
static inline void bench_prepare(bench *b, lf_rng *r) {
    b->drive_bits = 1; /* bit 0: aresetn */
    b->see_bits = 0;
    for (size_t i = 0; i < b->cases.count; i++) {
        bench_case *c = b->cases.at[i];
        bench_find_ports(b, c);
        bench_evaluate(b, c, r);
        bench_predict(b, c);
        for (int k = 0; k < c->in_count; k++) {
            bench_port *p = &c->in[k];
            p->data = b->drive_bits;
            p->valid = p->data + p->padded;
            p->last = p->valid + 1;
            b->drive_bits = p->last + 1;
            p->ready = b->see_bits++;
        }
        for (int k = 0; k < c->out_count; k++) {
            bench_port *p = &c->out[k];
            p->data = b->see_bits;
            p->valid = p->data + p->padded;
            p->last = p->valid + 1;
            b->see_bits = p->last + 1;
            p->ready = b->drive_bits++;
        }
    }
}

/* -- the expected waveform ------------------------------------------------------------------------------------------------ */

static inline int bench_words(int bits) {
    return bits > 96 ? (bits + 31) / 32 : 3;
}

static inline void bench_set(uint32_t *words, int at, int bits, uint64_t value) {
    lf_bits_set((uint8_t *)words, (size_t)at, bits, value);
}

/* The bits of beat `beat` (counted over frames) of a port. */
static inline void bench_set_beat(uint32_t *words, const bench_port *p, int64_t beat) {
    int each = lf_dtype_bits(p->tensor->dtype);
    const int64_t *code = p->frame[beat / p->beats % BENCH_FRAMES] + beat % p->beats * p->lanes;
    for (int64_t i = 0; i < p->lanes; i++)
        bench_set(words, p->data + (int)i * each, each, lf_code_to_bits(p->tensor->dtype, code[i]));
}

typedef struct bench_twin {
    lf_unit unit[BENCH_NODES];
    bool valid[BENCH_TENSORS], ready[BENCH_TENSORS]; /* by tensor */
    bool offer[BENCH_PORTS];
    int64_t sent[BENCH_PORTS], got[BENCH_PORTS]; /* beats per port */
    int64_t first_in, frames, frame_end[BENCH_FRAMES];
} bench_twin;

static inline void bench_twin_reset(bench *b, const bench_case *c, lf_arena *a, bench_twin *t) {
    memset(t, 0, sizeof *t);
    t->first_in = -1;
    for (int k = 0; k < c->count; k++)
        bench_must(b, c->node[k]->op->unit(c->graph, c->node[k], a, &t->unit[k]), c->name);
}

/* The flags at the ports of a node. */
static inline void bench_gather(const bench_case *c, const bench_twin *t, const lf_node *n, bool *s_valid,
                                bool *m_ready) {
    for (int i = 0, port = 0; i < n->in_count; i++)
        if (bench_streams(c, n, i))
            s_valid[port++] = t->valid[n->in[i]];
    for (int i = 0; i < n->out_count; i++)
        m_ready[i] = t->ready[n->out[i]];
}

/* The flags of one cycle: `offer` and `take` come from outside. */
static inline void bench_twin_settle(const bench_case *c, bench_twin *t, const bool *take) {
    bool s_valid[LF_UNIT_PORTS] = {0}, m_ready[LF_UNIT_PORTS] = {0};
    for (int i = 0; i < c->in_count; i++)
        t->valid[c->in[i].tensor->id] = t->offer[i];
    for (int i = 0; i < c->out_count; i++)
        t->ready[c->out[i].tensor->id] = take[i];
    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->node[k]->out_count; i++)
            t->valid[c->node[k]->out[i]] = t->unit[k].valid(t->unit[k].state, i);
    for (int k = c->count; k-- > 0;) {
        const lf_node *n = c->node[k];
        bench_gather(c, t, n, s_valid, m_ready);
        for (int i = 0, port = 0; i < n->in_count; i++)
            if (bench_streams(c, n, i)) {
                t->ready[n->in[i]] = t->unit[k].ready(t->unit[k].state, port, s_valid, m_ready);
                port++;
            }
    }
}

static inline bool bench_moves(const bench_twin *t, const bench_port *p) {
    return t->valid[p->tensor->id] && t->ready[p->tensor->id];
}

/* Frames that have left through every output. */
static inline int64_t bench_frames_out(const bench_case *c, const bench_twin *t) {
    int64_t least = BENCH_FRAMES;
    for (int i = 0; i < c->out_count; i++)
        least = t->got[i] / c->out[i].beats < least ? t->got[i] / c->out[i].beats : least;
    return least;
}

static inline void bench_twin_clock(bench *b, const bench_case *c, bench_twin *t, int64_t cycle) {
    bool s_valid[LF_UNIT_PORTS] = {0}, m_ready[LF_UNIT_PORTS] = {0};
    for (int k = 0; k < c->count; k++) {
        bench_gather(c, t, c->node[k], s_valid, m_ready);
        t->unit[k].clock(t->unit[k].state, s_valid, m_ready);
    }
    for (int i = 0; i < c->in_count; i++) {
        bool in = bench_moves(t, &c->in[i]);
        if (in && t->first_in < 0)
            t->first_in = cycle;
        t->sent[i] += in;
        t->offer[i] = t->offer[i] && !in;
    }
    for (int i = 0; i < c->out_count; i++) {
        BENCH_CHECK(b, !t->valid[c->out[i].tensor->id] || t->got[i] < c->out[i].beats * BENCH_FRAMES,
                    "%s: the twin gives more than it should", c->name);
        t->got[i] += bench_moves(t, &c->out[i]);
    }
    while (t->frames < bench_frames_out(c, t))
        t->frame_end[t->frames++] = cycle;
}

typedef struct bench_stalls {
    double source, sink; /* probability of not offering, of not taking */
} bench_stalls;

static inline void bench_record_input(const bench *b, const bench_twin *t, int port, const bench_port *p, size_t cycle,
                                      lf_rng *r) {
    uint32_t *drive = b->drive.at[cycle];
    for (int at = 0; at < p->padded; at += 32) /* whatever is not data is noise */
        bench_set(drive, p->data + at, p->padded - at < 32 ? p->padded - at : 32,
                  lf_rng_u32(r) & (p->padded - at < 32 ? (1u << (p->padded - at)) - 1 : ~0u));
    if (t->valid[p->tensor->id])
        bench_set_beat(drive, p, t->sent[port]);
    bench_set(drive, p->valid, 1, t->valid[p->tensor->id]);
    bench_set(drive, p->last, 1, lf_rng_below(r, 2));
    bench_set(b->mask.at[cycle], p->ready, 1, 1);
    bench_set(b->expect.at[cycle], p->ready, 1, t->ready[p->tensor->id]);
}

static inline void bench_record_output(const bench *b, const bench_twin *t, int port, const bench_port *p,
                                       size_t cycle) {
    uint32_t *expect = b->expect.at[cycle], *mask = b->mask.at[cycle];
    bench_set(b->drive.at[cycle], p->ready, 1, t->ready[p->tensor->id]);
    bench_set(mask, p->valid, 1, 1);
    bench_set(expect, p->valid, 1, t->valid[p->tensor->id]);
    if (!t->valid[p->tensor->id])
        return;
    bench_set_beat(expect, p, t->got[port]);
    bench_set(expect, p->last, 1, (t->got[port] + 1) % p->beats == 0);
    bench_set(mask, p->last, 1, 1);
    for (int at = 0; at < p->padded; at += 8)
        bench_set(mask, p->data + at, 8, 0xff);
}

/* Writes what happens in one cycle. */
static inline void bench_record(const bench *b, const bench_case *c, const bench_twin *t, size_t cycle, lf_rng *r) {
    for (int i = 0; i < c->in_count; i++)
        bench_record_input(b, t, i, &c->in[i], cycle, r);
    for (int i = 0; i < c->out_count; i++)
        bench_record_output(b, t, i, &c->out[i], cycle);
}

/* Runs the twins for `cycles` cycles (0: until all frames came out, and some more); records when `at` is given. */
static inline int64_t bench_simulate(bench *b, const bench_case *c, bench_stalls s, uint64_t seed, int64_t cycles,
                                     const size_t *at, bench_twin *t) {
    lf_arena *a = lf_arena_new();
    bench_twin_reset(b, c, a, t);
    lf_rng dice = lf_rng_make(seed, 1), noise = lf_rng_make(seed, 2);
    int64_t cycle = 0;
    for (int64_t idle = 0; cycles ? cycle < cycles : idle < BENCH_IDLE; cycle++) {
        bool take[BENCH_PORTS];
        for (int i = 0; i < c->in_count; i++) {
            bool stall = lf_rng_double(&dice) < s.source;
            t->offer[i] = t->offer[i] || (t->sent[i] < c->in[i].beats * BENCH_FRAMES && !stall);
        }
        for (int i = 0; i < c->out_count; i++)
            take[i] = lf_rng_double(&dice) >= s.sink;
        bench_twin_settle(c, t, take);
        if (at)
            bench_record(b, c, t, *at + (size_t)cycle, &noise);
        bench_twin_clock(b, c, t, cycle);
        idle += t->frames == BENCH_FRAMES;
        if (!cycles && cycle > 4000000) {
            BENCH_CHECK(b, false, "%s: the twins do not finish", c->name);
            break;
        }
    }
    lf_arena_free(a);
    return cycle;
}

/* Room for `cycles` more cycles with reset inactive; nothing expected, nothing offered. Returns the first. */
static inline size_t bench_grow(bench *b, int64_t cycles, bool reset) {
    size_t first = b->drive.count;
    for (int64_t i = 0; i < cycles; i++) {
        uint32_t *drive = LF_NEW_ARRAY(b->arena, uint32_t, bench_words(b->drive_bits));
        drive[0] = !reset;
        LF_PUSH(b->arena, &b->drive, drive);
        LF_PUSH(b->arena, &b->expect, LF_NEW_ARRAY(b->arena, uint32_t, bench_words(b->see_bits)));
        LF_PUSH(b->arena, &b->mask, LF_NEW_ARRAY(b->arena, uint32_t, bench_words(b->see_bits)));
    }
    return first;
}

/* The clock after a reset: a beat is offered everywhere, none is taken or given. */
static inline void bench_add_closed(bench *b) {
    size_t at = bench_grow(b, 1, false);
    for (size_t i = 0; i < b->cases.count; i++) {
        const bench_case *c = b->cases.at[i];
        for (int k = 0; k < c->in_count; k++) {
            bench_set(b->drive.at[at], c->in[k].valid, 1, 1);
            bench_set(b->mask.at[at], c->in[k].ready, 1, 1);
        }
        for (int k = 0; k < c->out_count; k++) {
            bench_set(b->drive.at[at], c->out[k].ready, 1, 1);
            bench_set(b->mask.at[at], c->out[k].valid, 1, 1);
        }
    }
}

static inline void bench_check_rate(bench *b, const bench_case *c, const bench_twin *t) {
    BENCH_CHECK(b, t->frame_end[0] - t->first_in == c->latency, "%s: latency %" PRId64 ", the chain says %" PRId64,
                c->name, t->frame_end[0] - t->first_in, c->latency);
    for (int f = BENCH_FRAMES - 2; f < BENCH_FRAMES; f++)
        BENCH_CHECK(b, t->frame_end[f] - t->frame_end[f - 1] == c->ii,
                    "%s: II %" PRId64 ", the closed form says %" PRId64, c->name, t->frame_end[f] - t->frame_end[f - 1],
                    c->ii);
}

/* One stall setting: reset, a run that a reset cuts off at a random moment, a whole run. */
static inline void bench_add_setting(bench *b, bench_stalls s, uint64_t seed) {
    int64_t longest = 0;
    bench_twin t;
    for (size_t i = 0; i < b->cases.count; i++) {
        int64_t n = bench_simulate(b, b->cases.at[i], s, seed + i, 0, NULL, &t);
        longest = n > longest ? n : longest;
        if (s.source == 0 && s.sink == 0)
            bench_check_rate(b, b->cases.at[i], &t);
    }
    lf_rng r = lf_rng_make(seed, 3);
    int64_t cut = lf_rng_between(&r, longest / 8 + 1, longest / 3 + 1);
    for (int phase = 0; phase < 2; phase++) {
        bench_grow(b, BENCH_RESET, true);
        bench_add_closed(b);
        int64_t cycles = phase ? longest : cut;
        size_t at = bench_grow(b, cycles, false);
        for (size_t i = 0; i < b->cases.count; i++)
            (void)bench_simulate(b, b->cases.at[i], s, seed + i, cycles, &at, &t);
    }
}

/* -- files ------------------------------------------------------------------------------------------------------------------ */

static inline void bench_write(bench *b, const char *name, const char *text, size_t len) {
    bench_must(b, lf_file_write(b->ctx, lf_path_join(b->arena, b->dir, name), text, len), name);
}

static inline void bench_print_case(bench *b, const bench_case *c, lf_text *list) {
    lf_vlog *v = lf_vlog_new(b->ctx, b->arena, c->name);
    for (int i = 0; i < c->in_count; i++) {
        const char *stream = lf_stream_name(b->arena, c->in[i].tensor);
        lf_vlog_stream(v, stream, c->in[i].bits);
        lf_vlog_input(v, c->in[i].suffix, stream, c->in[i].bits);
    }
    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->node[k]->out_count; i++)
            lf_vlog_stream(v, lf_stream_name(b->arena, lf_out(c->graph, c->node[k], i)),
                           lf_stream_bits(c->graph, c->node[k]->out[i]));
    for (int i = 0; i < c->out_count; i++)
        lf_vlog_output(v, c->out[i].suffix, lf_stream_name(b->arena, c->out[i].tensor), c->out[i].bits,
                       c->out[i].beats);
    for (int k = 0; k < c->count; k++)
        bench_must(b, c->node[k]->op->rtl(c->graph, c->node[k], v), c->name);
    const lf_vlog_file *files;
    size_t n = lf_vlog_finish(v, &files);
    if (!n)
        bench_must(b, LF_FAILED, c->name);
    for (size_t i = 0; i < n; i++) {
        bench_write(b, files[i].name, files[i].text, files[i].len);
        const char *line = lf_format(b->arena, "%s\n", files[i].name);
        if (!files[i].memory && !(list->at && strstr(list->at, line)))
            lf_text_add(list, line);
    }
    lf_vlog_free(v);
}

static inline void bench_print_port(lf_text *t, const bench_port *p, const char *side, const char *with,
                                    const char *against) {
    lf_text_addf(t, ",\n        .%s%stdata(%s[%d:%d])", side, p->suffix, with, p->data + p->padded - 1, p->data);
    lf_text_addf(t, ", .%s%stvalid(%s[%d])", side, p->suffix, with, p->valid);
    lf_text_addf(t, ", .%s%stlast(%s[%d])", side, p->suffix, with, p->last);
    lf_text_addf(t, ", .%s%stready(%s[%d])", side, p->suffix, against, p->ready);
}

/* bench.v: all cases side by side between one wide input and one wide output. */
static inline void bench_print_top(bench *b) {
    lf_text t = {0};
    lf_text_addf(
        &t, "module bench (\n    input  wire aclk,\n    input  wire [%d:0] drive,\n    output wire [%d:0] see\n);\n",
        bench_words(b->drive_bits) * 32 - 1, bench_words(b->see_bits) * 32 - 1);
    lf_text_add(&t, "    wire unused = &{1'b0, drive};\n");
    if (bench_words(b->see_bits) * 32 > b->see_bits)
        lf_text_addf(&t, "    assign see[%d:%d] = 0;\n", bench_words(b->see_bits) * 32 - 1, b->see_bits);
    for (size_t i = 0; i < b->cases.count; i++) {
        const bench_case *c = b->cases.at[i];
        lf_text_addf(&t, "    %s u%zu (.aclk(aclk), .aresetn(drive[0])", c->name, i);
        for (int k = 0; k < c->in_count; k++)
            bench_print_port(&t, &c->in[k], "s_axis_", "drive", "see");
        for (int k = 0; k < c->out_count; k++)
            bench_print_port(&t, &c->out[k], "m_axis_", "see", "drive");
        lf_text_add(&t, ");\n");
    }
    lf_text_add(&t, "endmodule\n");
    bench_write(b, "bench.v", t.at, t.len);
    lf_text_free(&t);
}

static inline const char *bench_print(bench *b) {
    lf_text list = {0};
    for (size_t i = 0; i < b->cases.count; i++)
        bench_print_case(b, b->cases.at[i], &list);
    bench_print_top(b);
    lf_text_add(&list, "bench.v\n");
    bench_write(b, "filelist.f", list.at, list.len);
    const char *files = lf_strdup(b->arena, list.at);
    lf_text_free(&list);
    return files;
}

/* Which inputs are toggled within a cycle, and which outputs must not follow. */
static inline void bench_masks(const bench *b, uint32_t *flip_valid, uint32_t *keep_valid, uint32_t *flip_ready,
                               uint32_t *keep_ready) {
    for (size_t i = 0; i < b->cases.count; i++) {
        const bench_case *c = b->cases.at[i];
        for (int k = 0; k < c->in_count; k++) {
            const bench_port *p = &c->in[k];
            bench_set(flip_valid, p->valid, 1, 1);
            for (int at = 0; at < p->padded; at += 8)
                bench_set(flip_valid, p->data + at, 8, 0xff);
            bench_set(keep_ready, p->ready, 1, c->registered);
        }
        for (int k = 0; k < c->out_count; k++) {
            const bench_port *p = &c->out[k];
            bench_set(flip_ready, p->ready, 1, 1);
            for (int at = 0; at < p->padded; at += 8) {
                bench_set(keep_valid, p->data + at, 8, 0xff);
                bench_set(keep_ready, p->data + at, 8, 0xff);
            }
            bench_set(keep_valid, p->valid, 2, 3);
            bench_set(keep_ready, p->valid, 2, 3);
        }
    }
}

/* vectors.bin for the C++ harness: widths, cycles, the four masks, then drive, expect and mask of every cycle. */
static inline void bench_write_binary(bench *b) {
    int wi = bench_words(b->drive_bits), wo = bench_words(b->see_bits);
    FILE *f = fopen(lf_path_join(b->arena, b->dir, "vectors.bin"), "wb");
    if (!f)
        abort();
    uint32_t head[3] = {(uint32_t)wi, (uint32_t)wo, (uint32_t)b->drive.count};
    uint32_t *m[4] = {LF_NEW_ARRAY(b->arena, uint32_t, wi), LF_NEW_ARRAY(b->arena, uint32_t, wo),
                      LF_NEW_ARRAY(b->arena, uint32_t, wi), LF_NEW_ARRAY(b->arena, uint32_t, wo)};
    bench_masks(b, m[0], m[1], m[2], m[3]);
    fwrite(head, sizeof head, 1, f);
    for (int i = 0; i < 4; i++)
        fwrite(m[i], 4, (size_t)(i % 2 ? wo : wi), f);
    for (size_t i = 0; i < b->drive.count; i++) {
        fwrite(b->drive.at[i], 4, (size_t)wi, f);
        fwrite(b->expect.at[i], 4, (size_t)wo, f);
        fwrite(b->mask.at[i], 4, (size_t)wo, f);
    }
    if (fclose(f))
        abort();
}

static inline void bench_add_hex(lf_text *t, const uint32_t *words, int count) {
    for (int i = count; i-- > 0;)
        lf_text_addf(t, "%08x", words[i]);
    lf_text_add(t, "\n");
}

/* The same for the Verilog harness: one line {drive, expect, mask} per cycle. */
static inline void bench_write_hex(bench *b) {
    int wi = bench_words(b->drive_bits), wo = bench_words(b->see_bits);
    lf_text t = {0};
    for (size_t i = 0; i < b->drive.count; i++) {
        uint32_t *line = LF_NEW_ARRAY(b->arena, uint32_t, wi + 2 * wo);
        memcpy(line, b->mask.at[i], 4 * (size_t)wo);
        memcpy(line + wo, b->expect.at[i], 4 * (size_t)wo);
        memcpy(line + 2 * wo, b->drive.at[i], 4 * (size_t)wi);
        bench_add_hex(&t, line, wi + 2 * wo);
    }
    bench_write(b, "vectors.hex", t.at, t.len);
    lf_text_free(&t);
    lf_text_addf(&t, "module replay;\n    reg aclk = 1'b0;\n    reg [%d:0] vectors [0:%zu];\n    reg [%d:0] now;\n",
                 (wi + 2 * wo) * 32 - 1, b->drive.count - 1, (wi + 2 * wo) * 32 - 1);
    lf_text_addf(
        &t, "    wire [%d:0] see;\n    wire [%d:0] bad = (see ^ now[%d:%d]) & now[%d:0];\n    integer i, k, errors;\n",
        wo * 32 - 1, wo * 32 - 1, 2 * wo * 32 - 1, wo * 32, wo * 32 - 1);
    lf_text_addf(&t, "    bench dut (.aclk(aclk), .drive(now[%d:%d]), .see(see));\n", (wi + 2 * wo) * 32 - 1,
                 2 * wo * 32);
    lf_text_addf(&t,
                 "    initial begin\n        $readmemh(\"vectors.hex\", vectors);\n        errors = 0;\n        for (i "
                 "= 0; i < %zu; i = i + 1) begin\n",
                 b->drive.count);
    lf_text_add(&t, "            now = vectors[i];\n            #4;\n            if (bad !== 0) begin\n                "
                    "errors = errors + 1;\n");
    lf_text_addf(
        &t, "                for (k = 0; k < %d && errors < 9; k = k + 1)\n                    if (bad[k] !== 1'b0)\n",
        wo * 32);
    lf_text_add(&t, "                        $display(\"cycle %0d bit %0d expected %b got %b\", i, k, see[k] ^ bad[k], "
                    "see[k]);\n            end\n");
    lf_text_addf(
        &t,
        "            aclk = 1'b1;\n            #5 aclk = 1'b0;\n            #1;\n        end\n        "
        "$display(\"replayed %%0d cycles, %%0d errors\", %zu, errors);\n        $finish;\n    end\nendmodule\n",
        b->drive.count);
    bench_write(b, "replay.v", t.at, t.len);
    lf_text_free(&t);
}

static const char bench_harness[] =
    "#include <cstdint>\n#include <cstdio>\n#include <vector>\n#include \"Vbench.h\"\n#include \"verilated.h\"\n"
    "typedef std::vector<uint32_t> words;\n"
    "static words get(FILE *f, size_t n) { words w(n); if (fread(w.data(), 4, n, f) != n) { puts(\"short file\"); } "
    "return w; }\n"
    "static int errors = 0;\n"
    "static void compare(const char *what, unsigned cycle, const uint32_t *see, const words &expect, const words "
    "&mask) {\n"
    "    for (size_t i = 0; i < mask.size(); i++)\n"
    "        for (uint32_t bad = (see[i] ^ expect[i]) & mask[i]; bad; bad &= bad - 1) {\n"
    "            if (errors++ < 8) { unsigned k = __builtin_ctz(bad);\n"
    "                printf(\"cycle %u bit %u expected %u got %u (%s)\\n\", cycle, unsigned(32 * i + k), (expect[i] >> "
    "k) & 1, (see[i] >> k) & 1, what); }\n"
    "        }\n}\n"
    "int main(int argc, char **argv) {\n"
    "    VerilatedContext context; context.commandArgs(argc, argv); context.randReset(2); context.randSeed(7);\n"
    "    Vbench top(&context);\n"
    "    FILE *f = fopen(\"vectors.bin\", \"rb\");\n"
    "    words head = get(f, 3), flip_valid = get(f, head[0]), keep_valid = get(f, head[1]), flip_ready = get(f, "
    "head[0]), keep_ready = get(f, head[1]);\n"
    "    for (unsigned cycle = 0; cycle < head[2]; cycle++) {\n"
    "        words drive = get(f, head[0]), expect = get(f, head[1]), mask = get(f, head[1]), seen(head[1]);\n"
    "        top.aclk = 0;\n"
    "        for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i];\n"
    "        top.eval();\n"
    "        compare(\"value\", cycle, &top.see[0], expect, mask);\n"
    "        for (size_t i = 0; i < seen.size(); i++) seen[i] = top.see[i];\n"
    "        if ((drive[0] & 1) && cycle % 3 == 0) {\n"
    "            for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i] ^ flip_valid[i];\n"
    "            top.eval();\n"
    "            compare(\"an output follows s_tvalid or s_tdata\", cycle, &top.see[0], seen, keep_valid);\n"
    "            for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i] ^ flip_ready[i];\n"
    "            top.eval();\n"
    "            compare(\"an output follows m_tready\", cycle, &top.see[0], seen, keep_ready);\n"
    "            for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i];\n"
    "            top.eval();\n"
    "        }\n"
    "        top.aclk = 1;\n"
    "        top.eval();\n"
    "    }\n"
    "    printf(\"replayed %u cycles, %d errors\\n\", head[2], errors);\n"
    "    top.final();\n"
    "    return errors ? 1 : 0;\n}\n";

/* -- running ------------------------------------------------------------------------------------------------------------------- */

static inline bool bench_tool(bench *b, const char *const *argv) {
    lf_run_result r;
    bench_must(b, lf_tool_run(b->ctx, b->arena, argv, b->dir, &r), argv[0]);
    if (r.exit_code)
        fprintf(stderr, "%s: exit %d\n%s\n", argv[0], r.exit_code, r.out);
    return r.exit_code == 0;
}

/* Runs a simulation and explains its first differences by the names of the cases. */
static inline bool bench_replay(bench *b, const char *const *argv, bool quiet) {
    lf_run_result r;
    bench_must(b, lf_tool_run(b->ctx, b->arena, argv, b->dir, &r), argv[0]);
    bool good = r.exit_code == 0 && strstr(r.out, ", 0 errors");
    if (quiet)
        return good;
    fprintf(stderr, "%s", r.out);
    for (const char *p = strstr(r.out, " bit "); p && !good; p = strstr(p + 1, " bit ")) {
        int bit = atoi(p + 5);
        for (size_t i = 0; i < b->cases.count; i++) {
            const bench_case *c = b->cases.at[i];
            for (int k = 0; k < c->in_count; k++)
                if (bit == c->in[k].ready)
                    fprintf(stderr, "  bit %d is s_tready %d of %s\n", bit, k, c->name);
            for (int k = 0; k < c->out_count; k++)
                if (bit >= c->out[k].data && bit <= c->out[k].last)
                    fprintf(stderr, "  bit %d is %s %d of %s\n", bit,
                            bit == c->out[k].valid  ? "m_tvalid"
                            : bit == c->out[k].last ? "m_tlast"
                                                    : "m_tdata",
                            k, c->name);
        }
    }
    return good;
}

static inline bool bench_verilator(bench *b) {
    bench_write_binary(b);
    bench_write(b, "harness.cpp", bench_harness, sizeof bench_harness - 1);
    const char *build[] = {"verilator",    "-Wall",      "--cc",        "--exe",
                           "--build",      "-O3",        "--x-initial", "unique",
                           "--x-assign",   "unique",     "-MAKEFLAGS",  "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0 -s",
                           "--top-module", "bench",      "-Mdir",       "obj",
                           "-f",           "filelist.f", "harness.cpp", NULL};
    const char *run[] = {lf_path_join(b->arena, b->dir, "obj/Vbench"), NULL};
    return bench_tool(b, build) && bench_replay(b, run, false);
}

/* "read_verilog a.v b.v ..." of the file list, as it is. */
static inline const char *bench_read_script(bench *b) {
    lf_file list;
    bench_must(b, lf_file_open(b->ctx, lf_path_join(b->arena, b->dir, "filelist.f"), 0, &list), "filelist.f");
    char *files = lf_strndup(b->arena, (const char *)list.data, list.size);
    lf_file_close(&list);
    for (char *p = strchr(files, '\n'); p; p = strchr(p, '\n'))
        *p = ' ';
    return lf_format(b->arena, "read_verilog %s", files);
}

static inline bool bench_icarus_build(bench *b) {
    const char *argv[] = {"iverilog",   "-g2005", "-Wall",      "-s",       "replay", "-o",
                          "replay.vvp", "-c",     "filelist.f", "replay.v", NULL};
    return bench_tool(b, argv);
}

static inline bool bench_icarus_replay(bench *b, bool quiet) {
    const char *argv[] = {"vvp", "-n", "replay.vvp", NULL};
    return bench_replay(b, argv, quiet);
}

static inline bool bench_icarus(bench *b) {
    bench_write_hex(b);
    return bench_icarus_build(b) && bench_icarus_replay(b, false);
}

/* -- faults that must be seen ------------------------------------------------------------------------------------------------- */

typedef struct bench_fault {
    const char *what, *file, *from, *to;
} bench_fault;

/* Writes the file with the fault; returns the text without it. */
static inline const char *bench_plant(bench *b, const bench_fault *f) {
    lf_file file;
    bench_must(b, lf_file_open(b->ctx, lf_path_join(b->arena, b->dir, f->file), 0, &file), f->file);
    const char *good = lf_strndup(b->arena, (const char *)file.data, file.size), *at = strstr(good, f->from);
    lf_file_close(&file);
    if (!at) {
        fprintf(stderr, "FAILED: %s has no '%s'\n", f->file, f->from);
        abort();
    }
    const char *bad = lf_format(b->arena, "%.*s%s%s", (int)(at - good), good, f->to, at + strlen(f->from));
    bench_write(b, f->file, bad, strlen(bad));
    return good;
}

/* True when Icarus builds the design with the fault and the vectors, written before, show a difference. */
static inline bool bench_sees(bench *b, const bench_fault *f) {
    const char *good = bench_plant(b, f);
    bool built = bench_icarus_build(b), seen = built && !bench_icarus_replay(b, true);
    bench_write(b, f->file, good, strlen(good));
    if (!seen)
        fprintf(stderr, "%s: %s\n", built ? "not seen" : "not built", f->what);
    return seen;
}

static inline void bench_begin(bench *b) {
    memset(b, 0, sizeof *b);
    b->ctx = lf_ctx_new(1);
    b->arena = lf_arena_new();
    bench_must(b, lf_temp_dir(b->ctx, b->arena, NULL, &b->dir), "temporary directory");
}

static inline void bench_forget_cycles(bench *b) {
    b->drive.count = b->expect.count = b->mask.count = 0;
}

static inline void bench_end(bench *b) {
    for (size_t i = 0; i < b->cases.count; i++)
        lf_graph_free(b->cases.at[i]->graph);
    if (!b->failed && !getenv("LF_KEEP"))
        lf_remove_tree(b->dir);
    else
        fprintf(stderr, "left in %s\n", b->dir);
    lf_arena_free(b->arena);
    lf_ctx_free(b->ctx);
}

#endif
