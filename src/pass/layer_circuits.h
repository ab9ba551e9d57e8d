#ifndef LF_PASS_LAYER_CIRCUITS_H
#define LF_PASS_LAYER_CIRCUITS_H

#include "ops/circuit_region.h"

typedef struct lf_layer_minimizer {
    /* A circuit of region r made smaller, without stages. */
    lf_status (*minimize)(const void *with, const lf_graph *g, const lf_circuit_region *r, const lf_circuit *c,
                          lf_circuit **out);
    const void *with;
} lf_layer_minimizer;

/* The circuit of a region with a register behind every layer and none inside one; each is minimized for itself. Layers without logic have no register. */
LF_MUST_USE lf_status lf_circuit_by_layers(const lf_graph *g, const lf_circuit_region *r,
                                           const lf_layer_minimizer *minimizer, lf_circuit **out);

#endif
