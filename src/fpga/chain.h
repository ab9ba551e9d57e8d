/* A network of units' twins (unit.h), simulated clock by clock without data: the exact latency, initiation interval and FIFO
 * fill of the circuit. Any graph without loops. Sinks always take a beat; sources always offer one, or at an even pace.
 *
 * latency_cycles = (cycle in which the last output beat of the first frame is taken) - (cycle in which its first input beat is
 * taken), from empty. ii_cycles = the mean distance between the cycles in which the last beats of frames are taken, over the second half of
 * the run (lf_settled_intervals), rounded up: where branches with FIFOs of few frames meet, intervals may take turns.
 * With several sinks a frame's last beat is the latest one of all; with several sources the first beat is the earliest.
 *
 * The work of a cycle is that of the units in which something changes: the others rest (unit.h, state_bytes and steady), and when
 * all rest the clock jumps. That changes nothing in the result. */
#ifndef LF_FPGA_CHAIN_H
#define LF_FPGA_CHAIN_H

#include "base/ctx.h"
#include "fpga/unit.h"

typedef struct lf_chain lf_chain;

/* Of a run of so many frames, how many intervals between them count. */
static inline int64_t lf_settled_intervals(int64_t frames) {
    return frames > 4 ? (frames - 1) / 2 : 1;
}

typedef struct lf_chain_result {
    int64_t latency_cycles;
    int64_t ii_cycles; /* -1 with one frame */
    bool steady;       /* the intervals that ii_cycles is the mean of are all the same */
    int64_t cycles;    /* simulated in all */
} lf_chain_result;

/* How a run ended: all frames left; the units block each other for ever; max_cycles were not enough. */
typedef enum lf_chain_end { LF_CHAIN_DONE, LF_CHAIN_BLOCKED, LF_CHAIN_LATE } lf_chain_end;

/* How far readiness runs combinationally (contracts.md 5.2). */
typedef struct lf_chain_ready {
    int longest;       /* units in a row whose s_tready depends on m_tready */
    int at;            /* the unit nearest to the sources in that row; -1 when longest is 0 */
    int cut;           /* the unit of that row before which a register leaves `most` of them behind it */
    int cut_port;      /* the input of `cut` that lies on that row */
    bool port_to_port; /* from a sink's ready to a source's ready */
} lf_chain_ready;

/* Of a unit's ports in a run: the most cycles one of its inputs was ready and had no beat, and one of its outputs had a beat that
 * was not taken. */
typedef struct lf_chain_waits {
    int64_t starved_cycles, blocked_cycles;
} lf_chain_waits;

lf_chain *lf_chain_new(lf_arena *a);
/* Adds a unit (copied; name and state must outlive the chain, state zero) and returns its index. */
int lf_chain_add(lf_chain *c, const lf_unit *u);
void lf_chain_join(lf_chain *c, int from, int from_port, int to, int to_port);
void lf_chain_source(lf_chain *c, int to, int to_port);
void lf_chain_sink(lf_chain *c, int from, int from_port);

/* Between runs. Another twin with the same ports in a unit's place; a unit with one input and one output as wires; sources that
 * spread the beats of a frame evenly over `interval` cycles instead of offering them at once (0). */
void lf_chain_replace(lf_chain *c, int unit, const lf_unit *u);
void lf_chain_bypass(lf_chain *c, int unit, bool bypassed);
void lf_chain_pace(lf_chain *c, int64_t interval);
/* Peaks cost time: with `skip`, runs leave them 0. */
void lf_chain_skip_peaks(lf_chain *c, bool skip);

/* Before the first run: every pipeline becomes one rank of registers (unit.h, shorten). When one frame then passes from sources that never
 * pause, no pauses of sources and sinks can stop the circuit as it is for ever (doc/dev/deadlock.md). */
void lf_chain_shorten(lf_chain *c);

/* Runs `frames` (>= 1) frames through, from empty. LF_FAILED, naming who waits for whom, when the units block each other or when
 * max_cycles (0: no limit) are not enough; when a port is not connected; in a second run when a unit does not say its state_bytes. */
LF_MUST_USE lf_status lf_chain_run(lf_ctx *ctx, lf_chain *c, int frames, int64_t max_cycles, lf_chain_result *out);
/* The same, but being blocked or late is an answer and no error; `out` is set when it is done. Blocked, it has only `cycles`: until the last
 * beat moved. */
LF_MUST_USE lf_status lf_chain_try(lf_ctx *ctx, lf_chain *c, int frames, int64_t max_cycles, lf_chain_end *end,
                                   lf_chain_result *out);

/* After a run: how many clock edges of units it took, which is what its time goes with. */
int64_t lf_chain_edges(const lf_chain *c);
/* After a run: the most beats that a unit which gives what it takes, beat by beat, held at once (FIFOs, skids, pipes). */
int64_t lf_chain_peak(const lf_chain *c, int unit);
lf_chain_waits lf_chain_waits_of(const lf_chain *c, int unit);
/* After a run: every beat of its frames has passed every stream, those too that no output needed. */
bool lf_chain_all_passed(const lf_chain *c);
/* After a run: a beat stands before an input of a unit, which does not take it. */
bool lf_chain_waits_at(const lf_chain *c, int unit, int port);
/* After a run: the beats that passed an input or output of a unit. */
int64_t lf_chain_passed(const lf_chain *c, int unit, bool output, int port);
/* After a blocked run: who waits for whom, in arena memory; *full is a unit of that circle which is full, or -1. */
const char *lf_chain_blocked_text(const lf_chain *c, lf_arena *a, int *full);

/* Over the units that are not bypassed; `most` is how many may stand in a row. */
LF_MUST_USE lf_status lf_chain_check_ready(lf_ctx *ctx, lf_chain *c, int most, lf_chain_ready *out);

#endif
