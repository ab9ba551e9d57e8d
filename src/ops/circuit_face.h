/* What the `circuit` faces of ops share (ir/op.h): words of their operands and some that several ops make of them. */
#ifndef LF_OPS_CIRCUIT_FACE_H
#define LF_OPS_CIRCUIT_FACE_H

#include "circuit/circuit.h"
#include "ir/op.h"

/* Word of element e of operand i, also where that is a constant. */
lf_word lf_face_operand(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, int i, size_t e);

lf_word lf_face_times(lf_circuit *c, lf_word w, int64_t factor);
lf_word lf_face_plus(lf_circuit *c, lf_word w, int64_t k);
/* w is the returned word + *k: what a table takes over instead of an adder. */
lf_word lf_face_peeled(const lf_circuit *c, lf_word w, int64_t *k);
/* How many of the bits are 1, where those that are stand before those that are not. */
lf_word lf_face_rank(lf_circuit *c, const lf_word *bits, size_t count);

/* The face of ops that only move elements: output element i of output o is input element source(o, i). */
lf_status lf_face_positions(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in,
                            lf_word **out);
/* Output 0 is input 0. */
lf_status lf_face_same(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out);

#endif
