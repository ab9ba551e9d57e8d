/* A port of a built circuit: what travels on it (contracts.md 3). Shared by whoever prints, simulates or drives it. */
#ifndef LF_FPGA_STREAM_PORT_H
#define LF_FPGA_STREAM_PORT_H

#include "num/dtype.h"

typedef struct lf_stream_port {
    const char *name;        /* the model's own name of the input or output */
    const char *suffix;      /* of the Verilog ports: "" for the only one, else "NAME_" */
    uint32_t tensor;         /* id in the hardware graph; 0: weights */
    lf_dtype type;           /* of one element */
    int64_t elements, lanes; /* per frame, per beat */
    /* Weights that a unit takes from outside: input of the circuit, but of no graph. `name` is that of node `node`. */
    uint32_t node;
    int64_t image; /* elements until they repeat; 0: these are no weights */
} lf_stream_port;

static inline int64_t lf_port_beats(const lf_stream_port *p) {
    return p->elements / p->lanes;
}
static inline int lf_port_bits(const lf_stream_port *p) {
    return (int)p->lanes * lf_dtype_bits(p->type);
}
static inline int64_t lf_port_image_beats(const lf_stream_port *p) {
    return p->image / p->lanes;
}
static inline int lf_port_bytes(const lf_stream_port *p) {
    return (lf_port_bits(p) + 7) / 8;
}

#endif
