/* Dense layers of one-bit weights and one-bit inputs: products are XNOR, sums are population counts.
 *
 * Bit rows: element k of a row is bit k % 64 of word k / 64, 1 for +1; the bits behind the last element are 0.
 *   differ(n) = population count of (x XOR w[n])          in [0, inputs]
 *   dot(n)    = sum over k of x[k] * w[n][k] = inputs - 2 differ(n)
 * Eight neurons stand side by side in one 512-bit word of weights, so that a word of the input is compared with all of them at
 * once and nothing has to be added across lanes.    Source: Rastegari et al., XNOR-Net, 2016; layout of our own. */
#ifndef LF_KERN_XNOR_DENSE_H
#define LF_KERN_XNOR_DENSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cpu.h"

enum { LF_XNOR_GROUP = 8 };

typedef struct lf_xnor_layer {
    size_t inputs, outputs;
    size_t words;     /* of an input row: ceil(inputs / 64) */
    size_t groups;    /* of eight neurons: ceil(outputs / 8) */
    uint64_t *weight; /* [groups][words][8] */
    int64_t *limit;   /* [groups][8]: the output bit is (differ <= limit) XOR invert; -1 and 0 behind the last neuron */
    uint8_t *invert;  /* [groups], bit j for neuron j */
} lf_xnor_layer;

/* weight[n][k] is bit k of row n in rows of `words` words. Without limits all are -1. Memory of `a`. */
void lf_xnor_layer_new(lf_arena *a, size_t inputs, size_t outputs, const uint64_t *weight, lf_xnor_layer *out);

/* Words of a row of output bits: ceil(outputs / 64). */
static inline size_t lf_bit_words(size_t count) {
    return (count + 63) / 64;
}

/* x: rows of x_stride words each (>= words). */
typedef struct lf_xnor_kernel {
    lf_isa isa;
    /* y: rows of y_stride words, bit n of row r is the output of neuron n; bits behind the last neuron are set to 0. */
    void (*bits)(const lf_xnor_layer *l, const uint64_t *x, size_t x_stride, size_t rows, uint64_t *y, size_t y_stride);
    /* y[r * y_stride + n] = dot(n) for every n in [0, 8 groups); y_stride >= 8 groups. Values behind the last neuron are of no use. */
    void (*dots)(const lf_xnor_layer *l, const uint64_t *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride);
} lf_xnor_kernel;

extern const lf_xnor_kernel lf_xnor_dense_scalar, lf_xnor_dense_avx2, lf_xnor_dense_avx512;

#endif
