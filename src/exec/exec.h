/* The reference engine: runs every op's own definition, node by node. It is the truth every other engine is held against.
 * Constants are expanded once; nodes that depend on constants only run once; samples run on all threads of the context. */
#ifndef LF_EXEC_EXEC_H
#define LF_EXEC_EXEC_H

#include "exec/rows.h"

typedef struct lf_exec lf_exec;

/* g must have been inferred and must not change while the engine lives. NULL with a diagnostic when a node has no definition to run. */
lf_exec *lf_exec_new(lf_ctx *ctx, const lf_graph *g);
void lf_exec_free(lf_exec *e);

/* Runs `rows` samples. Rows may be given for any tensor (then what makes it is not run), and must be given for every input of the graph
 * that the requested tensors need; any tensor may be requested. The first row that cannot be run stops everything: the diagnostic
 * names it, outputs are then undefined. Same results for any number of threads. */
LF_MUST_USE lf_status lf_exec_rows(lf_exec *e, const lf_row_io *io, size_t rows);
/* The same for rows first .. first + rows - 1 of io only. */
LF_MUST_USE lf_status lf_exec_range(lf_exec *e, const lf_row_io *io, size_t first, size_t rows);

#endif
