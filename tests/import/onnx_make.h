/* Small ONNX models made by hand for the tests: messages in an arena, packed to bytes. */
#ifndef LF_TESTS_IMPORT_ONNX_MAKE_H
#define LF_TESTS_IMPORT_ONNX_MAKE_H

#include <onnx.pb-c.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/import.h"
#include "ir/lftext.h"

#define GENERAL "qonnx.custom_op.general"

typedef struct make {
    lf_arena *a;
    LfOnnx__ModelProto *model;
    LfOnnx__GraphProto *graph;
    LF_VEC(LfOnnx__NodeProto *) nodes;
    LF_VEC(LfOnnx__TensorProto *) tensors;
    LF_VEC(LfOnnx__ValueInfoProto *) inputs, outputs;
    LF_VEC(LfOnnx__OperatorSetIdProto *) sets;
    LF_VEC(LfOnnx__TensorAnnotation *) annotations;
} make;

#define MAKE(m, type, lower) make_message((m)->a, sizeof(type), (void (*)(void *))(void (*)(void))lower)
static inline void *make_message(lf_arena *a, size_t size, void (*init)(void *)) {
    void *p = lf_alloc(a, size);
    init(p);
    return p;
}

static inline char *make_text(make *m, const char *s) {
    return lf_strdup(m->a, s);
}

static inline void make_set(make *m, const char *domain, int64_t version) {
    LfOnnx__OperatorSetIdProto *o = MAKE(m, LfOnnx__OperatorSetIdProto, lf_onnx__operator_set_id_proto__init);
    o->domain = make_text(m, domain);
    o->has_version = 1;
    o->version = version;
    LF_PUSH(m->a, &m->sets, o);
}

static inline make make_start(int64_t opset) {
    make m = {.a = lf_arena_new()};
    m.model = MAKE(&m, LfOnnx__ModelProto, lf_onnx__model_proto__init);
    m.graph = MAKE(&m, LfOnnx__GraphProto, lf_onnx__graph_proto__init);
    m.model->graph = m.graph;
    m.model->has_ir_version = 1;
    m.model->ir_version = 7;
    m.graph->name = make_text(&m, "g");
    make_set(&m, "", opset);
    make_set(&m, GENERAL, 1);
    return m;
}

/* dims as "1 28 28"; N is symbolic. */
static inline LfOnnx__ValueInfoProto *make_info(make *m, const char *name, const char *dims, int32_t type) {
    LfOnnx__ValueInfoProto *v = MAKE(m, LfOnnx__ValueInfoProto, lf_onnx__value_info_proto__init);
    v->name = make_text(m, name);
    v->type = MAKE(m, LfOnnx__TypeProto, lf_onnx__type_proto__init);
    v->type->tensor_type = MAKE(m, LfOnnx__TypeProto__Tensor, lf_onnx__type_proto__tensor__init);
    v->type->tensor_type->has_elem_type = 1;
    v->type->tensor_type->elem_type = type;
    LfOnnx__TensorShapeProto *s = v->type->tensor_type->shape =
        MAKE(m, LfOnnx__TensorShapeProto, lf_onnx__tensor_shape_proto__init);
    s->dim = LF_NEW_ARRAY(m->a, LfOnnx__TensorShapeProto__Dimension *, 16);
    for (char *d = strtok(make_text(m, dims), " "); d; d = strtok(NULL, " ")) {
        LfOnnx__TensorShapeProto__Dimension *p =
            MAKE(m, LfOnnx__TensorShapeProto__Dimension, lf_onnx__tensor_shape_proto__dimension__init);
        p->has_dim_value = *d != 'N';
        p->dim_value = p->has_dim_value ? atoll(d) : 0;
        p->dim_param = p->has_dim_value ? NULL : d;
        s->dim[s->n_dim++] = p;
    }
    return v;
}

static inline void make_input_of(make *m, const char *name, const char *dims, int32_t type) {
    LF_PUSH(m->a, &m->inputs, make_info(m, name, dims, type));
}
static inline void make_input(make *m, const char *name, const char *dims) {
    make_input_of(m, name, dims, 1);
}
static inline void make_output(make *m, const char *name) {
    LF_PUSH(m->a, &m->outputs, make_info(m, name, "", 1));
}

