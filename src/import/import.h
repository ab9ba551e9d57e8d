/* Readers of networks. Every reader records all complaints in the context and then returns NULL; none of them crashes,
 * leaks or reads outside its file, whatever the bytes. The graph belongs to the caller (lf_graph_free). */
#ifndef LF_IMPORT_IMPORT_H
#define LF_IMPORT_IMPORT_H

#include "ir/graph.h"

/* Reads a network from a file whose format is recognised by its content, or from the directory of a build. */
lf_graph *lf_import(lf_ctx *ctx, const char *path);

/* ONNX with the domains of QONNX, FINN and Brevitas, opsets 9 to 21. The graph is on the ops of src/ops, shapes and
 * grids inferred, without nodes that have no effect on an output. Every node that cannot be imported is named with
 * reason and remedy. */
lf_graph *lf_import_onnx(lf_ctx *ctx, const char *path);

/* The same from memory. `name` is for messages and becomes the graph's source; external data is looked for below `dir`
 * and refused when dir is NULL. Nothing refers to `data` afterwards. */
lf_graph *lf_import_onnx_bytes(lf_ctx *ctx, const char *name, const char *dir, const uint8_t *data, size_t size);

/* JSON files of table networks (DWN, KANELE, HGQ-LUT), told apart by their keys. The second from memory; `name` is for messages and becomes
 * the graph's source. */
lf_graph *lf_import_json(lf_ctx *ctx, const char *path);
lf_graph *lf_import_json_bytes(lf_ctx *ctx, const char *name, const uint8_t *data, size_t size);

/* A combinational netlist in BLIF, as layers of table_neurons: input x [1, bits] in the order of .inputs, output y in that of .outputs, UINT1. */
lf_graph *lf_import_blif(lf_ctx *ctx, const char *path);
lf_graph *lf_import_blif_bytes(lf_ctx *ctx, const char *name, const uint8_t *data, size_t size);

/* True when the bytes look like an ONNX model: a well-formed top level with a graph and a version. */
bool lf_is_onnx(const uint8_t *data, size_t size);

#endif
