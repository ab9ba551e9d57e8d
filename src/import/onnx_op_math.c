/* Import of arithmetic: elementwise ops, products, normalization, quantizers, choice. */
#include <math.h>
#include <string.h>

#include "import/onnx_ops.h"

static lf_status bind_simple(lf_onnx *m, const lf_id *in, int in_count) {
    lf_id out;
    LF_TRY(lf_onnx_simple(m, m->row->op, "", in, in_count, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}

/* All operands as they are, absent ones as 0. */
static lf_status bind_all(lf_onnx *m, int least, int most) {
    LF_TRY(lf_onnx_operand_range(m, least, most));
    int count = lf_onnx_in_count(m);
    lf_id in[8] = {0};
    for (int i = 0; i < count; i++)
        if (i < least || lf_onnx_has_in(m, i))
            LF_TRY(lf_onnx_in(m, i, &in[i]));
    return bind_simple(m, in, count);
}

/* The negative of known integers: axes counted from the end. */
static lf_status negated_ints(lf_onnx *m) {
    lf_ints in;
    LF_TRY(lf_onnx_ints_in(m, 0, "operand", &in));
    int64_t *out = LF_NEW_ARRAY(m->scratch, int64_t, in.count + 1);
    for (int64_t i = 0; i < in.count; i++) {
        if (in.at[i] == INT64_MIN)
            return lf_onnx_refuse(m, "the negative of -2^63");
        out[i] = -in.at[i];
    }
    lf_onnx_bind_ints(m, 0, lf_onnx_value_in(m, 0)->shape, out);
    return LF_OK;
}

lf_status lf_onnx_do_unary(lf_onnx *m) {
    if (!strcmp(m->row->op, "neg") && lf_onnx_known_ints(m, 0))
        return negated_ints(m);
    return bind_all(m, 1, 1);
}

lf_status lf_onnx_do_matmul(lf_onnx *m) {
    return bind_all(m, 2, 2);
}

/* ONNX divides integers toward zero; our div is the real quotient. */
static bool divides_integers(lf_onnx *m) {
    return lf_onnx_is_integer(lf_onnx_type_in(m, 0)) || lf_onnx_is_integer(lf_onnx_type_in(m, 1));
}

static lf_status integer_division(lf_onnx *m) {
    lf_onnx_refuse(m, "division of integers is not in this version");
    lf_hint(m->ctx, "divide floats, or multiply by the reciprocal");
    return LF_BAD_INPUT;
}

lf_status lf_onnx_do_binary(lf_onnx *m) {
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    if (lf_onnx_known_ints(m, 0) && lf_onnx_known_ints(m, 1) && strcmp(m->row->op, "pow") != 0)
        return lf_onnx_fold_arithmetic(m);
    if (!strcmp(m->row->op, "div") && divides_integers(m))
        return integer_division(m);
    return bind_all(m, 2, 2);
}

/* -- clip ---------------------------------------------------------------------------------------------------------- */

static lf_status clip_bound(lf_onnx *m, const char *name, const char *suffix, lf_id *out) {
    float v;
    LF_TRY(lf_onnx_float(m, name, 0, &v));
    if (!lf_onnx_has_attr(m, name) || fabsf(v) == 0x1.fffffep127f)
        return LF_OK; /* the largest float is the default: no bound */
    if (isnan(v))
        return lf_onnx_refuse(m, "attribute %s is NaN", name);
    *out = lf_onnx_scalar(m, suffix, (double)v);
    return LF_OK;
}

lf_status lf_onnx_do_clip(lf_onnx *m) {
    lf_id in[3] = {0};
    if (m->version >= 11)
        return bind_all(m, 1, 3);
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_in(m, 0, &in[0]));
    LF_TRY(clip_bound(m, "min", "_min", &in[1]));
    LF_TRY(clip_bound(m, "max", "_max", &in[2]));
    return bind_simple(m, in, in[2] ? 3 : in[1] ? 2 : 1);
}

/* -- products ------------------------------------------------------------------------------------------------------ */

/* Operand i, transposed when the attribute says so. */
static lf_status gemm_operand(lf_onnx *m, int i, const char *attr, const char *suffix, lf_id *out) {
    int64_t transposed, swap[2] = {1, 0};
    LF_TRY(lf_onnx_int(m, attr, 0, &transposed));
    LF_TRY(lf_onnx_in(m, i, out));
    if (!transposed)
        return LF_OK;
    const lf_tensor *t = lf_onnx_tensor_at(m, *out);
    if (t->shape.rank != 2)
        return lf_onnx_refuse(m, "operand %d has the shape %s, not that of a matrix", i,
                              lf_shape_text(m->scratch, t->shape));
    const char *name = lf_format(m->scratch, "%s%s", t->name, suffix);
    lf_node *n = lf_onnx_node(m, "transpose", suffix, out, 1, &name, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_ints(m, n, "perm", (lf_ints){swap, 2}));
    *out = n->out[0];
    return lf_onnx_infer(m, n);
}

/* x * factor, when that is not 1. */
static lf_status gemm_scale(lf_onnx *m, const char *attr, const char *suffix, const char *name, lf_id *x) {
    float factor;
    LF_TRY(lf_onnx_float(m, attr, 1.0f, &factor));
    if (!isfinite(factor))
        return lf_onnx_refuse(m, "attribute %s is not a finite number", attr);
    if (factor == 1.0f || !*x)
        return LF_OK;
    lf_id in[2] = {*x, lf_onnx_scalar(m, lf_format(m->scratch, "_%s", attr), (double)factor)};
    return lf_onnx_simple(m, "mul", suffix, in, 2, name, x);
}

/* Y = alpha A' B' + beta C. The node that does the product has the name of the whole, the tensor that leaves the name
 * of Y. */
lf_status lf_onnx_do_gemm(lf_onnx *m) {
    LF_TRY(lf_onnx_operand_range(m, 2, 3));
    lf_id ab[2], c = 0, product;
    float alpha;
    LF_TRY(gemm_operand(m, 0, "transA", "_a", &ab[0]));
    LF_TRY(gemm_operand(m, 1, "transB", "_b", &ab[1]));
    LF_TRY(lf_onnx_float(m, "alpha", 1.0f, &alpha));
    if (lf_onnx_has_in(m, 2))
        LF_TRY(lf_onnx_in(m, 2, &c));
    const char *out = lf_onnx_out_name(m, 0);
    LF_TRY(lf_onnx_simple(m, "matmul", "", ab, 2, c || alpha != 1.0f ? NULL : out, &product));
    LF_TRY(gemm_scale(m, "alpha", "_scale", c ? NULL : out, &product));
    LF_TRY(gemm_scale(m, "beta", "_bias_scale", NULL, &c));
    if (c) {
        lf_id sum[2] = {product, c};
        LF_TRY(lf_onnx_simple(m, "add", "_bias", sum, 2, out, &product));
    }
    return lf_onnx_finish_as(m, product);
}

/* -- normalization ------------------------------------------------------------------------------------------------- */

static lf_status swapped(lf_onnx *m, lf_id x, const char *suffix, const char *out_name, lf_id *y) {
    return lf_onnx_simple(m, "transpose", suffix, &x, 1, out_name, y); /* without perm: the axes the other way round */
}

/* Exporters of version 7 put a Transpose before the normalization of a dense layer and one behind it, so that its input is [C, 1],
 * the batch last, and normalized the first axis. */
static lf_status batch_last(lf_onnx *m, lf_id *in, double epsilon) {
    lf_id y;
    lf_note(m->ctx, &(lf_where){.file = m->g->source, .node = m->name},
            "its input has the batch behind the channels: the first axis is taken for the channels");
    LF_TRY(swapped(m, in[0], "_batch_first", NULL, &in[0]));
    lf_node *n = lf_onnx_node(m, m->row->op, "", in, 5, &(const char *){NULL}, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_real(m, n, "epsilon", epsilon));
    LF_TRY(lf_onnx_infer(m, n));
    LF_TRY(swapped(m, n->out[0], "_batch_last", lf_onnx_out_name(m, 0), &y));
    return lf_onnx_finish_as(m, y);
}

static bool has_batch_last(const lf_onnx *m, const lf_id *in) {
    lf_shape x = lf_onnx_tensor_at(m, in[0])->shape, gamma = lf_onnx_tensor_at(m, in[1])->shape;
    return m->version < 9 && x.rank == 2 && gamma.rank == 1 && x.dim[1] == 1 && x.dim[0] == gamma.dim[0] &&
           gamma.dim[0] > 1;
}

lf_status lf_onnx_do_batch_normalization(lf_onnx *m) {
    float epsilon, momentum;
    int64_t training, spatial;
    LF_TRY(lf_onnx_operand_range(m, 5, 5));
    LF_TRY(lf_onnx_float(m, "epsilon", 1e-5f, &epsilon));
    LF_TRY(lf_onnx_float(m, "momentum", 0.9f, &momentum));
    LF_TRY(lf_onnx_int(m, "training_mode", 0, &training));
    LF_TRY(lf_onnx_int(m, "spatial", 1, &spatial));
    if (training || spatial != 1)
        return lf_onnx_refuse(m, "%s",
                              training ? "it is in training mode; export the model for inference"
                                       : "spatial = 0 is not in this version");
    for (int i = 1; (size_t)i < m->node->n_output; i++)
        if (lf_onnx_out_name(m, i))
            return lf_onnx_refuse(m, "it has the outputs of training; export the model for inference");
    lf_id in[5];
    for (int i = 0; i < 5; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    if (has_batch_last(m, in))
        return batch_last(m, in, (double)epsilon);
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, in, 5, &n));
    LF_TRY(lf_onnx_set_real(m, n, "epsilon", (double)epsilon));
    return lf_onnx_finish(m, n);
}