static inline LfOnnx__TensorProto *make_tensor(make *m, const char *name, const char *dims, int32_t type) {
    LfOnnx__TensorProto *t = MAKE(m, LfOnnx__TensorProto, lf_onnx__tensor_proto__init);
    t->name = make_text(m, name);
    t->has_data_type = 1;
    t->data_type = type;
    t->dims = LF_NEW_ARRAY(m->a, int64_t, 16);
    for (char *d = strtok(make_text(m, dims), " "); d; d = strtok(NULL, " "))
        t->dims[t->n_dims++] = atoll(d);
    return t;
}

static inline LfOnnx__TensorProto *make_const(make *m, const char *name, const char *dims, int32_t type) {
    LfOnnx__TensorProto *t = make_tensor(m, name, dims, type);
    LF_PUSH(m->a, &m->tensors, t);
    return t;
}

static inline void make_raw(make *m, LfOnnx__TensorProto *t, const void *data, size_t size) {
    t->has_raw_data = 1;
    t->raw_data.len = size;
    t->raw_data.data = lf_copy(m->a, data, size);
}

/* Values as text: "1 2.5 -3". */
static inline LfOnnx__TensorProto *make_floats(make *m, const char *name, const char *dims, const char *values) {
    LfOnnx__TensorProto *t = make_const(m, name, dims, 1);
    float v[1024];
    size_t n = 0;
    for (char *s = strtok(make_text(m, values), " "); s; s = strtok(NULL, " "))
        v[n++] = strtof(s, NULL);
    make_raw(m, t, v, n * sizeof *v);
    return t;
}

static inline LfOnnx__TensorProto *make_ints(make *m, const char *name, const char *dims, const char *values) {
    LfOnnx__TensorProto *t = make_const(m, name, dims, 7);
    int64_t v[256];
    size_t n = 0;
    for (char *s = strtok(make_text(m, values), " "); s; s = strtok(NULL, " "))
        v[n++] = atoll(s);
    make_raw(m, t, v, n * sizeof *v);
    return t;
}

static inline char **make_list(make *m, const char *names, size_t *count) {
    char **at = LF_NEW_ARRAY(m->a, char *, 64);
    for (char *s = strtok(make_text(m, names), " "); s; s = strtok(NULL, " "))
        at[(*count)++] = strcmp(s, "-") ? s : make_text(m, "");
    return at;
}

/* Operands and results as "x w -": - is absent. */
static inline LfOnnx__NodeProto *make_node(make *m, const char *op, const char *name, const char *in, const char *out) {
    LfOnnx__NodeProto *n = MAKE(m, LfOnnx__NodeProto, lf_onnx__node_proto__init);
    n->op_type = make_text(m, op);
    n->name = make_text(m, name);
    n->input = make_list(m, in, &n->n_input);
    n->output = make_list(m, out, &n->n_output);
    n->attribute = LF_NEW_ARRAY(m->a, LfOnnx__AttributeProto *, 16);
    LF_PUSH(m->a, &m->nodes, n);
    return n;
}

static inline LfOnnx__NodeProto *make_general(make *m, const char *op, const char *name, const char *in,
                                              const char *out) {
    LfOnnx__NodeProto *n = make_node(m, op, name, in, out);
    n->domain = make_text(m, GENERAL);
    return n;
}

static inline LfOnnx__AttributeProto *make_attr(make *m, LfOnnx__NodeProto *n, const char *name, int32_t type) {
    LfOnnx__AttributeProto *a = MAKE(m, LfOnnx__AttributeProto, lf_onnx__attribute_proto__init);
    a->name = make_text(m, name);
    a->has_type = 1;
    a->type = type;
    n->attribute[n->n_attribute++] = a;
    return a;
}

static inline void make_int(make *m, LfOnnx__NodeProto *n, const char *name, int64_t v) {
    LfOnnx__AttributeProto *a = make_attr(m, n, name, 2);
    a->has_i = 1;
    a->i = v;
}

static inline void make_float(make *m, LfOnnx__NodeProto *n, const char *name, float v) {
    LfOnnx__AttributeProto *a = make_attr(m, n, name, 1);
    a->has_f = 1;
    a->f = v;
}

static inline void make_string(make *m, LfOnnx__NodeProto *n, const char *name, const char *v) {
    LfOnnx__AttributeProto *a = make_attr(m, n, name, 3);
    a->has_s = 1;
    a->s.len = strlen(v);
    a->s.data = (uint8_t *)make_text(m, v);
}

static inline void make_axes(make *m, LfOnnx__NodeProto *n, const char *name, const char *values) {
    LfOnnx__AttributeProto *a = make_attr(m, n, name, 7);
    a->ints = LF_NEW_ARRAY(m->a, int64_t, 16);
    for (char *s = strtok(make_text(m, values), " "); s; s = strtok(NULL, " "))
        a->ints[a->n_ints++] = atoll(s);
}

