/* Which host nodes lie between a model's input or output and a stream of the circuit: inside the driver only. */
#ifndef LF_TARGET_DRIVER_PATH_H
#define LF_TARGET_DRIVER_PATH_H

#include "pass/stream_model.h"

typedef struct lf_driver_path {
    const lf_port *model;       /* NULL: the circuit's tensor comes from no input of the model alone */
    const lf_stream_port *port; /* NULL: an output of the model that depends on several streams */
    lf_ids nodes;               /* host nodes in the order of the data */
} lf_driver_path;

/* From an input of the model to the stream. model is NULL, and nodes are all that were met, when two data meet on the way. */
lf_driver_path lf_driver_path_in(const lf_graph *g, lf_arena *a, const lf_stream_port *port);
/* From one of the streams to an output of the model; port is NULL when two data meet on the way. */
lf_driver_path lf_driver_path_out(const lf_graph *g, lf_arena *a, const lf_stream_ports *ports, const lf_port *model);

/* element[k]: for the loop over the `count` elements of the tensor that nodes[last] gives, the element of the tensor before nodes[k]
 * that each belongs to; element[last + 1] is the loop's own order. false when an op on the way changes the number of elements. */
bool lf_driver_path_elements(const lf_graph *g, lf_arena *a, const lf_ids *nodes, size_t used, size_t count,
                             const int64_t ***element);

#endif
