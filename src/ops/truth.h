/* Elementwise questions about two operands, answered by the codes 0 and 1: comparisons and logic. */
#ifndef LF_OPS_TRUTH_H
#define LF_OPS_TRUTH_H

#include "ops/elementwise.h"

typedef bool lf_question(double a, double b);

/* Output 0: codes 0 and 1 of the operands' common shape. */
lf_status lf_truth_infer(lf_graph *g, lf_node *n);
/* Operands on one and the same grid are compared as integers (ask is given their order: -1, 0 or 1, and 0), others as reals. */
lf_status lf_truth_exec(lf_run *run, const lf_value *in, lf_value *out, lf_question *ask);
/* How `a op b` moves with its data operand when it rises with a and falls with b (`up`), or the other way. */
lf_monotone lf_truth_monotone(const lf_graph *g, const lf_node *n, bool up);

#endif
