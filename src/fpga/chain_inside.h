/* The inside of a chain, shared by chain.c (what it is), chain_run.c (the clock) and chain_blocked.c (who waits for whom). */
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
    int from, from_port, to, to_port;
    int64_t beats; /* per frame */
    bool valid, ready;
    int64_t since, moved, unfed_cycles, untaken_cycles; /* ready without valid; valid without ready */
    int64_t first;                                      /* cycle of the first beat, -1 */
    int64_t *left;                                      /* sinks: by frame, cycle of its last beat */
    int end;                                            /* sources and sinks: index among the ends; else -1 */
} lf_chain_link;

/* What every clock edge needs comes first. */
typedef struct lf_chain_unit {
    bool s_valid[LF_UNIT_PORTS], m_ready[LF_UNIT_PORTS];
    int64_t resting_since; /* edges from this cycle on are still to be made up; -1: it is clocked in every cycle */
    int place;             /* in topological order */
    bool bypassed, keeps;  /* keeps: gives what it takes, beat by beat */
    lf_chain_link *out[LF_UNIT_PORTS], *in[LF_UNIT_PORTS];
    lf_unit u;
    lf_chain_wire *in_wire[LF_UNIT_PORTS], *out_wire[LF_UNIT_PORTS];
    void *fresh; /* its state before the first run */
    int64_t peak;
} lf_chain_unit;

struct lf_chain {
    lf_arena *arena;
    LF_VEC(lf_chain_unit *) units;
    LF_VEC(lf_chain_wire *) wires;
    int *order; /* unit by place; NULL until sorted */
    bool started;
    int64_t interval; /* of paced sources, or 0 */

    /* The run. */
    lf_chain_link *links;
    size_t link_count;
    lf_chain_link **ends;
    size_t end_count;
    int frames;
    int64_t now, edges; /* edges: of units that did not rest */
};

/* Checks, sorts and, for a run, resets every unit and joins links past what is bypassed. */
LF_MUST_USE lf_status lf_chain_prepare(lf_ctx *ctx, lf_chain *c);
LF_MUST_USE lf_status lf_chain_start(lf_ctx *ctx, lf_chain *c, int frames);
/* Counts what happened on a link before cycle c->now. */
void lf_chain_count(lf_chain *c, lf_chain_link *l);

#endif
