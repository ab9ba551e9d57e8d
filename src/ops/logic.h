/* Elementwise logic on the codes 0 and 1. */
#ifndef LF_OPS_LOGIC_H
#define LF_OPS_LOGIC_H

#include "ops/elementwise.h"

/* lf_op.own of ops of two operands. */
typedef struct lf_logic_own {
    bool (*ask)(bool a, bool b);
} lf_logic_own;

/* All operands must be codes 0 and 1; so is output 0. */
lf_status lf_logic_infer(lf_graph *g, lf_node *n);
lf_status lf_logic_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

#endif
