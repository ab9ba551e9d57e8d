/* Constants that lie on a grid although nobody said so. */
#ifndef LF_OPS_CONST_GRID_H
#define LF_OPS_CONST_GRID_H

#include "ir/graph.h"

/* Puts a constant on the grid when its elements are integers below 2^53 (scale 1), or all n * 2^-k with |n| < 2^16 and the least
 * common k <= 40 (scale 2^-k); sets its range and datatype then. Otherwise it stays real. The elements are not changed: codes are
 * value / scale. Integer containers are codes already; only their range is taken. One pass that stops at the first element that
 * rules a grid out. Does nothing to a tensor that is on a grid already. */
void lf_const_grid_detect(lf_graph *g, lf_tensor *t);

#endif
