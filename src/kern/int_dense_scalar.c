/* The definition, and the layer's packing. */
#include "kern/int_dense.h"

/* AVX2 adds two byte products in saturating 16 bits, AVX-512 VNNI adds four in 32. */
lf_int_kind lf_int_kind_for(lf_isa isa, int64_t x_max, int64_t w_min, int64_t w_max) {
    int64_t w = -w_min > w_max ? -w_min : w_max;
    if (x_max > UINT8_MAX || w_min < INT8_MIN || w_max > INT8_MAX)
        return LF_INT_S16;
    return isa == LF_ISA_AVX2 && 2 * x_max * w > INT16_MAX ? LF_INT_S16 : LF_INT_U8;
}

static size_t lane_of(const lf_int_layer *l, size_t n, size_t k) {
    size_t together = l->kind == LF_INT_U8 ? 4 : 2;
    return ((n / LF_INT_GROUP * l->steps + k / together) * LF_INT_GROUP + n % LF_INT_GROUP) * together + k % together;
}

void lf_int_layer_new(lf_arena *a, lf_int_kind kind, size_t inputs, size_t outputs, const int64_t *weight,
                      const int64_t *constant, lf_int_layer *out) {
    size_t together = kind == LF_INT_U8 ? 4 : 2, steps = (inputs + together - 1) / together,
           groups = (outputs + LF_INT_GROUP - 1) / LF_INT_GROUP;
    *out = (lf_int_layer){
        .kind = kind,
        .inputs = inputs,
        .outputs = outputs,
        .steps = steps,
        .groups = groups,
        .weight = lf_alloc_array(a, groups * steps * LF_INT_GROUP, 4),
        .constant = LF_NEW_ARRAY(a, int32_t, groups * LF_INT_GROUP),
    };
    for (size_t n = 0; n < outputs; n++) {
        out->constant[n] = (int32_t)(uint32_t)(uint64_t)constant[n];
        for (size_t k = 0; k < inputs; k++)
            if (kind == LF_INT_U8)
                ((int8_t *)out->weight)[lane_of(out, n, k)] = (int8_t)weight[n * inputs + k];
            else
                ((int16_t *)out->weight)[lane_of(out, n, k)] = (int16_t)weight[n * inputs + k];
    }
}

static void group_u8(const lf_int_layer *l, size_t group, const uint8_t *x, uint32_t *sum) {
    const int8_t *w = (const int8_t *)l->weight + group * l->steps * LF_INT_GROUP * 4;
    for (size_t k = 0; k < l->steps; k++, x += 4)
        for (size_t j = 0; j < LF_INT_GROUP; j++, w += 4)
            sum[j] += (uint32_t)(x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3]);
}

static void group_s16(const lf_int_layer *l, size_t group, const int16_t *x, uint32_t *sum) {
    const int16_t *w = (const int16_t *)l->weight + group * l->steps * LF_INT_GROUP * 2;
    for (size_t k = 0; k < l->steps; k++, x += 2)
        for (size_t j = 0; j < LF_INT_GROUP; j++, w += 2)
            sum[j] += (uint32_t)(x[0] * w[0]) + (uint32_t)(x[1] * w[1]);
}

static void dots(const lf_int_layer *l, const void *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride) {
    for (size_t r = 0; r < rows; r++, x = (const uint8_t *)x + x_stride, y += y_stride)
        for (size_t g = 0; g < l->groups; g++) {
            uint32_t sum[LF_INT_GROUP];
            for (size_t j = 0; j < LF_INT_GROUP; j++)
                sum[j] = (uint32_t)l->constant[g * LF_INT_GROUP + j];
            if (l->kind == LF_INT_U8)
                group_u8(l, g, x, sum);
            else
                group_s16(l, g, x, sum);
            for (size_t j = 0; j < LF_INT_GROUP; j++)
                y[g * LF_INT_GROUP + j] = (int32_t)sum[j];
        }
}

const lf_int_kernel lf_int_dense_scalar = {LF_ISA_SCALAR, dots};
