/* Import of quantizers whose codes stand in the file as integers: QuantizeLinear, DequantizeLinear (and Clip between them), and of
 * QONNX's Trunc. In the graph a value is its code times a scale, without an offset: the codes are shifted by the zero point. */
#include <math.h>
#include <string.h>

#include "import/onnx_ops.h"
#include "ops/ops.h"

/* -- constants along an axis --------------------------------------------------------------------------------------- */

/* Constant operand i: one number, or one for each index of `axis` of x, then as [C, 1, ..., 1]. */
static lf_status along_axis(lf_onnx *m, int i, const char *what, lf_shape x, int axis, lf_id *out) {
    LF_TRY(lf_onnx_in(m, i, out));
    const lf_tensor *t = lf_onnx_tensor_at(m, *out);
    int64_t count = lf_shape_count(t->shape);
    if (!t->value)
        return lf_onnx_refuse(m, "the %s, %s, is not a constant", what, t->name);
    if (count == 1)
        return LF_OK;
    if (t->shape.rank != 1 || axis >= x.rank || count != x.dim[axis])
        return lf_onnx_refuse(m, "the %s of shape %s does not belong to axis %d of %s", what,
                              lf_shape_text(m->scratch, t->shape), axis, lf_shape_text(m->scratch, x));
    lf_shape to = {.rank = x.rank - axis, .dim = {count}};
    for (int k = 1; k < to.rank; k++)
        to.dim[k] = 1;
    lf_tensor *shaped = lf_tensor_new(m->g, lf_format(m->scratch, "%s_axis", t->name), to, t->dtype);
    shaped->grid = t->grid;
    shaped->range = t->range;
    shaped->value = t->value;
    *out = shaped->id;
    return LF_OK;
}

static bool all_zero(const lf_tensor *t) {
    for (size_t i = 0; i < t->value->count; i++)
        if (lf_tensor_real(t, i) != 0)
            return false;
    return true;
}

/* Scale and zero point of the current node; *zero is 0 when there is none or it is 0 everywhere. */
static lf_status parameters(lf_onnx *m, lf_shape x, lf_id *scale, lf_id *zero) {
    int64_t given, block;
    int axis = 0;
    *zero = 0;
    LF_TRY(lf_onnx_int(m, "axis", 1, &given));
    LF_TRY(lf_onnx_int(m, "block_size", 0, &block));
    if (block)
        return lf_onnx_refuse(m, "scales per block are not in this version");
    if (given >= -x.rank && given < x.rank)
        axis = (int)(given < 0 ? given + x.rank : given);
    else
        axis = x.rank; /* allowed with one scale for all */
    LF_TRY(along_axis(m, 1, "scale", x, axis, scale));
    if (!lf_onnx_has_in(m, 2))
        return LF_OK;
    LF_TRY(along_axis(m, 2, "zero point", x, axis, zero));
    if (all_zero(lf_onnx_tensor_at(m, *zero)))
        *zero = 0;
    return LF_OK;
}

/* -- QuantizeLinear ------------------------------------------------------------------------------------------------ */

static lf_status code_bounds(lf_onnx *m, int32_t type, int64_t *lo, int64_t *hi) {
    static const struct {
        int32_t type;
        int64_t lo, hi;
    } types[] = {{LF_ONNX_UINT8, 0, 255},
                 {LF_ONNX_INT8, -128, 127},
                 {LF_ONNX_UINT16, 0, 65535},
                 {LF_ONNX_INT16, -32768, 32767},
                 {21, 0, 15},
                 {22, -8, 7}};
    for (size_t i = 0; i < LF_COUNT(types); i++)
        if (types[i].type == type) {
            *lo = types[i].lo;
            *hi = types[i].hi;
            return LF_OK;
        }
    return lf_onnx_refuse(m, "to elements of %s, which is not in this version", lf_onnx_type_name(m->scratch, type));
}

static lf_status quantizer(lf_onnx *m, const char *suffix, lf_id x, lf_id scale, lf_id zero, int64_t lo, int64_t hi,
                           const char *name, lf_id *out) {
    lf_id in[3] = {x, scale, zero};
    lf_node *n = lf_onnx_node(m, "quant_linear", suffix, in, zero ? 3 : 2, &name, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_int(m, n, "lo", lo));
    LF_TRY(lf_onnx_set_int(m, n, "hi", hi));
    *out = n->out[0];
    LF_TRY(lf_onnx_infer(m, n));
    if (!lf_on_grid(lf_onnx_tensor_at(m, *out)))
        return lf_onnx_refuse(m, "the scale varies along several axes");
    return LF_OK;
}

