#ifndef LF_API_SAME_PROGRAM_H
#define LF_API_SAME_PROGRAM_H

#include "ir/graph.h"

/* Runs both graphs, which have the same inputs and outputs, on `rows` rows (one all low, one all high when there are three or more, the
 * rest random) and compares every output bit. LF_FAILED, naming the output, the row and both values, when they differ. */
LF_MUST_USE lf_status lf_same_program(const lf_graph *a, const lf_graph *b, int64_t rows);

/* Operations of the reference engine for one row. */
double lf_row_operations(const lf_graph *g);

/* How many rows that takes some seconds for at most: `most` for small graphs, at least 2. */
int64_t lf_same_program_rows(const lf_graph *a, const lf_graph *b, int64_t most);

#endif
