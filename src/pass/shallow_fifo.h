/* Which FIFO holds a circuit up. */
#ifndef LF_PASS_SHALLOW_FIFO_H
#define LF_PASS_SHALLOW_FIFO_H

#include "pass/stream_model.h"

/* After a run of m with `frames` frames that took ii_cycles a frame: of the FIFOs that were full in it, the one that alone, were it without
 * end, makes a frame fastest, and *better is the cycles of that frame. NULL when none helps alone, or when the circuit is too large to
 * try them. The model is left as it was; what chain functions say of the last run is of another one then. */
LF_MUST_USE lf_status lf_shallow_fifo(const lf_graph *g, lf_stream_model *m, int frames, int64_t ii_cycles, lf_arena *a,
                                      const lf_node **fifo, int64_t *better);

#endif