/* The quantized value, its scale taken off (exactly: s / s is 1), the zero point put back. */
lf_status lf_onnx_do_quantize_linear(lf_onnx *m) {
    int64_t saturate, declared, lo = 0, hi = 0;
    lf_id x, scale, zero, y;
    LF_TRY(lf_onnx_operand_range(m, 2, 3));
    LF_TRY(lf_onnx_int(m, "saturate", 1, &saturate));
    LF_TRY(lf_onnx_int(m, "output_dtype", 0, &declared));
    LF_TRY(lf_onnx_in(m, 0, &x));
    LF_TRY(parameters(m, lf_onnx_tensor_at(m, x)->shape, &scale, &zero));
    int32_t type = lf_onnx_has_in(m, 2) ? lf_onnx_type_in(m, 2) : declared ? (int32_t)declared : LF_ONNX_UINT8;
    LF_TRY(code_bounds(m, type, &lo, &hi));
    const char *name = lf_onnx_out_name(m, 0);
    LF_TRY(quantizer(m, "", x, scale, zero, lo, hi, NULL, &y));
    LF_TRY(lf_onnx_simple(m, "div", "_codes", (lf_id[]){y, scale}, 2, zero ? NULL : name, &y));
    if (zero)
        LF_TRY(lf_onnx_simple(m, "add", "_zero", (lf_id[]){y, zero}, 2, name, &y));
    return lf_onnx_finish_as(m, y);
}

/* -- DequantizeLinear ---------------------------------------------------------------------------------------------- */

static bool same_constant(const lf_tensor *a, const lf_tensor *b) {
    if (!a || !b)
        return a == b;
    if (lf_shape_count(a->shape) != lf_shape_count(b->shape) ||
        (lf_shape_count(a->shape) > 1 && !lf_shape_equal(a->shape, b->shape)))
        return false;
    for (size_t i = 0; i < a->value->count; i++)
        if (lf_tensor_real(a, i) != lf_tensor_real(b, i))
            return false;
    return true;
}

static const lf_node *made_by(const lf_onnx *m, lf_id tensor, const char *op) {
    const lf_tensor *t = tensor ? lf_tensor_at(m->g, tensor) : NULL;
    const lf_node *n = t ? lf_node_at(m->g, t->producer) : NULL;
    return n && !strcmp(n->op->name, op) ? n : NULL;
}

static bool whole_bound(const lf_onnx *m, const lf_node *clip, int i, int64_t *bound, bool lower) {
    const lf_tensor *t = lf_in(m->g, clip, i);
    double v = t && t->value && t->value->count == 1 ? lf_tensor_real(t, 0) : 0;
    if (!t || isinf(v))
        return !t || (v < 0) == lower;
    if (!t->value || t->value->count != 1 || v != floor(v) || fabs(v) > 65536)
        return false;
    if (lower ? (int64_t)v > *bound : (int64_t)v < *bound)
        *bound = (int64_t)v;
    return true;
}

/* The quantizer that made the integers q with this scale and zero point, perhaps with a Clip behind it; its bounds in lo, hi. */
static const lf_node *quantizer_of(lf_onnx *m, lf_id q, lf_id scale, lf_id zero, int64_t *lo, int64_t *hi) {
    const lf_node *clip = made_by(m, q, "clip"), *add, *div, *quant;
    q = clip ? clip->in[0] : q;
    add = zero ? made_by(m, q, "add") : NULL;
    if (zero && (!add || !same_constant(lf_in(m->g, add, 1), lf_tensor_at(m->g, zero))))
        return NULL;
    div = made_by(m, add ? add->in[0] : q, "div");
    quant = div ? made_by(m, div->in[0], "quant_linear") : NULL;
    if (!quant || !same_constant(lf_in(m->g, quant, 1), lf_tensor_at(m->g, scale)) ||
        !same_constant(lf_in(m->g, quant, 2), zero ? lf_tensor_at(m->g, zero) : NULL))
        return NULL;
    const lf_attr_desc *low = lf_attr_find(quant->op, "lo"), *high = lf_attr_find(quant->op, "hi");
    *lo = *(const int64_t *)((const char *)quant->attr + low->offset);
    *hi = *(const int64_t *)((const char *)quant->attr + high->offset);
    if (clip && (!whole_bound(m, clip, 1, lo, true) || !whole_bound(m, clip, 2, hi, false)))
        return NULL;
    return *lo <= *hi ? quant : NULL;
}

