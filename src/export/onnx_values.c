/* Shapes, annotations and constants of a QONNX file. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "export/export.h"
#include "export/onnx_writer.h"

/* Every message begins with its init value; strings are borrowed. */
void *lf_onnx_new_message(lf_arena *a, const void *init, size_t size) {
    return lf_copy(a, init, size);
}

char *lf_onnx_text(const char *s) {
    return (char *)(uintptr_t)s;
}

void lf_onnx_complain(lf_onnx_writer *w, const char *where, const char *fmt, const char *arg) {
    lf_where at = {.node = where};
    w->status = lf_fail(w->g->ctx, LF_BAD_INPUT, &at, fmt, arg);
}

/* -- shapes and annotations ---------------------------------------------------------------------------------------- */

static LfOnnx__TensorShapeProto__Dimension *new_dim(lf_onnx_writer *w, bool batch, int64_t size) {
    LfOnnx__TensorShapeProto__Dimension init = LF_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT;
    LfOnnx__TensorShapeProto__Dimension *d = lf_onnx_new_message(w->a, &init, sizeof init);
    if (batch)
        d->dim_param = lf_onnx_text("N");
    else {
        d->has_dim_value = 1;
        d->dim_value = size;
    }
    return d;
}

static LfOnnx__TypeProto *new_type(lf_onnx_writer *w, const lf_tensor *t) {
    LfOnnx__TensorShapeProto shape_init = LF_ONNX__TENSOR_SHAPE_PROTO__INIT;
    LfOnnx__TypeProto__Tensor tensor_init = LF_ONNX__TYPE_PROTO__TENSOR__INIT;
    LfOnnx__TypeProto type_init = LF_ONNX__TYPE_PROTO__INIT;
    LfOnnx__TensorShapeProto *shape = lf_onnx_new_message(w->a, &shape_init, sizeof shape_init);
    LfOnnx__TypeProto__Tensor *tensor = lf_onnx_new_message(w->a, &tensor_init, sizeof tensor_init);
    LfOnnx__TypeProto *type = lf_onnx_new_message(w->a, &type_init, sizeof type_init);
    shape->n_dim = (size_t)t->shape.rank;
    shape->dim = LF_NEW_ARRAY(w->a, LfOnnx__TensorShapeProto__Dimension *, t->shape.rank);
    for (int i = 0; i < t->shape.rank; i++)
        shape->dim[i] = new_dim(w, i == 0 && w->batch && w->computed[t->id], t->shape.dim[i]);
    tensor->has_elem_type = 1;
    tensor->elem_type = w->indices[t->id] ? LF_ONNX_T_INT64 : LF_ONNX_T_FLOAT;
    tensor->shape = shape;
    type->tensor_type = tensor;
    return type;
}

LfOnnx__ValueInfoProto *lf_onnx_new_info(lf_onnx_writer *w, const char *name, const lf_tensor *t) {
    LfOnnx__ValueInfoProto init = LF_ONNX__VALUE_INFO_PROTO__INIT;
    LfOnnx__ValueInfoProto *info = lf_onnx_new_message(w->a, &init, sizeof init);
    info->name = lf_onnx_text(name);
    info->type = new_type(w, t);
    return info;
}

void lf_onnx_annotate(lf_onnx_writer *w, const lf_tensor *t) {
    LfOnnx__StringStringEntryProto entry_init = LF_ONNX__STRING_STRING_ENTRY_PROTO__INIT;
    LfOnnx__TensorAnnotation init = LF_ONNX__TENSOR_ANNOTATION__INIT;
    if (!lf_is_codes(t) || !lf_dtype_is_code(t->dtype) || lf_dtype_step(t->dtype) != 1.0)
        return;
    LfOnnx__StringStringEntryProto *entry = lf_onnx_new_message(w->a, &entry_init, sizeof entry_init);
    LfOnnx__TensorAnnotation *a = lf_onnx_new_message(w->a, &init, sizeof init);
    entry->key = lf_onnx_text("finn_datatype");
    entry->value = lf_onnx_text(lf_dtype_name(w->a, t->dtype));
    a->tensor_name = lf_onnx_text(w->name[t->id]);
    a->n_quant_parameter_tensor_names = 1;
    a->quant_parameter_tensor_names = LF_NEW(w->a, LfOnnx__StringStringEntryProto *);
    a->quant_parameter_tensor_names[0] = entry;
    LF_PUSH(w->a, &w->annotations, a);
}

/* -- constants ----------------------------------------------------------------------------------------------------- */

LfOnnx__TensorProto *lf_onnx_new_initializer(lf_onnx_writer *w, const char *name, lf_shape shape, int32_t type,
                                             const void *data, size_t size) {
    LfOnnx__TensorProto init = LF_ONNX__TENSOR_PROTO__INIT;
    LfOnnx__TensorProto *t = lf_onnx_new_message(w->a, &init, sizeof init);
    t->name = lf_onnx_text(name);
    t->n_dims = (size_t)shape.rank;
    t->dims = lf_copy(w->a, shape.dim, sizeof shape.dim);
    t->has_data_type = 1;
    t->data_type = type;
    t->has_raw_data = 1;
    t->raw_data.len = size;
    t->raw_data.data = (uint8_t *)(uintptr_t)data;
    LF_PUSH(w->a, &w->initializers, t);
    return t;
}

bool lf_onnx_finds_grid(const lf_tensor *t) {
    if (!lf_on_grid(t))
        return true;
    int exponent;
    double mantissa = frexp(t->grid.scale[0], &exponent);
    return t->grid.scale_count == 1 && t->grid.divisor == 0 && mantissa == 0.5 && exponent <= 1 && exponent > -40;
}

static const float *as_floats(lf_onnx_writer *w, const lf_tensor *t) {
    if (t->value->elem == LF_ELEM_F32)
        return t->value->data;
    float *to = lf_alloc_try(w->a, t->value->count, sizeof *to);
    if (!to)
        lf_onnx_complain(w, t->name, "no memory for constant %s", t->name);
    for (size_t i = 0; to && i < t->value->count; i++) {
        double v = lf_tensor_real(t, i);
        if (fabs(v) <= (double)FLT_MAX ? (double)(float)v != v : !isinf(v)) {
            lf_onnx_complain(w, t->name, "constant %s has elements that are no float32 numbers, which ONNX would round",
                             t->name);
            return NULL;
        }
        to[i] = (float)v;
    }
    return to;
}

void lf_onnx_write_constant(lf_onnx_writer *w, const lf_tensor *t) {
    if (!lf_onnx_finds_grid(t)) {
        lf_onnx_complain(w, t->name, "constant %s has a scale, which ONNX cannot say", t->name);
        lf_hint(w->g->ctx, "export the network before fold-constants");
        return;
    }
    const float *data = as_floats(w, t);
    if (!data)
        return;
    lf_onnx_new_initializer(w, w->name[t->id], t->shape, LF_ONNX_T_FLOAT, data, t->value->count * sizeof *data);
    lf_onnx_annotate(w, t);
}
