/* A QONNX file while it is written: inside src/export/onnx*.c only. */
#ifndef LF_EXPORT_ONNX_WRITER_H
#define LF_EXPORT_ONNX_WRITER_H

#include <onnx.pb-c.h>

#include "ir/op.h"

#define LF_ONNX_GENERAL "qonnx.custom_op.general"
enum { LF_ONNX_T_FLOAT = 1, LF_ONNX_T_INT64 = 7 }; /* TensorProto.DataType */

typedef struct lf_onnx_writer {
    const lf_graph *g;
    lf_arena *a;
    LfOnnx__GraphProto graph;
    LF_VEC(LfOnnx__NodeProto *) nodes;
    LF_VEC(LfOnnx__TensorProto *) initializers;
    LF_VEC(LfOnnx__ValueInfoProto *) inputs, outputs, infos;
    LF_VEC(LfOnnx__TensorAnnotation *) annotations;
    bool *computed, *indices, *written; /* [tensor id] */
    bool batch;                         /* dimension 0 of every computed tensor is the batch */
    const char **name;
    lf_status status;
} lf_onnx_writer;

/* onnx_values.c: a message in arena memory that begins with its init value; strings are borrowed. */
void *lf_onnx_new_message(lf_arena *a, const void *init, size_t size);
char *lf_onnx_text(const char *s);
/* An error at a node or tensor; w->status remembers it. */
void lf_onnx_complain(lf_onnx_writer *w, const char *where, const char *fmt, const char *arg);
LfOnnx__ValueInfoProto *lf_onnx_new_info(lf_onnx_writer *w, const char *name, const lf_tensor *t);
/* The datatype of a tensor of codes, as finn_datatype. */
void lf_onnx_annotate(lf_onnx_writer *w, const lf_tensor *t);
LfOnnx__TensorProto *lf_onnx_new_initializer(lf_onnx_writer *w, const char *name, lf_shape shape, int32_t type,
                                             const void *data, size_t size);
void lf_onnx_write_constant(lf_onnx_writer *w, const lf_tensor *t);

/* onnx_nodes.c: an empty node, and one with its operands, results and attributes. */
LfOnnx__NodeProto *lf_onnx_new_node(lf_onnx_writer *w, const char *name, const char *op, const char *domain);
void lf_onnx_write_node(lf_onnx_writer *w, const lf_node *n);

#endif
