/* A matrix-vector layer as combinational logic: the style spatial. */
#ifndef LF_OPS_MVU_CIRCUIT_H
#define LF_OPS_MVU_CIRCUIT_H

#include "circuit/circuit.h"
#include "ops/weight_rows.h"

/* y[v * rows + i] of every vector v of x: products as sums that the rows share (circuit/sign_matrix.h; weights of more than a sign as signed
 * digits), a comparison per threshold. `rows` rows a vector; vectors take the blocks of weights in turn. */
LF_MUST_USE lf_status lf_mvu_circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_rows *r, int64_t rows,
                                     const lf_word *x, lf_word *y);

#endif
