/* The bytes of an ONNX file: checked before they are unpacked, then unpacked into an arena.
 *
 * The unpacker of protobuf-c recurses without limit and merges repeated copies of a singular message; so the wire
 * format is walked first, with the same generated descriptors, and what could hurt is refused. */
#ifndef LF_IMPORT_ONNX_WIRE_H
#define LF_IMPORT_ONNX_WIRE_H

#include <onnx.pb-c.h>

#include "base/ctx.h"

typedef LfOnnx__ModelProto lf_pb_model;
typedef LfOnnx__GraphProto lf_pb_graph;
typedef LfOnnx__NodeProto lf_pb_node;
typedef LfOnnx__AttributeProto lf_pb_attr;
typedef LfOnnx__TensorProto lf_pb_tensor;
typedef LfOnnx__ValueInfoProto lf_pb_value_info;

enum { LF_ONNX_DEPTH_LIMIT = 100 };

/* Messages nested at most LF_ONNX_DEPTH_LIMIT deep, lengths inside their message, strings in UTF-8 without NUL, no
 * singular message twice, at most 2^22 fields. LF_BAD_INPUT naming the message and its offset otherwise. */
LF_MUST_USE lf_status lf_onnx_wire_check(lf_ctx *ctx, const lf_where *where, const uint8_t *data, size_t size);

/* Checks and unpacks. Everything, the bytes of the weights included, is copied into `arena` and lives as long as that;
 * `data` may go. NULL after recording what is wrong. */
const lf_pb_model *lf_onnx_unpack(lf_ctx *ctx, const lf_where *where, lf_arena *arena, const uint8_t *data,
                                  size_t size);

#endif
