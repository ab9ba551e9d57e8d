/* Writers of networks. */
#ifndef LF_EXPORT_EXPORT_H
#define LF_EXPORT_EXPORT_H

#include "ir/graph.h"

/* Writes a graph of NN ops as QONNX: opset 13 and qonnx.custom_op.general 1, a symbolic batch N, float32 constants with
 * finn_datatype annotations where they are integers. The bytes depend on the graph alone, and reading them gives an
 * equal graph. LF_BAD_INPUT, naming every node and constant that ONNX cannot say exactly; the file is then not written.
 */
LF_MUST_USE lf_status lf_export_onnx(const lf_graph *g, const char *path);

#endif
