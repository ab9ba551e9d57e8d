/* The state of one ONNX import and the small language in which the import functions of the ops are written: read
 * operands and attributes of the current node, make nodes of the graph, refuse with a reason. Private to
 * src/import/onnx_*.c. */
#ifndef LF_IMPORT_ONNX_BUILD_H
#define LF_IMPORT_ONNX_BUILD_H

#include "import/onnx_tensor.h"
#include "ir/op.h"

/* Lists of shapes and axes are short; what is longer is data. */
enum { LF_ONNX_MAX_INTS = 4096 };

/* What a name of the ONNX graph stands for. */
typedef enum lf_onnx_kind {
    LF_ONNX_PENDING, /* its node has not been reached */
    LF_ONNX_MISSING, /* its node could not be imported: already reported */
    LF_ONNX_TENSOR,  /* a tensor of the graph */
    LF_ONNX_PAYLOAD, /* an initializer or Constant that nothing has used yet */
    LF_ONNX_INTS     /* integers known at import: shapes and what is computed from them */
} lf_onnx_kind;

typedef struct lf_onnx_value lf_onnx_value;
struct lf_onnx_value {
    const char *name;
    lf_onnx_kind kind;
    lf_onnx_value *same; /* of which value this is another name, or NULL */
    size_t producer;     /* its node's index + 1, or 0 */
    int32_t type;        /* ONNX element type; 0: not known (yet) */
    lf_id tensor;        /* also of a PAYLOAD or INTS once something used it as data */
    const lf_pb_tensor *payload;
    lf_onnx_array array; /* of a PAYLOAD, when `read` */
    bool read;
    lf_shape shape; /* of INTS */
    const int64_t *ints;
};

typedef struct lf_onnx_annotation {
    const char *name, *datatype;
} lf_onnx_annotation;

typedef struct lf_onnx lf_onnx;
typedef struct lf_onnx_row lf_onnx_row;
typedef lf_status lf_onnx_fn(lf_onnx *m);

/* One line of onnx_map.def. */
struct lf_onnx_row {
    const char *name;
    unsigned domains; /* LF_ONNX_AI, LF_ONNX_QUANT, LF_ONNX_LAST */
    int64_t version_min, version_max;
    lf_onnx_fn *fn;
    const char *op; /* of src/ops, for functions that serve several ops */
};
enum { LF_ONNX_AI = 1, LF_ONNX_QUANT = 2, LF_ONNX_LAST = 4 };

struct lf_onnx {
    lf_ctx *ctx;
    lf_graph *g;
    lf_arena *scratch; /* until the import ends */
    const char *dir;
    const lf_pb_model *model;
    LF_VEC(lf_onnx_value) values;   /* complete before the first node is imported, so that pointers into it stay good */
    lf_onnx_annotation *annotation; /* finn_datatype by name, sorted */
    size_t annotations;
    uint32_t *slot; /* hash table of indices + 1 into values */
    size_t slots;
    LF_VEC(bool) computed; /* [tensor id]: depends on an input of the model */
    bool symbolic_batch;   /* the file leaves it open: every computed tensor then has it in front, as 1 */
    /* the current node */
    const lf_pb_node *node;
    const char *name;
    const lf_onnx_row *row;
    int64_t version; /* of its domain's operator set */
    bool *attr_used;
};

/* -- messages ------------------------------------------------------------------------------------------------------ */

lf_where lf_onnx_where(const lf_onnx *m);
/* "Gemm: …" at the current node. */
lf_status lf_onnx_refuse(lf_onnx *m, const char *fmt, ...) LF_PRINTF(2, 3);

/* -- names (onnx_value.c) ------------------------------------------------------------------------------------------ */