/* -- quantizers ---------------------------------------------------------------------------------------------------- */

lf_status lf_onnx_do_bipolar_quant(lf_onnx *m) {
    return bind_all(m, 2, 2);
}

static lf_status required_flag(lf_onnx *m, const char *name, int64_t *out) {
    if (!lf_onnx_has_attr(m, name))
        return lf_onnx_refuse(m, "the attribute %s is missing", name);
    LF_TRY(lf_onnx_int(m, name, 0, out));
    return *out == 0 || *out == 1 ? LF_OK
                                  : lf_onnx_refuse(m, "attribute %s is %lld, neither 0 nor 1", name, (long long)*out);
}

lf_status lf_onnx_do_quant(lf_onnx *m) {
    int64_t is_signed, narrow;
    const char *rounding;
    lf_round mode;
    lf_id in[4];
    LF_TRY(lf_onnx_operand_range(m, 4, 4));
    LF_TRY(required_flag(m, "signed", &is_signed));
    LF_TRY(required_flag(m, "narrow", &narrow));
    LF_TRY(lf_onnx_string(m, "rounding_mode", "ROUND", &rounding));
    if (!lf_round_parse(rounding, &mode))
        return lf_onnx_refuse(m, "unknown rounding_mode %s; known: ROUND CEIL FLOOR UP DOWN HALF_UP HALF_DOWN",
                              rounding);
    for (int i = 0; i < 4; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, in, 4, &n));
    LF_TRY(lf_onnx_set_int(m, n, "signed", is_signed));
    LF_TRY(lf_onnx_set_int(m, n, "narrow", narrow));
    LF_TRY(lf_onnx_set_text(m, n, "rounding_mode", lf_round_name(mode)));
    return lf_onnx_finish(m, n);
}

