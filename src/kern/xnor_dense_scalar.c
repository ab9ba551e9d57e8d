/* The definition, and the layer's packing. */
#include <string.h>

#include "kern/xnor_dense.h"

void lf_xnor_layer_new(lf_arena *a, size_t inputs, size_t outputs, const uint64_t *weight, lf_xnor_layer *out) {
    size_t words = lf_bit_words(inputs), groups = (outputs + LF_XNOR_GROUP - 1) / LF_XNOR_GROUP;
    *out = (lf_xnor_layer){
        .inputs = inputs,
        .outputs = outputs,
        .words = words,
        .groups = groups,
        .weight = LF_NEW_ARRAY(a, uint64_t, groups * words * LF_XNOR_GROUP),
        .limit = LF_NEW_ARRAY(a, int64_t, groups * LF_XNOR_GROUP),
        .invert = LF_NEW_ARRAY(a, uint8_t, groups),
    };
    for (size_t n = 0; n < outputs; n++)
        for (size_t k = 0; k < words; k++)
            out->weight[(n / LF_XNOR_GROUP * words + k) * LF_XNOR_GROUP + n % LF_XNOR_GROUP] = weight[n * words + k];
    for (size_t n = 0; n < groups * LF_XNOR_GROUP; n++)
        out->limit[n] = -1;
}

static int64_t count_ones(uint64_t v) {
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (int64_t)(v * 0x0101010101010101u >> 56);
}

static void differ_group(const lf_xnor_layer *l, size_t group, const uint64_t *x, int64_t differ[LF_XNOR_GROUP]) {
    const uint64_t *w = l->weight + group * l->words * LF_XNOR_GROUP;
    for (size_t j = 0; j < LF_XNOR_GROUP; j++)
        differ[j] = 0;
    for (size_t k = 0; k < l->words; k++, w += LF_XNOR_GROUP)
        for (size_t j = 0; j < LF_XNOR_GROUP; j++)
            differ[j] += count_ones(x[k] ^ w[j]);
}

static void bits(const lf_xnor_layer *l, const uint64_t *x, size_t x_stride, size_t rows, uint64_t *y,
                 size_t y_stride) {
    int64_t differ[LF_XNOR_GROUP];
    for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
        memset(y, 0, lf_bit_words(l->outputs) * sizeof *y);
        for (size_t g = 0; g < l->groups; g++) {
            differ_group(l, g, x, differ);
            uint64_t byte = l->invert[g];
            for (size_t j = 0; j < LF_XNOR_GROUP; j++)
                byte ^= (uint64_t)(differ[j] <= l->limit[g * LF_XNOR_GROUP + j]) << j;
            y[g / 8] |= byte << 8 * (g % 8);
        }
    }
}

static void dots(const lf_xnor_layer *l, const uint64_t *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride) {
    int64_t differ[LF_XNOR_GROUP];
    for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride)
        for (size_t g = 0; g < l->groups; g++) {
            differ_group(l, g, x, differ);
            for (size_t j = 0; j < LF_XNOR_GROUP; j++)
                y[g * LF_XNOR_GROUP + j] = (int32_t)((int64_t)l->inputs - 2 * differ[j]);
        }
}

const lf_xnor_kernel lf_xnor_dense_scalar = {LF_ISA_SCALAR, bits, dots};
