/* Where a circuit needs FIFOs and registers on ready, and how deep they must be: found with the twins (fpga/chain.h). */
#ifndef LF_PASS_BUFFERS_H
#define LF_PASS_BUFFERS_H

#include "pass/stream_model.h"

/* A place for a FIFO: the node `fifo` stands in the graph before one stream operand of a unit. */
typedef struct lf_slot {
    lf_node *fifo;
    int unit;             /* in the model; filled in by lf_buffers_size, like all that follows */
    int to, to_port;      /* the unit behind it, and that unit's input */
    int64_t beats, depth; /* per frame; depth 0: no FIFO */
    int64_t vector;       /* beats of a vector that the unit behind takes in one go and then works on; 0: it does not */
    int64_t peak;         /* most beats held when the source keeps the pace of the whole circuit */
    int bits;             /* of a beat */
    bool bufferable;      /* between two units; else only a register on ready may stand here */
    bool cut;             /* readiness must not pass: at least a skid buffer */
} lf_slot;

typedef LF_VEC(lf_slot) lf_slots;

/* Chooses the depth of every slot and the style of every FIFO: at least as fast as `bound` cycles a frame if any depths are, or as fast
 * as they can be; no deadlock; at most `most_ready` units in a row whose ready is combinational and none from port to port
 * (contracts.md 5.2); little memory. *ii is what is reached. Depths are proved by a run of the model with sources that never pause.
 *
 * Method: sources that spread a frame evenly over the bound, FIFOs without end: what they hold is deep enough, because in a monotone
 * dataflow graph no beat that comes earlier delays another. Then FIFOs go, in groups, and the dearest shrink, as long as the rate
 * stays and the budget of model runs lasts. `scratch` holds the model; slots point to nodes of the graph. LF_FAILED, naming who waits for
 * whom, when the circuit stops even with FIFOs without end. */
LF_MUST_USE lf_status lf_buffers_size(lf_graph *g, lf_slots *slots, int64_t bound, int most_ready, lf_arena *scratch,
                                      int64_t *ii);

/* The cheapest style for a FIFO of that depth (1 to 2^20), set on the node together with the depth. A deeper one that is cheaper is taken
 * instead when `round_up`, if it is at most an eighth deeper. */
LF_MUST_USE lf_status lf_buffers_set(lf_graph *g, lf_node *fifo, int64_t depth, bool round_up);

/* The same for a slot of a model, whose unit becomes the twin of that FIFO (in `a`), or wires with depth 0. A FIFO is at most 2^20 deep. */
LF_MUST_USE lf_status lf_slot_set_depth(lf_graph *g, lf_slot *s, int64_t depth, bool round_up, lf_arena *a,
                                        lf_chain *chain);

#endif
