/* Values of tensors while single nodes run: what the reference engine, constant folding and the tests share. */
#ifndef LF_OPS_RUN_NODE_H
#define LF_OPS_RUN_NODE_H

#include "ir/op.h"

/* Room for one tensor's elements, zeroed: codes when it is on the grid, else reals. */
lf_value lf_value_new(lf_arena *a, const lf_tensor *t);

/* The same, but false when memory is out. */
bool lf_value_try(lf_arena *a, const lf_tensor *t, lf_value *out);

/* The elements of a constant, expanded. */
lf_value lf_value_const(lf_arena *a, const lf_tensor *t);

/* Runs one node on values and refuses results that are NaN or infinite ("outside the op's domain"). run->scratch is
 * reset first, so nothing in `in` may lie there. Outputs are allocated by the caller. */
LF_MUST_USE lf_status lf_run_node(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

/* -- things made from constants once and kept ------------------------------------------------------------------------- */

/* One thing per node, shared by all threads of an execution. */
typedef struct lf_memo lf_memo;
typedef void *lf_memo_fn(lf_arena *a, const lf_tensor *constant);

lf_memo *lf_memo_new(const lf_graph *g);
void lf_memo_free(lf_memo *m);

/* What make(arena, constant) gave the first time for run->node; without run->memo it is made anew in scratch memory. */
const void *lf_memo_get(lf_run *run, lf_memo_fn *make, const lf_tensor *constant);

#endif
