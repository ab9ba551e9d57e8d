/* What floor, ceil and round have in common: an integer function of the value that never falls. */
#ifndef LF_OPS_ROUNDING_H
#define LF_OPS_ROUNDING_H

#include "ops/elementwise.h"

typedef double lf_rounding(double x);

/* On a grid: codes with scale 1, rounded from the values; else real. */
lf_status lf_rounding_infer(lf_graph *g, lf_node *n, lf_rounding *to_integer);
lf_status lf_rounding_exec(lf_run *run, const lf_value *in, lf_value *out, lf_rounding *to_integer);

#endif
