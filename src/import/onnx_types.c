/* Element types of the ONNX file. The graph knows reals and exact integers; the file also says how wide its integers are, and that
 * is where theirs wrap around. */
#include <string.h>

#include "import/onnx_build.h"

/* Where the element type of an output comes from, when it is not that of operand 0. */
typedef struct type_rule {
    const char *op;
    int output;   /* -1: all */
    int32_t type; /* 0: that of `operand` */
    int operand;
} type_rule;

static const type_rule rules[] = {
    {"And", -1, LF_ONNX_BOOL, 0},
    {"Or", -1, LF_ONNX_BOOL, 0},
    {"Xor", -1, LF_ONNX_BOOL, 0},
    {"Not", -1, LF_ONNX_BOOL, 0},
    {"Equal", -1, LF_ONNX_BOOL, 0},
    {"Greater", -1, LF_ONNX_BOOL, 0},
    {"GreaterOrEqual", -1, LF_ONNX_BOOL, 0},
    {"Less", -1, LF_ONNX_BOOL, 0},
    {"LessOrEqual", -1, LF_ONNX_BOOL, 0},
    {"ArgMax", -1, LF_ONNX_INT64, 0},
    {"ArgMin", -1, LF_ONNX_INT64, 0},
    {"Shape", -1, LF_ONNX_INT64, 0},
    {"Size", -1, LF_ONNX_INT64, 0},
    {"TopK", 1, LF_ONNX_INT64, 0},
    {"MaxPool", 1, LF_ONNX_INT64, 0},
    {"Dropout", 1, LF_ONNX_BOOL, 0},
    {"MatMulInteger", -1, LF_ONNX_INT32, 0},
    {"ConvInteger", -1, LF_ONNX_INT32, 0},
    {"QuantizeLinear", -1, 0, 2},
    {"DequantizeLinear", -1, 0, 1},
    {"Where", -1, 0, 1},
    {"OneHot", -1, 0, 2},
    {"CastLike", -1, 0, 1},
};

bool lf_onnx_is_integer(int32_t type) {
    return (type >= LF_ONNX_UINT8 && type <= LF_ONNX_INT64) || type == LF_ONNX_BOOL || type == LF_ONNX_UINT32 ||
           type == LF_ONNX_UINT64;
}

int32_t lf_onnx_type_in(lf_onnx *m, int i) {
    const lf_onnx_value *v = lf_onnx_value_in(m, i);
    if (!v || v->type)
        return v ? v->type : 0;
    if (v->kind == LF_ONNX_PAYLOAD)
        return v->payload->data_type;
    return v->kind == LF_ONNX_INTS ? LF_ONNX_INT64 : 0;
}

static int32_t type_of_output(lf_onnx *m, int output) {
    const char *op = m->node->op_type;
    if (m->row->domains != LF_ONNX_AI)
        return LF_ONNX_FLOAT;
    if (!strcmp(op, "Cast")) {
        const lf_pb_attr *to = lf_onnx_attr(m, "to");
        return to ? (int32_t)to->i : 0;
    }
    if (!strcmp(op, "QuantizeLinear") && !lf_onnx_has_in(m, 2))
        return LF_ONNX_UINT8;
    for (size_t i = 0; i < LF_COUNT(rules); i++)
        if (!strcmp(rules[i].op, op) && (rules[i].output < 0 || rules[i].output == output))
            return rules[i].type ? rules[i].type : lf_onnx_type_in(m, rules[i].operand);
    return m->node->n_input ? lf_onnx_type_in(m, 0) : 0;
}

lf_dtype lf_onnx_integer_type(int32_t type) {
    switch (type) {
    case LF_ONNX_UINT8: return lf_uint(8);
    case LF_ONNX_INT8: return lf_int(8);
    case LF_ONNX_UINT16: return lf_uint(16);
    case LF_ONNX_INT16: return lf_int(16);
    case LF_ONNX_INT32: return lf_int(32);
    case LF_ONNX_BOOL: return lf_uint(1);
    case LF_ONNX_UINT32: return lf_uint(32);
    case LF_ONNX_UINT64: return lf_uint(64);
    default: return lf_int(64);
    }
}

static lf_status wrap(lf_onnx *m, lf_onnx_value *v, int32_t type) {
    const lf_tensor *t = lf_onnx_tensor_at(m, v->tensor);
    lf_dtype to = type == LF_ONNX_UINT64 ? lf_int(64) : lf_onnx_integer_type(type); /* codes have 62 bits */
    lf_range range = lf_dtype_range(to);
    if (t->value)
        return LF_OK;
    if (!lf_is_codes(t) || (type == LF_ONNX_UINT64 && t->range.lo < 0))
        return lf_onnx_refuse(m, "its result is made of integers, which cannot be computed exactly here");
    if (t->range.lo >= range.lo && t->range.hi <= range.hi)
        return LF_OK;
    const char *name = lf_format(m->scratch, "%s_wrapped", t->name);
    lf_node *n = lf_onnx_node(m, "cast", "_wrap", &v->tensor, 1, &name, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_text(m, n, "to", lf_dtype_name(m->scratch, to)));
    v->tensor = n->out[0];
    return lf_onnx_infer(m, n);
}

lf_status lf_onnx_type_outputs(lf_onnx *m) {
    for (int i = 0; (size_t)i < m->node->n_output; i++) {
        const char *name = lf_onnx_out_name(m, i);
        lf_onnx_value *v = name ? lf_onnx_find(m, name) : NULL;
        if (!v)
            continue;
        v->type = v->kind == LF_ONNX_PAYLOAD ? 0 : type_of_output(m, i); /* a payload says its type itself */
        if (v->kind == LF_ONNX_TENSOR && !v->same && lf_onnx_is_integer(v->type))
            LF_TRY(wrap(m, v, v->type));
    }
    return LF_OK;
}
