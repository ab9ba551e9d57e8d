/* A chain of elementwise nodes behind an integer tensor, evaluated as one function of its codes: the composed function that
 * contracts.md 1 takes thresholds from. It runs the ops' own exec, so it cannot differ from the truth. */
#ifndef LF_PASS_COMPOSED_H
#define LF_PASS_COMPOSED_H

#include "ir/op.h"

typedef struct lf_composed {
    const lf_graph *graph;
    const lf_tensor *base; /* codes go in here */
    lf_ids nodes;          /* from base to result, each consuming the one before and constants */
    lf_arena *scratch;     /* for one evaluation; reset by it */
    lf_value *constants;   /* expanded once: [node * 8 + operand] */
} lf_composed;

enum { LF_COMPOSED_OPERANDS = 8 };

/* True when n's op only renames positions and leaves every element where it is (in row-major order). */
bool lf_moves_nothing(const lf_graph *g, const lf_node *n);

/* True for nodes whose output elements depend on one input element each: elementwise ops and those that only rename positions in
 * row-major order. */
bool lf_is_elementwise(const lf_graph *g, const lf_node *n);

/* Prepares a chain from `base` along `nodes`. Allocates in `arena`. */
lf_composed lf_composed_make(const lf_graph *g, lf_arena *arena, const lf_tensor *base, lf_ids nodes);
void lf_composed_free(lf_composed *c);

/* Runs the chain on one set of codes of the base tensor (one per element). The result has as many elements, in the same
 * row-major order, as codes or reals; it lies in the chain's scratch memory until the next evaluation. */
LF_MUST_USE lf_status lf_composed_eval(lf_composed *c, const int64_t *base_codes, lf_value *result);

/* The same for a base off the grid, all of whose elements are this value. */
LF_MUST_USE lf_status lf_composed_eval_real(lf_composed *c, double base, lf_value *result);

/* True when every node is proved monotone for every element (in either direction, per element). */
bool lf_composed_monotone(const lf_composed *c);

#endif
