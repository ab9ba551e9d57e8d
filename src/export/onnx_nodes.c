/* Nodes of a QONNX file. One table says which ONNX op an op of ours is, another which attribute is which. */
#include <string.h>

#include "export/onnx_writer.h"

enum { A_FLOAT = 1, A_INT = 2, A_STRING = 3, A_INTS = 7 }; /* AttributeProto.AttributeType */

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
    {"bipolar_quant", "BipolarQuant", LF_ONNX_GENERAL, -1, 0},
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
    {"multi_threshold", "MultiThreshold", LF_ONNX_GENERAL, -1, 0},
    {"neg", "Neg", "", -1, 0},
    {"pow", "Pow", "", -1, 0},
    {"prelu", "PRelu", "", -1, 0},
    {"quant", "Quant", LF_ONNX_GENERAL, -1, 0},
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

static void set_float(lf_onnx_writer *w, LfOnnx__AttributeProto *a, const lf_node *n, const char *name) {
    const lf_attr_desc *d;
    const double *at = field_of(n, name, &d);
    a->has_f = 1;
    a->f = at ? (float)*at : 0;
    if (at && (double)a->f != *at)
        lf_onnx_complain(w, n->name, "attribute %s is no float32 number, which ONNX would round", a->name);
}

static void set_string(lf_onnx_writer *w, LfOnnx__AttributeProto *a, const lf_node *n, const char *name) {
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

static LfOnnx__AttributeProto *new_attribute(lf_onnx_writer *w, const lf_node *n, const struct attr_row *row) {
    LfOnnx__AttributeProto init = LF_ONNX__ATTRIBUTE_PROTO__INIT;
    LfOnnx__AttributeProto *a = lf_onnx_new_message(w->a, &init, sizeof init);
    a->name = lf_onnx_text(onnx_name(row->name));
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
static void refuse_unsayable(lf_onnx_writer *w, const lf_node *n) {
    bool norm = !strcmp(n->op->name, "batch_norm") && int_of(n, "axis") < 0;
    if (norm || !strcmp(string_of(n, "layout"), "channels_last")) {
        lf_onnx_complain(w, n->name, "%s works on channels that stand last, which ONNX cannot say", n->op->name);
        lf_hint(w->g->ctx, "export the network before channels-last");
    }
    if (!strcmp(n->op->name, "average_pool") && !all_ones(ints_of(n, "dilations")))
        lf_onnx_complain(w, n->name, "%s has dilations, which ONNX knows from opset 19 on", n->op->name);
}

static void write_attributes(lf_onnx_writer *w, const lf_node *n, LfOnnx__NodeProto *out) {
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
static const char *free_name(const lf_onnx_writer *w, const char *base) {
    const char *name = base;
    for (int k = 1; lf_find_tensor(w->g, name); k++)
        name = lf_format(w->a, "%s_%d", base, k);
    return name;
}

/* Dimension 0 of computed tensors is the batch: 0 keeps it. */
static const char *write_target(lf_onnx_writer *w, const lf_node *n) {
    lf_shape to = lf_out(w->g, n, 0)->shape;
    int64_t *at = lf_copy(w->a, to.dim, sizeof to.dim);
    if (to.rank > 0 && w->batch && w->computed[n->in[0]])
        at[0] = 0;
    const char *name = free_name(w, lf_format(w->a, "%s_shape", n->name));
    lf_onnx_new_initializer(w, name, (lf_shape){.rank = 1, .dim = {to.rank}}, LF_ONNX_T_INT64, at,
                            (size_t)to.rank * sizeof *at);
    return name;
}

static const char *write_ints(lf_onnx_writer *w, const lf_tensor *t) {
    int64_t *at = LF_NEW_ARRAY(w->a, int64_t, t->value->count);
    for (size_t i = 0; i < t->value->count; i++)
        at[i] = lf_tensor_code(t, i);
    const char *name = w->written[t->id] ? free_name(w, lf_format(w->a, "%s_int", t->name)) : w->name[t->id];
    lf_onnx_new_initializer(w, name, (lf_shape){.rank = 1, .dim = {(int64_t)t->value->count}}, LF_ONNX_T_INT64, at,
                            t->value->count * sizeof *at);
    w->written[t->id] = true;
    return name;
}

/* k is an attribute of ours, or an operand; of ONNX since version 10 an operand only. */
static const char *write_count(lf_onnx_writer *w, const lf_node *n) {
    int64_t k = int_of(n, "k");
    const char *name = free_name(w, lf_format(w->a, "%s_k", n->name));
    lf_onnx_new_initializer(w, name, (lf_shape){.rank = 1, .dim = {1}}, LF_ONNX_T_INT64, lf_copy(w->a, &k, sizeof k),
                            sizeof k);
    return name;
}

static const char *write_operand(lf_onnx_writer *w, const lf_tensor *t) {
    if (!t)
        return "";
    if (t->value && !w->written[t->id])
        lf_onnx_write_constant(w, t);
    w->written[t->id] = true;
    return w->name[t->id];
}

static void write_operands(lf_onnx_writer *w, const lf_node *n, const struct op_row *row, LfOnnx__NodeProto *out) {
    bool reshape = !strcmp(n->op->name, "reshape"), count = !strcmp(n->op->name, "topk") && !lf_in(w->g, n, 1);
    out->input = LF_NEW_ARRAY(w->a, char *, n->in_count + 1);
    for (int i = 0; i < (reshape || count ? 1 : n->in_count); i++) {
        const lf_tensor *t = lf_in(w->g, n, i);
        out->input[out->n_input++] = lf_onnx_text(
            i == row->int_operand && t && lf_is_codes(t) && t->value ? write_ints(w, t) : write_operand(w, t));
    }
    if (reshape)
        out->input[out->n_input++] = lf_onnx_text(write_target(w, n));
    if (count)
        out->input[out->n_input++] = lf_onnx_text(write_count(w, n));
}

static void write_results(lf_onnx_writer *w, const lf_node *n, const struct op_row *row, LfOnnx__NodeProto *out) {
    out->output = LF_NEW_ARRAY(w->a, char *, n->out_count);
    for (int i = 0; i < n->out_count; i++) {
        const lf_tensor *t = lf_out(w->g, n, i);
        w->indices[t->id] = row->int_outputs >> i & 1;
        out->output[out->n_output++] = lf_onnx_text(w->name[t->id]);
        LF_PUSH(w->a, &w->infos, lf_onnx_new_info(w, w->name[t->id], t));
    }
}

LfOnnx__NodeProto *lf_onnx_new_node(lf_onnx_writer *w, const char *name, const char *op, const char *domain) {
    LfOnnx__NodeProto init = LF_ONNX__NODE_PROTO__INIT;
    LfOnnx__NodeProto *out = lf_onnx_new_message(w->a, &init, sizeof init);
    out->name = lf_onnx_text(name);
    out->op_type = lf_onnx_text(op);
    out->domain = lf_onnx_text(*domain ? domain : NULL);
    LF_PUSH(w->a, &w->nodes, out);
    return out;
}

void lf_onnx_write_node(lf_onnx_writer *w, const lf_node *n) {
    const struct op_row *row = row_of(n);
    if (!row) {
        lf_onnx_complain(w, n->name, "the op %s has no counterpart in QONNX", n->op->name);
        return;
    }
    refuse_unsayable(w, n);
    LfOnnx__NodeProto *out = lf_onnx_new_node(w, n->name, row->onnx, row->domain);
    write_operands(w, n, row, out);
    write_results(w, n, row, out);
    write_attributes(w, n, out);
}