void lf_onnx_values_init(lf_onnx *m, size_t names);
lf_onnx_value *lf_onnx_find(lf_onnx *m, const char *name); /* NULL when nothing has that name */
/* A new name; NULL (reported) when it is taken. */
lf_onnx_value *lf_onnx_define(lf_onnx *m, const char *name);
/* The datatype that quantization_annotation gives a tensor; false when it gives none that is made of integers. */
void lf_onnx_annotations_init(lf_onnx *m);
bool lf_onnx_annotated(const lf_onnx *m, const char *name, lf_dtype *out);
/* The elements of a PAYLOAD, read when first asked for. */
LF_MUST_USE lf_status lf_onnx_payload(lf_onnx *m, lf_onnx_value *v);
/* The tensor of a value; constants are made when first used. */
LF_MUST_USE lf_status lf_onnx_materialise(lf_onnx *m, lf_onnx_value *v, lf_id *out);

/* -- operands of the current node ---------------------------------------------------------------------------------- */

int lf_onnx_in_count(const lf_onnx *m); /* trailing absent ones not counted */
bool lf_onnx_has_in(const lf_onnx *m, int i);
lf_onnx_value *lf_onnx_value_in(lf_onnx *m, int i); /* NULL when absent */
/* As a tensor of the graph; refused when it is absent. */
LF_MUST_USE lf_status lf_onnx_in(lf_onnx *m, int i, lf_id *out);
lf_tensor *lf_onnx_tensor_at(const lf_onnx *m, lf_id id);
/* As integers known at import, rank 0 or 1 for shapes and axes; refused when they are computed at run time or not
 * integers. */
LF_MUST_USE lf_status lf_onnx_ints_in(lf_onnx *m, int i, const char *what, lf_ints *out);
bool lf_onnx_has_batch(const lf_onnx *m, lf_id tensor); /* whether its dimension 0 is the batch */
bool lf_onnx_known_ints(lf_onnx *m, int i);             /* whether they are integers that are known */
/* At least that many operands, all of them present, and at most so many. */
LF_MUST_USE lf_status lf_onnx_operand_range(lf_onnx *m, int least, int most);

/* -- attributes of the current node (onnx_attr.c) ------------------------------------------------------------------ */

bool lf_onnx_has_attr(lf_onnx *m, const char *name);
LF_MUST_USE lf_status lf_onnx_int(lf_onnx *m, const char *name, int64_t fallback, int64_t *out);
LF_MUST_USE lf_status lf_onnx_float(lf_onnx *m, const char *name, float fallback, float *out);
LF_MUST_USE lf_status lf_onnx_string(lf_onnx *m, const char *name, const char *fallback, const char **out);
LF_MUST_USE lf_status lf_onnx_ints(lf_onnx *m, const char *name, lf_ints *out, bool *given);
const lf_pb_attr *lf_onnx_attr(lf_onnx *m, const char *name); /* any type, or NULL */
/* Attributes that no function asked for: refused in ONNX's own domain, a warning in others. */
LF_MUST_USE lf_status lf_onnx_check_unused(lf_onnx *m);
/* `axis` counted from 0 for a tensor of that rank; refused outside of it. */
LF_MUST_USE lf_status lf_onnx_axis(lf_onnx *m, int64_t axis, int rank, int *out);
/* The same for an op that works along that axis of tensor x; refused when it is the batch. */
LF_MUST_USE lf_status lf_onnx_data_axis(lf_onnx *m, int64_t axis, lf_id x, int *out);

/* -- element types (onnx_types.c) ---------------------------------------------------------------------------------- */

enum {
    LF_ONNX_FLOAT = 1,
    LF_ONNX_UINT8,
    LF_ONNX_INT8,
    LF_ONNX_UINT16,
    LF_ONNX_INT16,
    LF_ONNX_INT32,
    LF_ONNX_INT64,
    LF_ONNX_BOOL = 9,
    LF_ONNX_FLOAT16,
    LF_ONNX_DOUBLE,
    LF_ONNX_UINT32,
    LF_ONNX_UINT64,
    LF_ONNX_BFLOAT16 = 16
};

