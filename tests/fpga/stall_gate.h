/* A twin whose streams pause at random: closed for a while, open for a while, each port by itself. An offered word that was seen stays
 * offered. After some time all stay open, so that what then still stands stands for ever. Put around the units at a circuit's ends these are sources and sinks that pause; around all of them, gaps anywhere. */
#ifndef LF_TESTS_FPGA_STALL_GATE_H
#define LF_TESTS_FPGA_STALL_GATE_H

#include <string.h>

#include "base/rng.h"
#include "fpga/chain.h"

/* The state of `inner` stands behind it: all of it may be moved. */
typedef struct stall_gate {
    lf_unit inner;
    lf_rng rng;
    bool in[LF_UNIT_PORTS], out[LF_UNIT_PORTS]; /* which ports pause */
    bool in_open[LF_UNIT_PORTS], out_open[LF_UNIT_PORTS];
    int64_t in_left[LF_UNIT_PORTS], out_left[LF_UNIT_PORTS]; /* cycles until it changes */
    int64_t open_most, closed_most;
    int64_t pausing; /* cycles until all stay open */
} stall_gate;

static inline bool gate_valid(const void *state, int port) {
    const stall_gate *g = state;
    return g->out_open[port] && g->inner.kind->valid(g + 1, port);
}

static inline void gate_flags(const stall_gate *g, const bool *s_valid, const bool *m_ready, bool *valid, bool *ready) {
    for (int p = 0; p < g->inner.in_count; p++)
        valid[p] = s_valid[p] && g->in_open[p];
    for (int p = 0; p < g->inner.out_count; p++)
        ready[p] = m_ready[p] && g->out_open[p];
}

static inline bool gate_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const stall_gate *g = state;
    bool valid[LF_UNIT_PORTS], ready[LF_UNIT_PORTS];
    gate_flags(g, s_valid, m_ready, valid, ready);
    return g->in_open[port] && g->inner.kind->ready(g + 1, port, valid, ready);
}

static inline void gate_turn(stall_gate *g, bool pauses, bool *open, int64_t *left) {
    if (!pauses || (g->pausing > 0 && --*left > 0))
        return;
    *open = !*open || g->pausing == 0;
    if (g->pausing == 0)
        return;
    *left = lf_rng_between(&g->rng, 1, *open ? g->open_most : g->closed_most);
}

static inline void gate_clock(void *state, const bool *s_valid, const bool *m_ready) {
    stall_gate *g = state;
    bool valid[LF_UNIT_PORTS], ready[LF_UNIT_PORTS], waits[LF_UNIT_PORTS];
    gate_flags(g, s_valid, m_ready, valid, ready);
    for (int p = 0; p < g->inner.in_count; p++)
        waits[p] = valid[p] && !g->inner.kind->ready(g + 1, p, valid, ready);
    g->inner.kind->clock(g + 1, valid, ready);
    for (int p = 0; p < g->inner.in_count; p++)
        gate_turn(g, g->in[p] && !waits[p], &g->in_open[p], &g->in_left[p]);
    for (int p = 0; p < g->inner.out_count; p++)
        gate_turn(g, g->out[p], &g->out_open[p], &g->out_left[p]);
    g->pausing -= g->pausing > 0;
}

static const lf_unit_kind gate_kind = {gate_valid, gate_ready, gate_clock, NULL, NULL, NULL};

/* `in`, `out`: bits of the ports that pause. `u` says its state_bytes. */
static inline lf_unit gate_around(lf_arena *a, const lf_unit *u, unsigned in, unsigned out, uint64_t seed) {
    static const int64_t longest[] = {1, 2, 7, 40, 300};
    size_t bytes = sizeof(stall_gate) + u->state_bytes;
    stall_gate *g = lf_alloc(a, bytes);
    *g = (stall_gate){.inner = *u, .rng = lf_rng_make(seed, 5)};
    g->open_most = longest[lf_rng_below(&g->rng, 5)];
    g->closed_most = longest[lf_rng_below(&g->rng, 5)];
    g->pausing = lf_rng_between(&g->rng, 100, 4000);
    memcpy(g + 1, u->state, u->state_bytes);
    for (int p = 0; p < LF_UNIT_PORTS; p++) {
        g->in[p] = in >> p & 1;
        g->out[p] = out >> p & 1;
        g->in_open[p] = g->out_open[p] = true;
    }
    lf_unit gate = *u;
    gate.state = g;
    gate.state_bytes = bytes;
    gate.kind = &gate_kind;
    return gate;
}

#endif