lf_status lf_onnx_do_multi_threshold(lf_onnx *m) {
    float scale, bias;
    const char *dtype, *layout;
    lf_id in[2];
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_float(m, "out_scale", 1.0f, &scale));
    LF_TRY(lf_onnx_float(m, "out_bias", 0.0f, &bias));
    LF_TRY(lf_onnx_string(m, "out_dtype", NULL, &dtype));
    LF_TRY(lf_onnx_string(m, "data_layout", "", &layout));
    if (!dtype)
        return lf_onnx_refuse(m, "the attribute out_dtype is missing");
    for (int i = 0; i < 2; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, in, 2, &n));
    LF_TRY(lf_onnx_set_real(m, n, "out_scale", (double)scale));
    LF_TRY(lf_onnx_set_real(m, n, "out_bias", (double)bias));
    LF_TRY(lf_onnx_set_text(m, n, "out_dtype", dtype));
    LF_TRY(lf_onnx_set_text(m, n, "data_layout", layout));
    return lf_onnx_finish(m, n);
}

/* -- choice -------------------------------------------------------------------------------------------------------- */

/* An attribute before version 10, an operand since. */
static lf_status top_k_count(lf_onnx *m, lf_id *k) {
    int64_t count;
    LF_TRY(lf_onnx_operand_range(m, m->version < 10 ? 1 : 2, m->version < 10 ? 1 : 2));
    if (m->version >= 10)
        return lf_onnx_in(m, 1, k);
    LF_TRY(lf_onnx_int(m, "k", 0, &count));
    *k = lf_const_codes(m->g, lf_format(m->scratch, "%s_k", m->name), (lf_shape){.rank = 1, .dim = {1}}, &count)->id;
    return LF_OK;
}

