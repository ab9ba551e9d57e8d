/* QONNX files. One table says which ONNX op an op of ours is, another which attribute is which. */
#include <float.h>
#include <math.h>
#include <onnx.pb-c.h>
#include <string.h>

#include "base/file.h"
#include "export/export.h"
#include "ir/op.h"

#define GENERAL "qonnx.custom_op.general"
enum { IR_VERSION = 7, OPSET = 13 };
enum { T_FLOAT = 1, T_INT64 = 7, A_FLOAT = 1, A_INT = 2, A_STRING = 3, A_INTS = 7 };

static const struct op_row {
    const char *op, *onnx, *domain;
    int int_operand;      /* the operand that is an int64 list in ONNX, or -1 */
    unsigned int_outputs; /* which outputs are indices */
} op_rows[] = {
    {"abs", "Abs", "", -1, 0},
    {"add", "Add", "", -1, 0},
    {"argmax", "ArgMax", "", -1, 1},
    {"average_pool", "AveragePool", "", -1, 0},
    {"batch_norm", "BatchNormalization", "", -1, 0},
    {"bipolar_quant", "BipolarQuant", GENERAL, -1, 0},
    {"clip", "Clip", "", -1, 0},
    {"concat", "Concat", "", -1, 0},
    {"conv", "Conv", "", -1, 0},
    {"div", "Div", "", -1, 0},
    {"elu", "Elu", "", -1, 0},
    {"erf", "Erf", "", -1, 0},
    {"exp", "Exp", "", -1, 0},
    {"hard_sigmoid", "HardSigmoid", "", -1, 0},
    {"leaky_relu", "LeakyRelu", "", -1, 0},
    {"matmul", "MatMul", "", -1, 0},
    {"max", "Max", "", -1, 0},
    {"max_pool", "MaxPool", "", -1, 0},
    {"min", "Min", "", -1, 0},
    {"mul", "Mul", "", -1, 0},
    {"multi_threshold", "MultiThreshold", GENERAL, -1, 0},
    {"neg", "Neg", "", -1, 0},
    {"pow", "Pow", "", -1, 0},
    {"prelu", "PRelu", "", -1, 0},
    {"quant", "Quant", GENERAL, -1, 0},
    {"relu", "Relu", "", -1, 0},
    {"reshape", "Reshape", "", 1, 0},
    {"selu", "Selu", "", -1, 0},
    {"sigmoid", "Sigmoid", "", -1, 0},
    {"sign", "Sign", "", -1, 0},
    {"softmax", "Softmax", "", -1, 0},
    {"softplus", "Softplus", "", -1, 0},
    {"softsign", "Softsign", "", -1, 0},
    {"sqrt", "Sqrt", "", -1, 0},
    {"sub", "Sub", "", -1, 0},
    {"tanh", "Tanh", "", -1, 0},
    {"topk", "TopK", "", 1, 2},
    {"transpose", "Transpose", "", -1, 0},
};

/* Attributes have the same name on both sides, but for the kernel (onnx_name). */
static const struct attr_row {
    const char *op, *name;
    int32_t type;
} attr_rows[] = {
    {"argmax", "axis", A_INT},
    {"argmax", "keepdims", A_INT},
    {"argmax", "select_last_index", A_INT},
    {"average_pool", "ceil_mode", A_INT},
    {"average_pool", "count_include_pad", A_INT},
    {"average_pool", "kernel", A_INTS},
    {"average_pool", "pads", A_INTS},
    {"average_pool", "strides", A_INTS},
    {"batch_norm", "epsilon", A_FLOAT},
    {"concat", "axis", A_INT},
    {"conv", "dilations", A_INTS},
    {"conv", "group", A_INT},
    {"conv", "kernel", A_INTS},
    {"conv", "pads", A_INTS},
    {"conv", "strides", A_INTS},
    {"elu", "alpha", A_FLOAT},
    {"hard_sigmoid", "alpha", A_FLOAT},
    {"hard_sigmoid", "beta", A_FLOAT},
    {"leaky_relu", "alpha", A_FLOAT},
    {"max_pool", "ceil_mode", A_INT},
    {"max_pool", "dilations", A_INTS},
    {"max_pool", "kernel", A_INTS},
    {"max_pool", "pads", A_INTS},
    {"max_pool", "strides", A_INTS},
    {"multi_threshold", "data_layout", A_STRING},
    {"multi_threshold", "out_bias", A_FLOAT},
    {"multi_threshold", "out_dtype", A_STRING},
    {"multi_threshold", "out_scale", A_FLOAT},
    {"quant", "narrow", A_INT},
    {"quant", "rounding_mode", A_STRING},
    {"quant", "signed", A_INT},
    {"selu", "alpha", A_FLOAT},
    {"selu", "gamma", A_FLOAT},
    {"softmax", "axis", A_INT},
    {"topk", "axis", A_INT},
    {"topk", "largest", A_INT},
    {"topk", "sorted", A_INT},
    {"transpose", "perm", A_INTS},
};

