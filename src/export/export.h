/* Writers of networks. */
#ifndef LF_EXPORT_EXPORT_H
#define LF_EXPORT_EXPORT_H

#include "ir/graph.h"

/* Writes a graph of NN ops as QONNX: opset 13 and qonnx.custom_op.general 1, a symbolic batch N, float32 constants with
 * finn_datatype annotations where they are integers. The bytes depend on the graph alone, and reading them gives an
 * equal graph. LF_BAD_INPUT, naming every node and constant that ONNX cannot say exactly; the file is then not written.
 */
LF_MUST_USE lf_status lf_export_onnx(const lf_graph *g, const char *path);

/* A network that is a chain of layers of table networks (ops/table_layers.h) as JSON, which lf_import_json reads; the same network, but for
 * names of constants. LF_BAD_INPUT, naming the node, for others. */
LF_MUST_USE lf_status lf_export_tables(const lf_graph *g, const char *path);

/* The one circuit of a hardware graph as BLIF, without its registers. Bits are named as the ports of --interface flow number them:
 * PORT[bit of the frame]. *luts: how many LUTs were written; a bit of a sum counts as two. LF_BAD_INPUT when there is not one circuit. */
LF_MUST_USE lf_status lf_export_blif(const lf_graph *g, const char *path, size_t *luts);

/* A constant needs no quantizer in ONNX: its values are integers, or lie on a power-of-two grid, which the reader finds again. */
bool lf_onnx_finds_grid(const lf_tensor *t);

/* Turns what ONNX cannot say into what it can, with the same values: constants that are codes with a scale become quantizers of
 * float32 constants, and nodes whose channels stand last work between transposes. For graphs that were opened or folded before. */
LF_MUST_USE lf_status lf_make_ready_for_onnx(lf_graph *g);

#endif