/* The element type of operand i of the current node as ONNX has it; 0 when it is not known. */
int32_t lf_onnx_type_in(lf_onnx *m, int i);
bool lf_onnx_is_integer(int32_t type); /* bool included */
lf_dtype lf_onnx_integer_type(int32_t type);
/* Gives the outputs of the current node their element types. Integers that may have left their type come back into it as machine
 * integers do, by the op `wrap`. */
LF_MUST_USE lf_status lf_onnx_type_outputs(lf_onnx *m);

/* -- making nodes (onnx_build.c) ----------------------------------------------------------------------------------- */

/* A node whose outputs have no shape yet. `suffix` is added to the name of the ONNX node ("" for the node that does its
 * main work). Operands may be 0. NULL (reported) when this version has no such op. */
lf_node *lf_onnx_node(lf_onnx *m, const char *op, const char *suffix, const lf_id *in, int in_count,
                      const char *const *out, int out_count);
/* Infers its outputs and checks that the batch stays in front. */
LF_MUST_USE lf_status lf_onnx_infer(lf_onnx *m, lf_node *n);
/* Attributes of n; a name or type the op does not have is reported, not assumed. */
LF_MUST_USE lf_status lf_onnx_set_int(lf_onnx *m, lf_node *n, const char *name, int64_t v);
LF_MUST_USE lf_status lf_onnx_set_real(lf_onnx *m, lf_node *n, const char *name, double v);
LF_MUST_USE lf_status lf_onnx_set_text(lf_onnx *m, lf_node *n, const char *name, const char *v);
LF_MUST_USE lf_status lf_onnx_set_ints(lf_onnx *m, lf_node *n, const char *name, lf_ints v);

/* The outputs of the current ONNX node. */
const char *lf_onnx_out_name(const lf_onnx *m, int i); /* NULL when absent */
void lf_onnx_bind(lf_onnx *m, int i, lf_id tensor);
void lf_onnx_bind_ints(lf_onnx *m, int i, lf_shape shape, const int64_t *ints);
void lf_onnx_bind_payload(lf_onnx *m, int i, const lf_pb_tensor *payload);
void lf_onnx_bind_value(lf_onnx *m, int i, lf_onnx_value *v); /* another name for the same */
/* The node of one output, output 0, that does the main work; lf_onnx_finish is to follow. */
LF_MUST_USE lf_status lf_onnx_begin(lf_onnx *m, const char *op, const lf_id *in, int in_count, lf_node **n);
/* Infers n and binds the outputs in order: the last thing most import functions do. */
LF_MUST_USE lf_status lf_onnx_finish(lf_onnx *m, lf_node *n);
lf_status lf_onnx_finish_as(lf_onnx *m, lf_id tensor); /* output 0 is that tensor */
/* reshape to `to`, dropped when nothing changes, bound to output 0. */
LF_MUST_USE lf_status lf_onnx_bind_reshaped(lf_onnx *m, lf_id in, lf_shape to);
/* One node with one output, inferred. out_name NULL: a name made from the node's. */
LF_MUST_USE lf_status lf_onnx_simple(lf_onnx *m, const char *op, const char *suffix, const lf_id *in, int in_count,
                                     const char *out_name, lf_id *out);
/* A constant made at import. */
lf_id lf_onnx_scalar(lf_onnx *m, const char *suffix, double v);

/* -- the map (onnx_map.c) ------------------------------------------------------------------------------------------ */

extern const lf_onnx_row lf_onnx_rows[];
extern const size_t lf_onnx_row_count;
unsigned lf_onnx_domain(const char *domain);                              /* its bit, or 0 when it is unknown */
const lf_onnx_row *lf_onnx_row_for(unsigned domain, const char *op_type); /* NULL when unknown */
bool lf_onnx_same_domain(const char *a, const char *b);                   /* "" is "ai.onnx" */

#endif
