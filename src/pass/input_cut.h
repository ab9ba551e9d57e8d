/* Where a float input meets the circuit: when its grid must be declared (contracts.md 2). */
#ifndef LF_PASS_INPUT_CUT_H
#define LF_PASS_INPUT_CUT_H

#include "ir/graph.h"

/* Records that node n, which has `what` ("weights"), needs the input's grid, and proposes one. Returns LF_BAD_INPUT. */
lf_status lf_propose_grid(const lf_graph *g, const lf_node *n, const char *what);

/* After integerize: LF_BAD_INPUT when a thermometer or the quantizers of a table network stayed on the host. They are the network's encoder and
 * belong to the circuit. */
LF_MUST_USE lf_status lf_check_encoder(const lf_graph *g);

#endif
