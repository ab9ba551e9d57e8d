/* What floor, ceil and round have in common: an integer function of the value that never falls. */
#ifndef LF_OPS_ROUNDING_H
#define LF_OPS_ROUNDING_H

#include "ops/elementwise.h"

/* lf_op.own of these ops. */
typedef struct lf_rounding_own {
    double (*to_integer)(double x);
} lf_rounding_own;

/* On a grid: codes with scale 1, rounded from the values; else real. */
lf_status lf_rounding_infer(lf_graph *g, lf_node *n);
lf_status lf_rounding_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

#endif
