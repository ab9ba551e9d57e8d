/* Whether pauses of sources and sinks can stop a circuit for ever, whatever their pattern: doc/dev/deadlock.md says what is proved and how.
 * The proof is one frame through the circuit with every pipeline one register long. */
#ifndef LF_PASS_STALLS_H
#define LF_PASS_STALLS_H

#include "pass/buffers.h"

typedef struct lf_stall_proof {
    const char
        *stops; /* who waits for whom in the shortened circuit, in arena memory; NULL: no stalls can stop the circuit */
    int64_t units, streams; /* that took part */
    int64_t beats;          /* passed in all */
} lf_stall_proof;

/* Of a connected circuit. Not to hold is an answer and no error. */
LF_MUST_USE lf_status lf_stalls_prove(const lf_graph *g, lf_arena *a, lf_stall_proof *out);

/* Makes FIFOs deeper where branches meet, until the proof holds. Slots as lf_buffers_size left them; `a` is scratch. LF_FAILED, naming who
 * waits for whom, when no depths help. */
LF_MUST_USE lf_status lf_stalls_deepen(lf_graph *g, lf_slots *slots, lf_arena *a);

#endif
