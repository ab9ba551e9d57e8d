/* Constants that lie on a power-of-two grid. */
#ifndef LF_OPS_CONST_GRID_H
#define LF_OPS_CONST_GRID_H

#include "ir/graph.h"

/* Puts a constant on the grid when its elements allow it, with exact range and narrowest datatype, and says whether they did.
 * Integer elements always lie on the grid with scale 1 unless t has a grid already. Float elements do when
 *   all are integers of less than 2^53: scale 1; or
 *   all are n * 2^-k with one k of 1..40, at least one n odd, and |n| < 2^24: scale 2^-k.
 * The elements stay where they are. One pass that ends at the first element that cannot be, two when it succeeds. */
bool lf_const_grid_detect(lf_graph *g, lf_tensor *t);

#endif
