/* The hardware graph as a network of handshake twins (fpga/unit.h). */
#ifndef LF_PASS_STREAM_MODEL_H
#define LF_PASS_STREAM_MODEL_H

#include "fpga/chain.h"
#include "fpga/stream_port.h"
#include "ir/op.h"

typedef struct lf_stream_model {
    lf_chain *chain;
    int *unit_of; /* by node id: index in the chain, -1: not a unit */
} lf_stream_model;

/* The tensor whose beats `tensor` is on the stream: reshapes only rename positions. */
lf_id lf_stream_source(const lf_graph *g, lf_id tensor);
/* True for operands that travel on a stream: not constant, not absent. */
bool lf_is_stream(const lf_graph *g, const lf_node *n, int operand);
/* True for nodes that are units of the circuit (reshapes are wires). */
bool lf_is_unit(const lf_node *n);
/* By tensor id: a host node or an output of the graph reads it, through wires. What a unit produces leaves the circuit then. */
const bool *lf_read_by_host(const lf_graph *g, lf_arena *a);
/* True when a tensor comes from the host: no unit produces it. */
bool lf_enters_circuit(const lf_graph *g, lf_id tensor);

/* The circuit's own inputs and outputs, in the order of the graph's. A tensor that several units read enters once. Behind the inputs
 * come the weights that units take from outside, in the order of the units. */
typedef LF_VEC(lf_stream_port) lf_stream_ports;
LF_MUST_USE lf_status lf_circuit_ports(const lf_graph *g, lf_arena *a, lf_stream_ports *inputs,
                                       lf_stream_ports *outputs);
/* How many of the inputs carry data: those before the weights. */
size_t lf_data_port_count(const lf_stream_ports *inputs);
/* "weights/NAME.bin" of a port for weights: its image below the directory of a build, in the order of the stream, every beat whole bytes. */
const char *lf_weights_file(lf_arena *a, const lf_stream_port *p);

LF_MUST_USE lf_status lf_stream_model_make(const lf_graph *g, lf_arena *a, lf_stream_model *out);

/* Latency and initiation interval of the whole circuit, from `frames` frames. */
LF_MUST_USE lf_status lf_stream_model_run(const lf_graph *g, int frames, lf_chain_result *out);

/* What a run of the whole circuit shows. */
typedef struct lf_stream_facts {
    lf_chain_result timing; /* meaningless when the circuit stops */
    const char *stops;      /* who waits for whom for ever, or NULL */
    int frames;
    const lf_chain_waits *waits; /* by node id, over all frames */
    const int64_t *peak;         /* by node id: most beats held, of FIFOs */
} lf_stream_facts;
LF_MUST_USE lf_status lf_stream_model_measure(const lf_graph *g, int frames, lf_arena *a, lf_stream_facts *out);

#endif