typedef struct writer {
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
} writer;

/* Every message begins with its init value; strings are borrowed. */
static void *new_message(lf_arena *a, const void *init, size_t size) {
    return lf_copy(a, init, size);
}

static char *text(const char *s) {
    return (char *)(uintptr_t)s;
}

static void complain(writer *w, const char *where, const char *fmt, const char *arg) {
    lf_where at = {.node = where};
    w->status = lf_fail(w->g->ctx, LF_BAD_INPUT, &at, fmt, arg);
}

/* -- shapes and annotations ---------------------------------------------------------------------------------------- */

static LfOnnx__TensorShapeProto__Dimension *new_dim(writer *w, bool batch, int64_t size) {
    LfOnnx__TensorShapeProto__Dimension init = LF_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT;
    LfOnnx__TensorShapeProto__Dimension *d = new_message(w->a, &init, sizeof init);
    if (batch)
        d->dim_param = text("N");
    else {
        d->has_dim_value = 1;
        d->dim_value = size;
    }
    return d;
}

static LfOnnx__TypeProto *new_type(writer *w, const lf_tensor *t) {
    LfOnnx__TensorShapeProto shape_init = LF_ONNX__TENSOR_SHAPE_PROTO__INIT;
    LfOnnx__TypeProto__Tensor tensor_init = LF_ONNX__TYPE_PROTO__TENSOR__INIT;
    LfOnnx__TypeProto type_init = LF_ONNX__TYPE_PROTO__INIT;
    LfOnnx__TensorShapeProto *shape = new_message(w->a, &shape_init, sizeof shape_init);
    LfOnnx__TypeProto__Tensor *tensor = new_message(w->a, &tensor_init, sizeof tensor_init);
    LfOnnx__TypeProto *type = new_message(w->a, &type_init, sizeof type_init);
    shape->n_dim = (size_t)t->shape.rank;
    shape->dim = LF_NEW_ARRAY(w->a, LfOnnx__TensorShapeProto__Dimension *, t->shape.rank);
    for (int i = 0; i < t->shape.rank; i++)
        shape->dim[i] = new_dim(w, i == 0 && w->batch && w->computed[t->id], t->shape.dim[i]);
    tensor->has_elem_type = 1;
    tensor->elem_type = w->indices[t->id] ? T_INT64 : T_FLOAT;
    tensor->shape = shape;
    type->tensor_type = tensor;
    return type;
}

static LfOnnx__ValueInfoProto *new_info(writer *w, const char *name, const lf_tensor *t) {
    LfOnnx__ValueInfoProto init = LF_ONNX__VALUE_INFO_PROTO__INIT;
    LfOnnx__ValueInfoProto *info = new_message(w->a, &init, sizeof init);
    info->name = text(name);
    info->type = new_type(w, t);
    return info;
}

static void annotate(writer *w, const lf_tensor *t) {
    LfOnnx__StringStringEntryProto entry_init = LF_ONNX__STRING_STRING_ENTRY_PROTO__INIT;
    LfOnnx__TensorAnnotation init = LF_ONNX__TENSOR_ANNOTATION__INIT;
    if (!lf_is_codes(t) || !lf_dtype_is_code(t->dtype) || lf_dtype_step(t->dtype) != 1.0)
        return;
    LfOnnx__StringStringEntryProto *entry = new_message(w->a, &entry_init, sizeof entry_init);
    LfOnnx__TensorAnnotation *a = new_message(w->a, &init, sizeof init);
    entry->key = text("finn_datatype");
    entry->value = text(lf_dtype_name(w->a, t->dtype));
    a->tensor_name = text(w->name[t->id]);
    a->n_quant_parameter_tensor_names = 1;
    a->quant_parameter_tensor_names = LF_NEW(w->a, LfOnnx__StringStringEntryProto *);
    a->quant_parameter_tensor_names[0] = entry;
    LF_PUSH(w->a, &w->annotations, a);
}

