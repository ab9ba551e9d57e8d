/* Dense layers of integer codes: y[n] = constant[n] + sum over k of w[n][k] * x[k], exactly, in 32 bits.
 *
 * Inputs come as unsigned bytes or as signed 16-bit words. Codes of another range are shifted into it by the caller (x = code -
 * shift), and shift * sum(w[n]) belongs into the constant. All sums are taken modulo 2^32; so y is exact whenever the true value
 * fits in an int32, whatever the partial sums do.
 *
 * Sixteen neurons stand side by side, 4 (bytes) or 2 (words) inputs of each together, as the multiply-and-add instructions of
 * the processors want them. */
#ifndef LF_KERN_INT_DENSE_H
#define LF_KERN_INT_DENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cpu.h"

enum { LF_INT_GROUP = 16 };

typedef enum lf_int_kind {
    LF_INT_U8, /* x: uint8, w: int8 */
    LF_INT_S16 /* x: int16, w: int16 */
} lf_int_kind;

typedef struct lf_int_layer {
    lf_int_kind kind;
    size_t inputs, outputs;
    size_t steps;      /* of 4 bytes of a row: ceil(inputs / 4) or ceil(inputs / 2); the rest has weight 0 */
    size_t groups;     /* of sixteen neurons */
    void *weight;      /* [groups][steps][16][4] int8 or [groups][steps][16][2] int16 */
    int32_t *constant; /* [groups * 16] */
} lf_int_layer;

/* The kind to use on `isa` for inputs 0 <= x <= x_max and |w| <= w_max after the shift: bytes where they fit and where the
 * instruction set adds them without saturation, else words. */
lf_int_kind lf_int_kind_for(lf_isa isa, int64_t x_max, int64_t w_min, int64_t w_max);

/* weight[n * inputs + k], constant[n] (modulo 2^32). Memory of `a`. */
void lf_int_layer_new(lf_arena *a, lf_int_kind kind, size_t inputs, size_t outputs, const int64_t *weight,
                      const int64_t *constant, lf_int_layer *out);

typedef struct lf_int_kernel {
    lf_isa isa;
    /* x: rows of x_stride bytes, each 4 * steps bytes long; what stands behind the last input is of no use. y: rows of y_stride int32 (>= 16 groups);
     * values behind the last neuron are of no use. */
    void (*dots)(const lf_int_layer *l, const void *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride);
} lf_int_kernel;

extern const lf_int_kernel lf_int_dense_scalar, lf_int_dense_avx2, lf_int_dense_avx512;

#endif
