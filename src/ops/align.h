/* Bringing codes of different grids to one grid, exactly: what add, sub and concat share. */
#ifndef LF_OPS_ALIGN_H
#define LF_OPS_ALIGN_H

#include "ir/op.h"

/* The scale with the finer step of two whose ratio is plus or minus a power of two, with the sign of a; 0 when they are not such. */
double lf_common_scale(double a, double b);
/* scale / common as an integer: what a code is multiplied with to come to the common grid. 0 when it is too large or no integer
 * (only a constant 0, which fits on every grid, may then have that scale). */
int64_t lf_align_factor(double scale, double common);

/* a + b (sign 1) and a - b (sign -1). */
lf_status lf_sum_infer(lf_graph *g, lf_node *n, int sign);
lf_status lf_sum_exec(lf_run *run, const lf_value *in, lf_value *out, int sign);

#endif
