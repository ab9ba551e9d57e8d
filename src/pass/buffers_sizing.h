/* The search of lf_buffers_size for depths of FIFOs: inside buffers*.c only. */
#ifndef LF_PASS_BUFFERS_SIZING_H
#define LF_PASS_BUFFERS_SIZING_H

#include "pass/buffers.h"

enum { LF_REGISTER_DEPTH = 2 }; /* the most that a FIFO of registers holds */

typedef struct lf_sizing {
    lf_graph *g;
    lf_arena *arena;
    lf_chain *chain;
    size_t units;
    lf_slots *slots;
    int64_t bound, limit; /* cycles of a frame; of a run that may count as good (0: no limit) */
    int frames;
    int64_t spent; /* edges */
    int runs;
    bool large;
    bool proved; /* the circuit as it stands keeps the bound, at proved_ii */
    int64_t proved_ii;
} lf_sizing;

/* The depth of one slot, and of all (in z's arena) and back. */
LF_MUST_USE lf_status lf_sizing_set_depth(lf_sizing *z, lf_slot *s, int64_t depth);
int64_t *lf_sizing_depths(const lf_sizing *z);
LF_MUST_USE lf_status lf_sizing_set_depths(lf_sizing *z, const int64_t *depth);
/* Whether the circuit as it stands keeps the bound; *ii: -1 when it stops or takes too long. */
LF_MUST_USE lf_status lf_sizing_keeps_rate(lf_sizing *z, bool *keeps, int64_t *ii);
/* Whether the budget allows another run of the model. */
bool lf_sizing_may_run(const lf_sizing *z);
/* What the FIFO of a slot costs, in LUTs. */
LF_MUST_USE lf_status lf_slot_weight(lf_graph *g, const lf_slot *s, double *weight);
/* The least depth from `depth` on that a memory holds without more logic than it must have. */
int64_t lf_memory_depth(int64_t depth);

/* buffers_shrink.c: before matrix-vector units one vector, behind windows whose vectors come evenly or behind others; no FIFO where
 * none fills; the dearest smaller. */
LF_MUST_USE lf_status lf_sizing_keep_vectors(lf_sizing *z, bool even);
LF_MUST_USE lf_status lf_sizing_drop_idle(lf_sizing *z);
LF_MUST_USE lf_status lf_sizing_shrink_dearest(lf_sizing *z);

#endif
