/* The elements of an ONNX tensor, whichever of the seven payload places they lie in: raw_data, float_data, int32_data,
 * int64_data, double_data, uint64_data or a file beside the model. */
#ifndef LF_IMPORT_ONNX_TENSOR_H
#define LF_IMPORT_ONNX_TENSOR_H

#include "import/onnx_wire.h"
#include "ir/graph.h"

typedef struct lf_onnx_array {
    lf_shape shape;
    lf_const value; /* count is the shape's; 0 elements are possible */
    bool is_float;
} lf_onnx_array;

/* Reads `t`. FLOAT, DOUBLE and the integers of 8 to 64 bits that have an lf_elem are not copied but point into the
 * message (raw data) or into arena memory (external data). FLOAT16, BFLOAT16 and FLOAT8 become float32, UINT32 and
 * UINT64 int64, integers below 8 bits int8 or uint8. LF_BAD_INPUT when payload, type and dimensions do not fit each
 * other. `dir`: where external data may lie, or NULL. */
LF_MUST_USE lf_status lf_onnx_tensor_read(lf_ctx *ctx, const lf_where *where, lf_arena *arena, const char *dir,
                                          const lf_pb_tensor *t, lf_onnx_array *out);

/* "FLOAT16" for 10, "type 99" for what has no name. */
const char *lf_onnx_type_name(lf_arena *a, int32_t type);

/* The bytes of external data: `need` bytes from the file below `dir` that the tensor names, in arena memory. The path
 * must be relative, without "..", and no part of it below dir may be a symbolic link. */
LF_MUST_USE lf_status lf_onnx_external_read(lf_ctx *ctx, const lf_where *where, lf_arena *arena, const char *dir,
                                            const lf_pb_tensor *t, size_t need, const uint8_t **out);

#endif
