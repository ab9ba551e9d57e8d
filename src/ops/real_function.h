/* What elementwise ops that compute a real function of one real have in common: everything but the function. */
#ifndef LF_OPS_REAL_FUNCTION_H
#define LF_OPS_REAL_FUNCTION_H

#include "ops/elementwise.h"

/* lf_op.own of these ops. y of x; attr: the node's attributes. */
typedef struct lf_real_own {
    double (*value)(double x, const void *attr);
} lf_real_own;

/* Output 0 is real, of input 0's shape. */
lf_status lf_real_infer(lf_graph *g, lf_node *n);
lf_status lf_real_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

#endif
