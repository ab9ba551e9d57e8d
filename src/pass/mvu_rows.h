#ifndef LF_PASS_MVU_ROWS_H
#define LF_PASS_MVU_ROWS_H

#include "ir/op.h"

/* Changes a matrix-vector node so that row r gives factor[r] * sum + add[r] (NULL: 1, 0), by new weights and bias; infers it
 * again. For nodes without thresholds. */
LF_MUST_USE lf_status lf_mvu_rows_change(lf_graph *g, lf_node *mvu, const int64_t *factor, const int64_t *add);

#endif
