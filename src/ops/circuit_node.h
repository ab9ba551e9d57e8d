/* The op `circuit` as a node: reading its circuit, and its hardware (circuit_hw.c). */
#ifndef LF_OPS_CIRCUIT_NODE_H
#define LF_OPS_CIRCUIT_NODE_H

#include "circuit/circuit.h"
#include "ops/run_node.h"
#include "ops/stream.h"

typedef enum lf_circuit_interface { LF_CIRCUIT_STREAM, LF_CIRCUIT_FLOW } lf_circuit_interface;

typedef struct lf_circuit_attr {
    lf_ints shapes;
    int interface; /* lf_circuit_interface */
    int style;
} lf_circuit_attr;

/* The node's circuit; the caller frees it. LF_BAD_INPUT when the text is none. */
LF_MUST_USE lf_status lf_circuit_load(const lf_graph *g, const lf_node *n, lf_circuit **out);

/* What joins it to streams: LUTs and flip-flops of rtl/lf_flow_to_stream.v, zero with interface flow but for the valid bits. */
lf_cost lf_circuit_wrapper_cost(const lf_graph *g, const lf_node *n, int latency);

lf_status lf_circuit_cost(const lf_graph *g, const lf_node *n, lf_cost *out);
lf_status lf_circuit_rtl(const lf_graph *g, const lf_node *n, struct lf_vlog *v);
lf_status lf_circuit_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out);

#endif
