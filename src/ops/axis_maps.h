/* Ops whose output is x with positions picked axis by axis: y[i0, i1, ..] = x[at[0][i0], at[1][i1], ..]. slice, expand, tile, resize, pad
 * and split differ only in how they choose the positions. */
#ifndef LF_OPS_AXIS_MAPS_H
#define LF_OPS_AXIS_MAPS_H

#include "ops/elementwise.h"

typedef struct lf_axis_maps {
    lf_shape from, to;        /* of the same rank */
    int64_t *at[LF_MAX_RANK]; /* [to.dim[i]]: index along axis i of x; -1: no element of x but the fill value */
} lf_axis_maps;

/* Maps that keep every axis as it is (or repeat its one index); memory from a. Refuses results that are too large. */
LF_MUST_USE lf_status lf_axis_maps_new(const lf_graph *g, const lf_node *n, lf_arena *a, lf_shape from, lf_shape to,
                                       lf_axis_maps *m);

/* Sets shape, grid and ranges of y. `fill`: the value at -1, NULL when there is no such place. On x's grid; with a fill value that is no
 * code of every scale, real. */
void lf_axis_maps_infer(lf_graph *g, const lf_node *n, lf_tensor *y, const lf_tensor *x, const lf_axis_maps *m,
                        const double *fill);
void lf_axis_maps_exec(lf_run *run, const lf_value *x, lf_value *out, const lf_axis_maps *m, double fill);

/* The faces infer and exec of ops of one output without fill values; lf_op.own of these says which maps a node has. */
typedef struct lf_axis_maps_own {
    lf_status (*maps)(const lf_graph *g, const lf_node *n, lf_arena *a, lf_axis_maps *m);
} lf_axis_maps_own;
lf_status lf_axis_maps_node_infer(lf_graph *g, lf_node *n);
lf_status lf_axis_maps_node_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

#endif