lf_status lf_onnx_do_top_k(lf_onnx *m) {
    int64_t given, largest, sorted;
    int axis;
    lf_id in[2];
    LF_TRY(top_k_count(m, &in[1]));
    LF_TRY(lf_onnx_int(m, "axis", -1, &given));
    LF_TRY(lf_onnx_int(m, "largest", 1, &largest));
    LF_TRY(lf_onnx_int(m, "sorted", 1, &sorted));
    LF_TRY(lf_onnx_in(m, 0, &in[0]));
    LF_TRY(lf_onnx_data_axis(m, given, in[0], &axis));
    const char *out[2] = {lf_onnx_out_name(m, 0), lf_onnx_out_name(m, 1)};
    for (int i = 0; i < 2; i++)
        if (!out[i])
            out[i] = lf_format(m->scratch, "%s_%s", m->name, i ? "indices" : "values");
    lf_node *n = lf_onnx_node(m, m->row->op, "", in, 2, out, 2);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    LF_TRY(lf_onnx_set_int(m, n, "largest", largest));
    LF_TRY(lf_onnx_set_int(m, n, "sorted", sorted));
    return lf_onnx_finish(m, n);
}

static lf_status softmax_on(lf_onnx *m, lf_id x, int axis, const char *out, lf_id *y) {
    lf_node *n = lf_onnx_node(m, m->row->op, "", &x, 1, &out, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    *y = n->out[0];
    return lf_onnx_infer(m, n);
}

static lf_status reshape_on(lf_onnx *m, const char *suffix, lf_id x, lf_shape to, const char *out, lf_id *y) {
    lf_node *n = lf_onnx_node(m, "reshape", suffix, &x, 1, &out, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_ints(m, n, "shape", (lf_ints){to.dim, to.rank}));
    *y = n->out[0];
    return lf_onnx_infer(m, n);
}

/* Before version 13 everything from `axis` on was one long axis. */
static lf_status softmax_flat(lf_onnx *m, lf_id x, int axis) {
    lf_shape from = lf_onnx_tensor_at(m, x)->shape, to = {.rank = axis + 1};
    to.dim[axis] = 1;
    for (int i = 0; i < from.rank; i++)
        if (i < axis)
            to.dim[i] = from.dim[i];
        else
            to.dim[axis] *= from.dim[i];
    lf_id flat, y, out;
    LF_TRY(reshape_on(m, "_flat", x, to, NULL, &flat));
    LF_TRY(softmax_on(m, flat, axis, NULL, &y));
    LF_TRY(reshape_on(m, "_shape", y, from, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}

lf_status lf_onnx_do_softmax(lf_onnx *m) {
    int64_t given;
    int axis;
    lf_id x, y;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_int(m, "axis", m->version < 13 ? 1 : -1, &given));
    LF_TRY(lf_onnx_in(m, 0, &x));
    const lf_tensor *t = lf_onnx_tensor_at(m, x);
    LF_TRY(lf_onnx_data_axis(m, given, x, &axis));
    if (m->version < 13 && axis < t->shape.rank - 1)
        return softmax_flat(m, x, axis);
    LF_TRY(softmax_on(m, x, axis, lf_onnx_out_name(m, 0), &y));
    return lf_onnx_finish_as(m, y);
}

lf_status lf_onnx_do_later(lf_onnx *m) {
    lf_onnx_refuse(m, "not in this version");
    lf_hint(m->ctx, "`lutfisk list ops` names what this version knows");
    return LF_BAD_INPUT;
}