/* -- constants ----------------------------------------------------------------------------------------------------- */

static LfOnnx__TensorProto *new_initializer(writer *w, const char *name, lf_shape shape, int32_t type, const void *data,
                                            size_t size) {
    LfOnnx__TensorProto init = LF_ONNX__TENSOR_PROTO__INIT;
    LfOnnx__TensorProto *t = new_message(w->a, &init, sizeof init);
    t->name = text(name);
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

static const float *as_floats(writer *w, const lf_tensor *t) {
    if (t->value->elem == LF_ELEM_F32)
        return t->value->data;
    float *to = lf_alloc_try(w->a, t->value->count, sizeof *to);
    if (!to)
        complain(w, t->name, "no memory for constant %s", t->name);
    for (size_t i = 0; to && i < t->value->count; i++) {
        double v = lf_tensor_real(t, i);
        if (fabs(v) <= (double)FLT_MAX ? (double)(float)v != v : !isinf(v)) {
            complain(w, t->name, "constant %s has elements that are no float32 numbers, which ONNX would round",
                     t->name);
            return NULL;
        }
        to[i] = (float)v;
    }
    return to;
}

static void write_constant(writer *w, const lf_tensor *t) {
    if (!lf_onnx_finds_grid(t)) {
        complain(w, t->name, "constant %s has a scale, which ONNX cannot say", t->name);
        lf_hint(w->g->ctx, "export the network before fold-constants");
        return;
    }
    const float *data = as_floats(w, t);
    if (!data)
        return;
    new_initializer(w, w->name[t->id], t->shape, T_FLOAT, data, t->value->count * sizeof *data);
    annotate(w, t);
}

/* -- attributes ---------------------------------------------------------------------------------------------------- */

static const void *field_of(const lf_node *n, const char *name, const lf_attr_desc **d) {
    *d = n->op->attrs ? lf_attr_find(n->op, name) : NULL;
    return *d ? (const char *)n->attr + (*d)->offset : NULL;
}

static int64_t int_of(const lf_node *n, const char *name) {
    const lf_attr_desc *d;
    const void *at = field_of(n, name, &d);
    return !at ? 0 : d->type == LF_ATTR_BOOL ? *(const bool *)at : *(const int64_t *)at;
}

static lf_ints ints_of(const lf_node *n, const char *name) {
    const lf_attr_desc *d;
    const lf_ints *at = field_of(n, name, &d);
    return at ? *at : (lf_ints){0};
}

static const char *string_of(const lf_node *n, const char *name) {
    const lf_attr_desc *d;
    const void *at = field_of(n, name, &d);
    const char *s = !at ? "" : d->type == LF_ATTR_ENUM ? d->names[*(const int *)at] : *(const char *const *)at;
    return s ? s : "";
}

static void set_float(writer *w, LfOnnx__AttributeProto *a, const lf_node *n, const char *name) {
    const lf_attr_desc *d;
    const double *at = field_of(n, name, &d);
    a->has_f = 1;
    a->f = at ? (float)*at : 0;
    if (at && (double)a->f != *at)
        complain(w, n->name, "attribute %s is no float32 number, which ONNX would round", a->name);
}

static void set_string(writer *w, LfOnnx__AttributeProto *a, const lf_node *n, const char *name) {
    const char *s = string_of(n, name);
    if (!*s && !strcmp(name, "out_dtype"))
        s = lf_dtype_name(w->a, lf_out(w->g, n, 0)->dtype);
    a->has_s = 1;
    a->s.len = strlen(s);
    a->s.data = (uint8_t *)(uintptr_t)s;
}

static const char *onnx_name(const char *name) {
    return strcmp(name, "kernel") ? name : "kernel_shape";
}

static LfOnnx__AttributeProto *new_attribute(writer *w, const lf_node *n, const struct attr_row *row) {
    LfOnnx__AttributeProto init = LF_ONNX__ATTRIBUTE_PROTO__INIT;
    LfOnnx__AttributeProto *a = new_message(w->a, &init, sizeof init);
    a->name = text(onnx_name(row->name));
    a->has_type = 1;
    a->type = row->type;
    if (row->type == A_FLOAT)
        set_float(w, a, n, row->name);
    else if (row->type == A_STRING)
        set_string(w, a, n, row->name);
    else if (row->type == A_INT) {
        a->has_i = 1;
        a->i = int_of(n, row->name);
    } else {
        lf_ints list = ints_of(n, row->name);
        a->n_ints = (size_t)list.count;
        a->ints = (int64_t *)(uintptr_t)list.at;
    }
    return a;
}

static bool wanted(const lf_node *n, const struct attr_row *row) {
    bool optional = !strcmp(row->name, "data_layout");
    return !strcmp(row->op, n->op->name) && !(optional && !*string_of(n, row->name)) &&
           !(row->type == A_INTS && ints_of(n, row->name).count == 0);
}

static bool all_ones(lf_ints list) {
    for (int64_t i = 0; i < list.count; i++)
        if (list.at[i] != 1)
            return false;
    return true;
}

/* What a node says that its counterpart has no words for. */
static void refuse_unsayable(writer *w, const lf_node *n) {
    bool norm = !strcmp(n->op->name, "batch_norm") && int_of(n, "axis") < 0;
    if (norm || !strcmp(string_of(n, "layout"), "channels_last")) {
        complain(w, n->name, "%s works on channels that stand last, which ONNX cannot say", n->op->name);
        lf_hint(w->g->ctx, "export the network before channels-last");
    }
    if (!strcmp(n->op->name, "average_pool") && !all_ones(ints_of(n, "dilations")))
        complain(w, n->name, "%s has dilations, which ONNX knows from opset 19 on", n->op->name);
}

static void write_attributes(writer *w, const lf_node *n, LfOnnx__NodeProto *out) {
    out->attribute = LF_NEW_ARRAY(w->a, LfOnnx__AttributeProto *, LF_COUNT(attr_rows));
    for (size_t i = 0; i < LF_COUNT(attr_rows); i++)
        if (wanted(n, &attr_rows[i]))
            out->attribute[out->n_attribute++] = new_attribute(w, n, &attr_rows[i]);
}

/* -- nodes --------------------------------------------------------------------------------------------------------- */

static const struct op_row *row_of(const lf_node *n) {
    for (size_t i = 0; i < LF_COUNT(op_rows); i++)
        if (!strcmp(op_rows[i].op, n->op->name))
            return &op_rows[i];
    return NULL;
}

/* A name that no tensor has. */
static const char *free_name(const writer *w, const char *base) {
    const char *name = base;
    for (int k = 1; lf_find_tensor(w->g, name); k++)
        name = lf_format(w->a, "%s_%d", base, k);
    return name;
}

/* Dimension 0 of computed tensors is the batch: 0 keeps it. */
static const char *write_target(writer *w, const lf_node *n) {
    lf_shape to = lf_out(w->g, n, 0)->shape;
    int64_t *at = lf_copy(w->a, to.dim, sizeof to.dim);
    if (to.rank > 0 && w->batch && w->computed[n->in[0]])
        at[0] = 0;
    const char *name = free_name(w, lf_format(w->a, "%s_shape", n->name));
    new_initializer(w, name, (lf_shape){.rank = 1, .dim = {to.rank}}, T_INT64, at, (size_t)to.rank * sizeof *at);
    return name;
}

static const char *write_ints(writer *w, const lf_tensor *t) {
    int64_t *at = LF_NEW_ARRAY(w->a, int64_t, t->value->count);
    for (size_t i = 0; i < t->value->count; i++)
        at[i] = lf_tensor_code(t, i);
    const char *name = w->written[t->id] ? free_name(w, lf_format(w->a, "%s_int", t->name)) : w->name[t->id];
    new_initializer(w, name, (lf_shape){.rank = 1, .dim = {(int64_t)t->value->count}}, T_INT64, at,
                    t->value->count * sizeof *at);
    w->written[t->id] = true;
    return name;
}

/* k is an attribute of ours, or an operand; of ONNX since version 10 an operand only. */
static const char *write_count(writer *w, const lf_node *n) {
    int64_t k = int_of(n, "k");
    const char *name = free_name(w, lf_format(w->a, "%s_k", n->name));
    new_initializer(w, name, (lf_shape){.rank = 1, .dim = {1}}, T_INT64, lf_copy(w->a, &k, sizeof k), sizeof k);
    return name;
}

static const char *write_operand(writer *w, const lf_tensor *t) {
    if (!t)
        return "";
    if (t->value && !w->written[t->id])
        write_constant(w, t);
    w->written[t->id] = true;
    return w->name[t->id];
}

static void write_operands(writer *w, const lf_node *n, const struct op_row *row, LfOnnx__NodeProto *out) {
    bool reshape = !strcmp(n->op->name, "reshape"), count = !strcmp(n->op->name, "topk") && !lf_in(w->g, n, 1);
    out->input = LF_NEW_ARRAY(w->a, char *, n->in_count + 1);
    for (int i = 0; i < (reshape || count ? 1 : n->in_count); i++) {
        const lf_tensor *t = lf_in(w->g, n, i);
        out->input[out->n_input++] =
            text(i == row->int_operand && t && lf_is_codes(t) && t->value ? write_ints(w, t) : write_operand(w, t));
    }
    if (reshape)
        out->input[out->n_input++] = text(write_target(w, n));
    if (count)
        out->input[out->n_input++] = text(write_count(w, n));
}

static void write_results(writer *w, const lf_node *n, const struct op_row *row, LfOnnx__NodeProto *out) {
    out->output = LF_NEW_ARRAY(w->a, char *, n->out_count);
    for (int i = 0; i < n->out_count; i++) {
        const lf_tensor *t = lf_out(w->g, n, i);
        w->indices[t->id] = row->int_outputs >> i & 1;
        out->output[out->n_output++] = text(w->name[t->id]);
        LF_PUSH(w->a, &w->infos, new_info(w, w->name[t->id], t));
    }
}

static LfOnnx__NodeProto *new_node(writer *w, const char *name, const char *op, const char *domain) {
    LfOnnx__NodeProto init = LF_ONNX__NODE_PROTO__INIT;
    LfOnnx__NodeProto *out = new_message(w->a, &init, sizeof init);
    out->name = text(name);
    out->op_type = text(op);
    out->domain = text(*domain ? domain : NULL);
    LF_PUSH(w->a, &w->nodes, out);
    return out;
}

static void write_node(writer *w, const lf_node *n) {
    const struct op_row *row = row_of(n);
    if (!row) {
        complain(w, n->name, "the op %s has no counterpart in QONNX", n->op->name);
        return;
    }
    refuse_unsayable(w, n);
    LfOnnx__NodeProto *out = new_node(w, n->name, row->onnx, row->domain);
    write_operands(w, n, row, out);
    write_results(w, n, row, out);
    write_attributes(w, n, out);
}

/* -- the graph ----------------------------------------------------------------------------------------------------- */

static void write_inputs(writer *w) {
    for (size_t i = 0; i < w->g->inputs.count; i++) {
        const lf_port *p = &w->g->inputs.at[i];
        const lf_tensor *t = lf_tensor_at(w->g, p->tensor);
        w->name[t->id] = p->name;
        LF_PUSH(w->a, &w->inputs, new_info(w, p->name, t));
        annotate(w, t);
    }
}

static void write_nodes(writer *w) {
    for (size_t i = 0; i < w->g->order.count; i++) {
        const lf_node *n = lf_node_at(w->g, w->g->order.at[i]);
        if (n)
            write_node(w, n);
    }
}

/* An output has its port's name; where the tensor bears another, a node that does nothing joins them. */
static void write_outputs(writer *w) {
    for (size_t i = 0; i < w->g->outputs.count; i++) {
        const lf_port *p = &w->g->outputs.at[i];
        const lf_tensor *t = lf_tensor_at(w->g, p->tensor);
        LF_PUSH(w->a, &w->outputs, new_info(w, p->name, t));
        if (!strcmp(p->name, w->name[t->id]))
            continue;
        LfOnnx__NodeProto *out = new_node(w, lf_format(w->a, "%s_name", p->name), "Identity", "");
        out->n_input = out->n_output = 1;
        out->input = lf_copy(w->a, &w->name[t->id], sizeof *w->name);
        out->output = lf_copy(w->a, &p->name, sizeof p->name);
    }
}

/* Outputs say their own shape; the checker refuses a second statement. */
static void drop_output_infos(writer *w) {
    size_t kept = 0;
    for (size_t i = 0; i < w->infos.count; i++) {
        bool output = false;
        for (size_t k = 0; k < w->outputs.count; k++)
            output |= !strcmp(w->infos.at[i]->name, w->outputs.at[k]->name);
        if (!output)
            w->infos.at[kept++] = w->infos.at[i];
    }
    w->infos.count = kept;
}

static bool keeps_batch(const lf_tensor *t) {
    return t->shape.rank > 0 && t->shape.dim[0] == 1;
}

/* Marks what depends on an input. A network whose inputs have no first dimension of 1, or that drops it somewhere, has no batch. */
static bool find_batch(writer *w) {
    bool batch = true;
    for (size_t i = 0; i < w->g->inputs.count; i++) {
        w->computed[w->g->inputs.at[i].tensor] = true;
        batch = batch && keeps_batch(lf_tensor_at(w->g, w->g->inputs.at[i].tensor));
    }
    for (size_t i = 0; i < w->g->order.count; i++) {
        const lf_node *n = lf_node_at(w->g, w->g->order.at[i]);
        bool computed = false;
        for (int k = 0; n && k < n->in_count; k++)
            computed |= w->computed[n->in[k]];
        for (int k = 0; computed && k < n->out_count; k++) {
            w->computed[n->out[k]] = true;
            batch = batch && keeps_batch(lf_out(w->g, n, k));
        }
    }
    return batch;
}

/* Where another tensor bears the name of an output, the two change names. */
static void free_output_names(writer *w) {
    for (size_t i = 0; i < w->g->outputs.count; i++) {
        const lf_port *p = &w->g->outputs.at[i];
        const lf_tensor *other = lf_find_tensor(w->g, p->name);
        if (!other || other->id == p->tensor || w->name[other->id] != other->name)
            continue;
        w->name[other->id] = w->name[p->tensor];
        w->name[p->tensor] = p->name;
    }
}

static void start(writer *w) {
    size_t n = w->g->tensors.count + 1;
    w->computed = LF_NEW_ARRAY(w->a, bool, n);
    w->indices = LF_NEW_ARRAY(w->a, bool, n);
    w->written = LF_NEW_ARRAY(w->a, bool, n);
    w->name = LF_NEW_ARRAY(w->a, const char *, n);
    for (size_t i = 0; i < w->g->tensors.count; i++)
        w->name[i + 1] = w->g->tensors.at[i] ? w->g->tensors.at[i]->name : "";
    free_output_names(w);
    w->batch = find_batch(w);
}

#define GIVE(w, field, vec) ((w)->graph.n_##field = (w)->vec.count, (w)->graph.field = (w)->vec.at)
static void collect(writer *w) {
    w->graph.name = text(w->g->name && *w->g->name ? w->g->name : "network");
    GIVE(w, node, nodes);
    GIVE(w, initializer, initializers);
    GIVE(w, input, inputs);
    GIVE(w, output, outputs);
    GIVE(w, value_info, infos);
    GIVE(w, quantization_annotation, annotations);
}

static lf_status write_model(writer *w, const char *path) {
    LfOnnx__OperatorSetIdProto onnx = LF_ONNX__OPERATOR_SET_ID_PROTO__INIT, general = onnx, *sets[] = {&onnx, &general};
    LfOnnx__ModelProto model = LF_ONNX__MODEL_PROTO__INIT;
    onnx.domain = text("");
    general.domain = text(GENERAL);
    onnx.has_version = general.has_version = model.has_ir_version = 1;
    onnx.version = OPSET;
    general.version = 1;
    model.ir_version = IR_VERSION;
    model.producer_name = text("lutfisk");
    model.graph = &w->graph;
    model.n_opset_import = LF_COUNT(sets);
    model.opset_import = sets;
    lf_where where = {.file = path};
    size_t size = lf_onnx__model_proto__get_packed_size(&model);
    uint8_t *bytes = size <= INT32_MAX ? lf_alloc_try(w->a, size, 1) : NULL;
    if (!bytes)
        return lf_fail(w->g->ctx, LF_BAD_INPUT, &where,
                       "a model of %zu bytes: too large for one ONNX file or for the memory", size);
    lf_onnx__model_proto__pack(&model, bytes);
    return lf_file_write(w->g->ctx, path, bytes, size);
}

lf_status lf_export_onnx(const lf_graph *g, const char *path) {
    LfOnnx__GraphProto init = LF_ONNX__GRAPH_PROTO__INIT;
    writer w = {.g = g, .a = lf_arena_new(), .graph = init};
    if (!w.a)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "no memory to write %s", path);
    start(&w);
    write_inputs(&w);
    write_nodes(&w);
    write_outputs(&w);
    drop_output_infos(&w);
    collect(&w);
    lf_status status = w.status == LF_OK ? write_model(&w, path) : w.status;
    lf_arena_free(w.a);
    return status;
}
