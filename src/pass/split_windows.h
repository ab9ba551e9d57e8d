#ifndef LF_PASS_SPLIT_WINDOWS_H
#define LF_PASS_SPLIT_WINDOWS_H

#include "ir/op.h"

/* Every window of style parallel becomes the two units that it consists of: a window of single columns, which keeps its name, and
 * `columns` behind it. The graph is to be inferred again. */
LF_MUST_USE lf_status lf_split_windows(lf_graph *g, lf_arena *scratch);
/* The node `columns` that such a window has become, or NULL. */
const lf_node *lf_split_window_of(const lf_graph *g, const lf_node *window);

#endif
