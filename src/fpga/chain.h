/* A network of units' twins (unit.h), simulated clock by clock without data: the exact latency, initiation interval and FIFO
 * fill of the circuit. Sources always offer a beat and sinks always take one.
 *
 * latency_cycles = (cycle in which the last output beat of the first frame is taken) - (cycle in which its first input beat is
 * taken), from empty. ii_cycles = the distance between the cycles in which the last beats of the last two frames are taken.
 * With several sinks a frame's last beat is the latest one of all; with several sources the first beat is the earliest. */
#ifndef LF_FPGA_CHAIN_H
#define LF_FPGA_CHAIN_H

#include "base/ctx.h"
#include "fpga/unit.h"

typedef struct lf_chain lf_chain;

typedef struct lf_chain_result {
    int64_t latency_cycles;
    int64_t ii_cycles; /* -1 with one frame */
    int64_t cycles;    /* simulated in all */
} lf_chain_result;

/* How far readiness runs combinationally (contracts.md 5.2). */
typedef struct lf_chain_ready {
    int longest;       /* units in a row whose s_tready depends on m_tready */
    int at;            /* the unit nearest to the sources in that row; -1 when longest is 0 */
    bool port_to_port; /* from a sink's ready to a source's ready */
} lf_chain_ready;

lf_chain *lf_chain_new(lf_arena *a);
/* Adds a unit (copied; name and state must outlive the chain, state zero) and returns its index. */
int lf_chain_add(lf_chain *c, const lf_unit *u);
void lf_chain_join(lf_chain *c, int from, int from_port, int to, int to_port);
void lf_chain_source(lf_chain *c, int to, int to_port);
void lf_chain_sink(lf_chain *c, int from, int from_port);

/* Runs `frames` (>= 1) frames through; once per chain. LF_FAILED, naming who waits for whom, when the units block each other, when
 * max_cycles (0: no limit) are not enough, or when a port is not connected. */
LF_MUST_USE lf_status lf_chain_run(lf_ctx *ctx, lf_chain *c, int frames, int64_t max_cycles, lf_chain_result *out);

/* After a run: the most beats unit `unit` held at once (taken on input 0 minus given on output 0; for FIFOs and skids). */
int64_t lf_chain_peak(const lf_chain *c, int unit);

LF_MUST_USE lf_status lf_chain_check_ready(lf_ctx *ctx, lf_chain *c, lf_chain_ready *out);

#endif
