/* A chain of elementwise nodes, each with one operand that is not constant, evaluated as one function of its first tensor by running
 * the ops' own definitions: what the fast engine makes tables from. */
#ifndef LF_EXEC_FAST_CHAIN_H
#define LF_EXEC_FAST_CHAIN_H

#include "exec/fast_plan.h"

enum { LF_FAST_CHAIN_NODES = 64 };

typedef struct lf_fast_chain {
    const lf_graph *graph;
    const lf_tensor *base, *result;           /* as many elements, in the same order */
    const lf_node *node[LF_FAST_CHAIN_NODES]; /* from the base on */
    int data[LF_FAST_CHAIN_NODES];            /* which operand is not constant */
    int count;
    lf_value *operands[LF_FAST_CHAIN_NODES];
    lf_arena *arena, *scratch;
    lf_ctx *quiet; /* candidates may be outside an op's domain: not worth a diagnostic */
} lf_fast_chain;

/* The longest chain that ends in `last`; with `monotone`, of nodes that are proved monotone on every element. False (nothing to end)
 * when `last` is no such node. */
bool lf_fast_chain_begin(lf_fast_chain *c, const lf_graph *g, const lf_node *last, bool monotone);
void lf_fast_chain_end(lf_fast_chain *c);

/* True when all elements go through the same function. */
bool lf_fast_chain_uniform(const lf_fast_chain *c);

/* The result for one set of base values (reals or codes, one per element), which lies in `a`. False when an op refuses a value. */
bool lf_fast_chain_run(const lf_fast_chain *c, lf_arena *a, lf_value base, lf_value *result);

#endif
