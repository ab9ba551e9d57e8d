/* Connected nodes as one circuit, by the ops' `circuit` faces. */
#ifndef LF_OPS_CIRCUIT_REGION_H
#define LF_OPS_CIRCUIT_REGION_H

#include "circuit/circuit.h"
#include "ir/op.h"

/* Nodes of an integer graph that become one circuit. nodes: in topological order. inputs: tensors that they read and do not make; outputs: those that
 * somebody else reads. The circuit's inputs and outputs are the elements of these tensors, one tensor after the other, row-major. */
typedef struct lf_circuit_region {
    lf_ids nodes, inputs, outputs;
    bool for_cpu; /* bits are counted by adders, and inputs may be on any grid */
} lf_circuit_region;

/* All nodes on the FPGA. Inputs in the order of the graph's inputs where they are such, then as they are first read; outputs in the order of the
 * graph. Lists lie in `arena`. */
void lf_circuit_region_all(const lf_graph *g, lf_arena *arena, lf_circuit_region *out);
/* inputs and outputs of out->nodes. */
void lf_circuit_region_ends(const lf_graph *g, lf_arena *arena, lf_circuit_region *out);

/* True when the node's op has the face. */
bool lf_can_be_circuit(const lf_node *n);

/* By node of `nodes`: its layer, from 0, which no later layer's node comes before: what encodes the input; each layer with what follows it; behind the last one
 * each node that is more than wires. *part: whom each is counted for. */
int *lf_circuit_layers(const lf_graph *g, lf_arena *arena, const lf_ids *nodes, lf_circuit_part **part);

/* Builds it. LF_BAD_INPUT, naming the nodes, when an op cannot be a circuit, or a word would be too wide. Ranges of input words are those of the
 * tensors' elements; words of outputs are never wider than the tensors' datatypes. What the outputs do not need is gone. */
LF_MUST_USE lf_status lf_circuit_of_region(const lf_graph *g, const lf_circuit_region *r, lf_circuit **out);
/* The whole: lf_circuit_region_all. */
LF_MUST_USE lf_status lf_circuit_of_graph(const lf_graph *g, lf_circuit **out);

#endif