static inline void make_quant(make *m, const char *name, const char *in, const char *out, int is_signed) {
    LfOnnx__NodeProto *n = make_general(m, "Quant", name, in, out);
    make_int(m, n, "signed", is_signed);
    make_int(m, n, "narrow", 0);
    make_string(m, n, "rounding_mode", "ROUND");
}

static inline void make_annotation(make *m, const char *tensor, const char *datatype) {
    LfOnnx__TensorAnnotation *a = MAKE(m, LfOnnx__TensorAnnotation, lf_onnx__tensor_annotation__init);
    LfOnnx__StringStringEntryProto *e =
        MAKE(m, LfOnnx__StringStringEntryProto, lf_onnx__string_string_entry_proto__init);
    e->key = make_text(m, "finn_datatype");
    e->value = make_text(m, datatype);
    a->tensor_name = make_text(m, tensor);
    a->n_quant_parameter_tensor_names = 1;
    a->quant_parameter_tensor_names = LF_NEW(m->a, LfOnnx__StringStringEntryProto *);
    a->quant_parameter_tensor_names[0] = e;
    LF_PUSH(m->a, &m->annotations, a);
}

#define MAKE_GIVE(m, owner, field, vec) ((m)->owner->n_##field = (m)->vec.count, (m)->owner->field = (m)->vec.at)
static inline uint8_t *make_bytes(make *m, size_t *size) {
    MAKE_GIVE(m, graph, node, nodes);
    MAKE_GIVE(m, graph, initializer, tensors);
    MAKE_GIVE(m, graph, input, inputs);
    MAKE_GIVE(m, graph, output, outputs);
    MAKE_GIVE(m, graph, quantization_annotation, annotations);
    MAKE_GIVE(m, model, opset_import, sets);
    *size = lf_onnx__model_proto__get_packed_size(m->model);
    uint8_t *bytes = lf_alloc(m->a, *size + 1);
    lf_onnx__model_proto__pack(m->model, bytes);
    return bytes;
}

static inline void make_write(make *m, const char *path) {
    size_t size;
    const uint8_t *bytes = make_bytes(m, &size);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

/* All diagnostics as one text in the arena. */
static inline const char *make_complaints(lf_arena *a, const lf_ctx *ctx) {
    const char *all = "";
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        all = lf_format(a, "%s%s\n", all, lf_diag_text(a, lf_diag_at(ctx, i)));
    return all;
}

static inline void make_expect_text(const char *have, const char *want) {
    if (!strstr(have, want))
        fail_msg("expected \"%s\" in:\n%s", want, have);
}

/* The model imports; its text form without the first lines, in m's arena. */
static inline const char *make_import(make *m) {
    size_t size;
    const uint8_t *bytes = make_bytes(m, &size);
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import_onnx_bytes(ctx, "t.onnx", NULL, bytes, size);
    if (!g)
        fail_msg("not imported:\n%s", make_complaints(m->a, ctx));
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, true, &text, &weights), LF_OK);
    const char *copy = lf_strndup(m->a, text.at, text.len);
    lf_text_free(&text);
    lf_text_free(&weights);
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return copy;
}

static inline void make_expect(make *m, const char *want) {
    make_expect_text(make_import(m), want);
}

/* The model is refused, with `want` among the complaints. */
static inline const char *make_refusal(make *m) {
    size_t size;
    const uint8_t *bytes = make_bytes(m, &size);
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import_onnx_bytes(ctx, "t.onnx", NULL, bytes, size);
    assert_null(g);
    const char *all = make_complaints(m->a, ctx);
    lf_ctx_free(ctx);
    return all;
}

static inline void make_expect_refused(make *m, const char *want) {
    make_expect_text(make_refusal(m), want);
}

static inline void make_end(make *m) {
    lf_arena_free(m->a);
}

/* x [N,d..] -> op -> y, with an attribute or constants added by the caller. */
static inline make make_with_input(int64_t opset, const char *dims) {
    make m = make_start(opset);
    make_input(&m, "x", dims);
    make_output(&m, "y");
    return m;
}

static inline void make_done(make *m, const char *want) {
    make_expect(m, want);
    make_end(m);
}

static inline void make_refused(make *m, const char *want) {
    make_expect_refused(m, want);
    make_end(m);
}

#endif