lf_status lf_onnx_do_dequantize_linear(lf_onnx *m) {
    int64_t lo = 0, hi = 0;
    lf_id q, scale, zero, y;
    LF_TRY(lf_onnx_operand_range(m, 2, 3));
    LF_TRY(lf_onnx_in(m, 0, &q));
    LF_TRY(parameters(m, lf_onnx_tensor_at(m, q)->shape, &scale, &zero));
    const char *name = lf_onnx_out_name(m, 0);
    const lf_node *quant = quantizer_of(m, q, scale, zero, &lo, &hi);
    if (quant) { /* one quantizer in values; what stood between them has no use any more */
        LF_TRY(quantizer(m, "", quant->in[0], scale, zero, lo, hi, name, &y));
        return lf_onnx_finish_as(m, y);
    }
    y = q;
    if (zero)
        LF_TRY(lf_onnx_simple(m, "sub", "_zero", (lf_id[]){q, zero}, 2, NULL, &y));
    LF_TRY(lf_onnx_simple(m, "mul", "", (lf_id[]){y, scale}, 2, name, &y));
    return lf_onnx_finish_as(m, y);
}

/* -- products of integers ------------------------------------------------------------------------------------------ */

static lf_status shifted(lf_onnx *m, int i, const char *suffix, lf_id *out) {
    lf_id zero;
    LF_TRY(lf_onnx_in(m, i, out));
    if (!lf_onnx_has_in(m, i + 2))
        return LF_OK;
    LF_TRY(lf_onnx_in(m, i + 2, &zero));
    if (lf_shape_count(lf_onnx_tensor_at(m, zero)->shape) != 1)
        return lf_onnx_refuse(m, "a zero point per row or column is not in this version");
    return lf_onnx_simple(m, "sub", suffix, (lf_id[]){*out, zero}, 2, NULL, out);
}

lf_status lf_onnx_do_mat_mul_integer(lf_onnx *m) {
    lf_id in[2], y;
    LF_TRY(lf_onnx_operand_range(m, 2, 4));
    LF_TRY(shifted(m, 0, "_a", &in[0]));
    LF_TRY(shifted(m, 1, "_b", &in[1]));
    LF_TRY(lf_onnx_simple(m, "matmul", "", in, 2, lf_onnx_out_name(m, 0), &y));
    return lf_onnx_finish_as(m, y);
}

/* -- Trunc --------------------------------------------------------------------------------------------------------- */

/* Version 1 has five operands, version 2 six. */
lf_status lf_onnx_do_trunc(lf_onnx *m) {
    int64_t is_signed = 1, narrow = 0;
    const char *rounding;
    lf_round mode;
    lf_id in[6];
    int count = lf_onnx_in_count(m);
    LF_TRY(lf_onnx_operand_range(m, 5, 6));
    LF_TRY(lf_onnx_string(m, "rounding_mode", "FLOOR", &rounding));
    if (!lf_round_parse(rounding, &mode))
        return lf_onnx_refuse(m, "unknown rounding_mode %s; known: ROUND CEIL FLOOR UP DOWN HALF_UP HALF_DOWN",
                              rounding);
    LF_TRY(lf_onnx_int(m, "signed", 1, &is_signed));
    LF_TRY(lf_onnx_int(m, "narrow", 0, &narrow));
    for (int i = 0; i < count; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, in, count, &n));
    LF_TRY(lf_onnx_set_int(m, n, "version", count == 5 ? 1 : 2));
    LF_TRY(lf_onnx_set_int(m, n, "signed", is_signed));
    LF_TRY(lf_onnx_set_int(m, n, "narrow", narrow));
    LF_TRY(lf_onnx_set_text(m, n, "rounding_mode", lf_round_name(mode)));
    return lf_onnx_finish(m, n);
}

