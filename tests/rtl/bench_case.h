/* The cases of a test bench (unit_bench.h): graphs of units, their ports, random inputs with what `exec` makes of them, and the rate and
 * latency that the twins predict. */
#ifndef LF_TESTS_BENCH_CASE_H
#define LF_TESTS_BENCH_CASE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "fpga/chain.h"
#include "ops/ops.h"
#include "ops/run_node.h"
#include "ops/stream.h"

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

#endif
