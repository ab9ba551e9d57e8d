/* What units with several operands or outputs share. */
#ifndef LF_OPS_BRANCH_H
#define LF_OPS_BRANCH_H

#include "ops/stream.h"

/* LF_BAD_INPUT unless every operand is there, not a constant, and codes with scale 1. */
LF_MUST_USE lf_status lf_need_streams(const lf_graph *g, const lf_node *n);
/* The same, and all of one shape. */
LF_MUST_USE lf_status lf_need_same_streams(const lf_graph *g, const lf_node *n);

/* Length of the last axis; 1 for a scalar. */
int64_t lf_last_dim(lf_shape s);
/* The range of index c of the last axis of t, as far as it is known. */
lf_range lf_last_axis_range(const lf_tensor *t, int64_t c);

#endif
