/* Elementwise questions about two operands, answered by the codes 0 and 1: comparisons and logic. */
#ifndef LF_OPS_TRUTH_H
#define LF_OPS_TRUTH_H

#include "ops/elementwise.h"

typedef bool lf_question(double a, double b);

/* lf_op.own of these ops: the question, and how its answer moves with the first operand; with the second it moves the other way. */
typedef struct lf_truth_own {
    lf_question *ask;
    lf_monotone moves;
} lf_truth_own;

/* Output 0: codes 0 and 1 of the operands' common shape. */
lf_status lf_truth_infer(lf_graph *g, lf_node *n);
/* Operands on one and the same grid are compared as integers (ask is given their order: -1, 0 or 1, and 0), others as reals. */
lf_status lf_truth_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);
lf_monotone lf_truth_monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel);

#endif
