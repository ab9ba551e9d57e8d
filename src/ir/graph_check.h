/* Private to src/ir: what lf_verify_graph checks of one tensor, for the readers of files. */
#ifndef LF_IR_GRAPH_CHECK_H
#define LF_IR_GRAPH_CHECK_H

#include "ir/graph.h"

/* Shape, grid, type, ranges, producer and every element of a constant. `where` stands in the messages. */
LF_MUST_USE lf_status lf_verify_tensor(const lf_graph *g, const lf_tensor *t, lf_where where);
/* lf_verify_graph for a graph that was just read from `file` (its source, to which the lines of nodes belong, is another). */
LF_MUST_USE lf_status lf_verify_read_graph(const lf_graph *g, const char *file);

#endif
