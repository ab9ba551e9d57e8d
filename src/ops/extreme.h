/* Elementwise maximum and minimum of any number of operands. */
#ifndef LF_OPS_EXTREME_H
#define LF_OPS_EXTREME_H

#include "ops/elementwise.h"

/* lf_op.own of both. */
typedef struct lf_extreme_own {
    int sign; /* 1: the largest, -1: the smallest */
} lf_extreme_own;

/* On the grid when all operands are on one and the same with one scale; else real. */
lf_status lf_extreme_infer(lf_graph *g, lf_node *n);
lf_status lf_extreme_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

#endif
