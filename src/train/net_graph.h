/* Graphs of trained networks while they grow: a chain of nodes, each of which reads what the one before gives. */
#ifndef LF_TRAIN_NET_GRAPH_H
#define LF_TRAIN_NET_GRAPH_H

#include "ir/op.h"

typedef struct lf_net_graph {
    lf_graph *graph;
    lf_id at; /* the tensor that comes next */
} lf_net_graph;

lf_shape lf_matrix_shape(size_t rows, size_t columns);

/* The input "x": a row of features, or of the shape that the recipe gives a sample (NULL or empty: none) and then flattened. */
void lf_net_graph_input(lf_net_graph *f, size_t features, const lf_ints *shape);
/* Appends op(at, constants...), of up to 7 constants, and makes its output the next tensor. */
lf_node *lf_net_graph_add(lf_net_graph *f, const char *op, const char *name, lf_shape shape, const lf_id *constants,
                          int count);
lf_node *lf_net_graph_reshape(lf_net_graph *f, const char *name, lf_shape shape);

lf_id lf_net_graph_scalar(lf_net_graph *f, const char *name, double value);
lf_id lf_net_graph_reals(lf_net_graph *f, const char *name, lf_shape shape, const float *value);

/* The graph with the next tensor as its output, inferred and verified. NULL after an error: then it is freed. */
lf_graph *lf_net_graph_done(lf_net_graph *f, const char *output);

#endif