/* -- QuantAvgPool2d ------------------------------------------------------------------------------------------------ */

static int bit_length(uint64_t v) {
    int n = 0;
    while (v >> n)
        n++;
    return n;
}

static lf_status window_attributes(lf_onnx *m, int64_t *kernel, int64_t *stride, int *cut) {
    int64_t in_bits, out_bits, is_signed;
    LF_TRY(lf_onnx_int(m, "kernel", 0, kernel));
    LF_TRY(lf_onnx_int(m, "stride", 1, stride));
    LF_TRY(lf_onnx_int(m, "ibits", 0, &in_bits));
    LF_TRY(lf_onnx_int(m, "obits", 0, &out_bits));
    LF_TRY(lf_onnx_int(m, "signed", 0, &is_signed));
    if (*kernel < 1 || *kernel > 1024 || *stride < 1 || in_bits < 1 || in_bits > 16 || out_bits < 1 || out_bits > 32)
        return lf_onnx_refuse(m, "kernel, stride, ibits or obits are missing or too large");
    int sum_bits = bit_length((((uint64_t)1 << in_bits) - 1) * (uint64_t)(*kernel * *kernel));
    *cut = sum_bits > out_bits ? sum_bits - (int)out_bits : 0;
    return LF_OK;
}

static lf_status window_mean(lf_onnx *m, lf_id x, int64_t kernel, int64_t stride, bool channels_last, lf_id *mean) {
    const int64_t kernels[2] = {kernel, kernel}, strides[2] = {stride, stride};
    lf_node *n = lf_onnx_node(m, "average_pool", "_mean", &x, 1, (const char *const[]){NULL}, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_ints(m, n, "kernel", (lf_ints){kernels, 2}));
    LF_TRY(lf_onnx_set_ints(m, n, "strides", (lf_ints){strides, 2}));
    LF_TRY(lf_onnx_set_text(m, n, "layout", channels_last ? "channels_last" : "channels_first"));
    *mean = n->out[0];
    return lf_onnx_infer(m, n);
}

/* The sum of a window of integers, without as many low bits as make it fit obits. The mean has the sums as its codes; Trunc cuts them, and
 * dividing by the mean's own scale makes that 1. */
lf_status lf_onnx_do_quant_avg_pool(lf_onnx *m) {
    int64_t kernel, stride;
    int cut = 0;
    const char *layout;
    lf_id x, mean, y;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(window_attributes(m, &kernel, &stride, &cut));
    LF_TRY(lf_onnx_string(m, "data_layout", "NCHW", &layout));
    bool channels_last = !strcmp(layout, "NHWC");
    LF_TRY(lf_onnx_in(m, 0, &x));
    if ((!channels_last && strcmp(layout, "NCHW") != 0) || !lf_is_codes(lf_onnx_tensor_at(m, x)))
        return lf_onnx_refuse(m, "of %s with data_layout %s: it takes integers as NCHW or NHWC",
                              lf_onnx_tensor_at(m, x)->name, layout);
    LF_TRY(window_mean(m, x, kernel, stride, channels_last, &mean));
    const lf_tensor *t = lf_onnx_tensor_at(m, mean);
    if (!lf_on_grid(t) || t->grid.scale_count != 1)
        return lf_onnx_refuse(m, "its windows are not all of the same size");
    lf_id scale = lf_onnx_scalar(m, "_scale", t->grid.scale[0]);
    if (cut) {
        lf_id in[5] = {mean, scale, lf_onnx_scalar(m, "_zero", 0), lf_onnx_scalar(m, "_in_bits", 1 + cut),
                       lf_onnx_scalar(m, "_out_bits", 1)};
        const char *none = NULL;
        lf_node *n = lf_onnx_node(m, "trunc", "_cut", in, 5, &none, 1);
        if (!n)
            return LF_BAD_INPUT;
        LF_TRY(lf_onnx_set_int(m, n, "version", 1));
        mean = n->out[0];
        LF_TRY(lf_onnx_infer(m, n));
    }
    LF_TRY(lf_onnx_simple(m, "div", "", (lf_id[]){mean, scale}, 2, lf_onnx_out_name(m, 0), &y));
    return lf_onnx_finish_as(m, y);
}
