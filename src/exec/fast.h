/* The fast engine: an integer graph as a plan of packed weights and SIMD kernels, run on blocks of rows by all threads. Its results
 * equal the reference engine's (exec/exec.h) in every bit, and so do its complaints. Whatever has no kernel runs by the op's own
 * definition, so every graph runs. */
#ifndef LF_EXEC_FAST_H
#define LF_EXEC_FAST_H

#include "base/cpu.h"
#include "exec/rows.h"

typedef struct lf_plan lf_plan;

/* g must have been inferred and must not change while the plan lives. NULL after recording why (an op without definition, memory). */
lf_plan *lf_plan_new(lf_ctx *ctx, const lf_graph *g);
/* The same with the kernels of one instruction set, which the processor must have: for tests and measurements. */
lf_plan *lf_plan_new_for(lf_ctx *ctx, const lf_graph *g, lf_isa isa);
void lf_plan_free(lf_plan *p);

/* As lf_exec_rows. Rows for the graph's inputs and requests for its outputs (or the integers before their scales) take the fast way;
 * a request inside the network is left to the reference engine. */
LF_MUST_USE lf_status lf_plan_rows(lf_plan *p, const lf_row_io *io, size_t rows);

/* Rows that a worker takes at a time; 0 (the default): chosen so that a block stays in the second-level cache. */
void lf_plan_set_block(lf_plan *p, size_t rows);

/* The steps of the plan made by the last lf_plan_rows, one line each: "mvu0: xnor_dense_avx512 784 -> 64, bits". In memory of `a`. */
const char *lf_plan_text(const lf_plan *p, lf_arena *a);

#endif
