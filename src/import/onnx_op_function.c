/* Import of elementwise functions, comparisons, logic and choices between operands. */
#include <math.h>
#include <string.h>

#include "import/onnx_ops.h"

static lf_status one_node(lf_onnx *m, int in_count, lf_node **n) {
    lf_id in[8] = {0};
    LF_TRY(lf_onnx_operand_range(m, in_count, in_count));
    for (int i = 0; i < in_count; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    return lf_onnx_begin(m, m->row->op, in, in_count, n);
}

/* -- functions of one operand with numbers as attributes -------------------------------------------------------------- */

static lf_status with_number(lf_onnx *m, lf_node *n, const char *name, float fallback) {
    float v;
    LF_TRY(lf_onnx_float(m, name, fallback, &v));
    if (!isfinite(v))
        return lf_onnx_refuse(m, "attribute %s is not a finite number", name);
    return lf_onnx_set_real(m, n, name, (double)v);
}

/* LeakyRelu, ThresholdedRelu, Elu, Selu, Celu, HardSigmoid, Shrink: the defaults of ONNX. */
lf_status lf_onnx_do_with_numbers(lf_onnx *m) {
    static const struct {
        const char *op, *name;
        float fallback;
    } numbers[] = {{"LeakyRelu", "alpha", 0.01f},  {"ThresholdedRelu", "alpha", 1.0f},
                   {"Elu", "alpha", 1.0f},         {"Selu", "alpha", 1.67326319217681884765625f},
                   {"Celu", "alpha", 1.0f},        {"Selu", "gamma", 1.05070102214813232421875f},
                   {"HardSigmoid", "alpha", 0.2f}, {"HardSigmoid", "beta", 0.5f},
                   {"Shrink", "bias", 0.0f},       {"Shrink", "lambd", 0.5f}};
    lf_node *n;
    LF_TRY(one_node(m, 1, &n));
    for (size_t i = 0; i < LF_COUNT(numbers); i++)
        if (!strcmp(numbers[i].op, m->node->op_type))
            LF_TRY(with_number(m, n, numbers[i].name, numbers[i].fallback));
    if (!strcmp(m->row->op, "celu") && lf_onnx_has_attr(m, "alpha") && lf_onnx_attr(m, "alpha")->f == 0)
        return lf_onnx_refuse(m, "alpha is 0");
    return lf_onnx_finish(m, n);
}

lf_status lf_onnx_do_gelu(lf_onnx *m) {
    const char *approximate;
    lf_node *n;
    LF_TRY(lf_onnx_string(m, "approximate", "none", &approximate));
    bool by_tanh = !strcmp(approximate, "tanh");
    if (!by_tanh && strcmp(approximate, "none") != 0)
        return lf_onnx_refuse(m, "approximate = %s, neither none nor tanh", approximate);
    LF_TRY(one_node(m, 1, &n));
    LF_TRY(lf_onnx_set_int(m, n, "approximate", by_tanh));
    return lf_onnx_finish(m, n);
}

/* -- two operands -------------------------------------------------------------------------------------------------- */

lf_status lf_onnx_do_two(lf_onnx *m) {
    lf_node *n;
    LF_TRY(one_node(m, 2, &n));
    return lf_onnx_finish(m, n);
}

lf_status lf_onnx_do_mod(lf_onnx *m) {
    int64_t by_sign_of_a;
    lf_node *n;
    LF_TRY(lf_onnx_int(m, "fmod", 0, &by_sign_of_a));
    LF_TRY(one_node(m, 2, &n));
    LF_TRY(lf_onnx_set_int(m, n, "fmod", by_sign_of_a != 0));
    return lf_onnx_finish(m, n);
}

lf_status lf_onnx_do_where(lf_onnx *m) {
    lf_node *n;
    LF_TRY(one_node(m, 3, &n));
    return lf_onnx_finish(m, n);
}

/* -- any number of operands: two at a time ------------------------------------------------------------------------- */

static lf_status chain(lf_onnx *m, const char *op, int count, const char *name, lf_id *out) {
    LF_TRY(lf_onnx_in(m, 0, out));
    for (int i = 1; i < count; i++) {
        lf_id in[2] = {*out, 0};
        bool last = i == count - 1;
        LF_TRY(lf_onnx_in(m, i, &in[1]));
        LF_TRY(lf_onnx_simple(m, op, last ? "" : lf_format(m->scratch, "_%d", i), in, 2, last ? name : NULL, out));
    }
    return LF_OK;
}

lf_status lf_onnx_do_many(lf_onnx *m) {
    lf_id out;
    int count = lf_onnx_in_count(m);
    LF_TRY(lf_onnx_operand_range(m, 1, 4096));
    LF_TRY(chain(m, m->row->op, count, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}

lf_status lf_onnx_do_mean(lf_onnx *m) {
    lf_id in[2] = {0}, out;
    int count = lf_onnx_in_count(m);
    LF_TRY(lf_onnx_operand_range(m, 1, 4096));
    LF_TRY(chain(m, "add", count, NULL, &in[0]));
    if (count == 1)
        return lf_onnx_finish_as(m, in[0]);
    in[1] = lf_onnx_scalar(m, "_count", count);
    LF_TRY(lf_onnx_simple(m, "div", "_mean", in, 2, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}
