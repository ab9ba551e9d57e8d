/* The inside of a chain, shared by chain.c (what it is), chain_start.c (what a run begins with), chain_run.c (the clock) and
 * chain_blocked.c (who waits for whom). */
#ifndef LF_FPGA_CHAIN_INSIDE_H
#define LF_FPGA_CHAIN_INSIDE_H

#include "fpga/chain.h"

enum { LF_CHAIN_OUTSIDE = -1 };

/* As it was declared. */
typedef struct lf_chain_wire {
    int from, from_port, to, to_port; /* LF_CHAIN_OUTSIDE: a source or a sink */
} lf_chain_wire;

/* As it is in a run: from producer to consumer, past units that are bypassed. Its flags hold from cycle `since` on, and what
 * happened before that is counted. */
typedef struct lf_chain_link {
    int from_place, to_place; /* of the units, or LF_CHAIN_OUTSIDE */
    int end;                  /* sources and sinks: index among the ends; else -1 */
    uint8_t from_port, to_port;
    bool valid, ready;
    bool from_peak, to_peak;                            /* the peak of that unit is wanted */
    int64_t since, moved, unfed_cycles, untaken_cycles; /* ready without valid; valid without ready */
    int64_t *left;                                      /* sinks: by frame, cycle of its last beat */
    int64_t first;                                      /* sources: cycle of the first beat, -1 */
    int64_t beats;                                      /* per frame */
    int from, to;
} lf_chain_link;

typedef struct lf_chain_unit {
    lf_unit u;
    int place;            /* in topological order */
    bool bypassed, keeps; /* keeps: gives what it takes, beat by beat */
    lf_chain_wire *in_wire[LF_UNIT_PORTS], *out_wire[LF_UNIT_PORTS];
    lf_chain_link *out[LF_UNIT_PORTS], *in[LF_UNIT_PORTS];
    int64_t peak;
} lf_chain_unit;

/* A unit in a run: what its clock edges need, and nothing else, so that caches hold all of them. */
typedef struct lf_chain_worker {
    bool s_valid[LF_UNIT_PORTS], m_ready[LF_UNIT_PORTS];
    int64_t resting_since; /* edges from this cycle on are still to be made up; -1: it is clocked in every cycle */
    void *state;           /* a copy, where the unit says its state_bytes */
    int64_t (*steady)(const void *state, const bool *s_valid, const bool *m_ready);
    void (*clock)(void *state, const bool *s_valid, const bool *m_ready);
    void (*skip)(void *state, int64_t edges, const bool *s_valid, const bool *m_ready);
    int in_count, out_count;
    bool (*valid)(const void *state, int port);
    bool (*ready)(const void *state, int port, const bool *s_valid, const bool *m_ready);
    struct {
        uint32_t in, out; /* by port: indices of links */
    } link[LF_UNIT_PORTS];
    size_t state_bytes;
    int64_t peak;
} lf_chain_worker;

struct lf_chain {
    lf_arena *arena;
    LF_VEC(lf_chain_unit *) units;
    LF_VEC(lf_chain_wire *) wires;
    int *order; /* unit by place; NULL until sorted */
    bool started, skips_peaks;
    int64_t interval; /* of paced sources, or 0 */

    /* The run. */
    lf_chain_worker *workers; /* by place */
    lf_chain_link *links;
    size_t link_count;
    lf_chain_link **ends;
    size_t end_count;
    int frames;
    int64_t now, edges; /* edges: of units that did not rest */
};

/* Checks and sorts. */
LF_MUST_USE lf_status lf_chain_prepare(lf_ctx *ctx, lf_chain *c);
/* The same, and a worker after reset for every unit; links past what is bypassed. */
LF_MUST_USE lf_status lf_chain_start(lf_ctx *ctx, lf_chain *c, int frames);

#endif
