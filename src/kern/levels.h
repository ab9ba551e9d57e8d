/* Thresholds on 32-bit integers, or on float32 through an order-preserving map, to codes.
 *
 *   y[c] = base[c] + step[c] * #{ t : x[c] >= T[c][t] }
 * Floats are compared as integers: key(x) = the bits of x, with all but the sign flipped when x is negative. It rises with x, and
 * -0 stands one below +0.    Tables are level by level, so that sixteen channels meet one level at once; many levels are searched,
 * or, where they stand in nearly equal steps, guessed to within one and looked at once. */
#ifndef LF_KERN_LEVELS_H
#define LF_KERN_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/cpu.h"

enum { LF_LEVEL_LANES = 16, LF_LEVELS_IN_LINE = 100, LF_LEVELS_GUESSED = 24 };

typedef enum lf_level_in { LF_LEVEL_S32, LF_LEVEL_F32, LF_LEVEL_INS } lf_level_in;

typedef struct lf_levels {
    size_t channels, padded; /* padded: next multiple of 16 */
    size_t count;            /* of thresholds per channel */
    /* count > LF_LEVELS_IN_LINE: at[c << row_bits | t] ascending, filled up with INT32_MAX to a power of two; else at[t][c]. */
    bool searched;
    int row_bits;
    bool shared; /* searched, and all channels have the thresholds of at[0 << row_bits] */
    int32_t *at;
    /* searched: #{reached} is g or g + 1 with g = scale[c] * x[c] + offset[c] as an integer between 0 and count, rounded down. */
    bool guessed;
    float *scale, *offset;     /* [padded] */
    int32_t *base, *step;      /* [padded] */
    uint16_t *below, *reached; /* count 1: bit c % 16 of [c / 16] is whether y is not 0 below, or from, the threshold */
} lf_levels;

/* T[c * count + t], ascending in t. Memory of `a`. */
void lf_levels_new(lf_arena *a, size_t channels, size_t count, const int32_t *T, const int32_t *base,
                   const int32_t *step, lf_levels *out);

/* Sets `searched` and `guessed` when that holds for all inputs of this kind (floats: finite ones) and more than LF_LEVELS_GUESSED
 * thresholds make it worth while. */
void lf_levels_guess(lf_arena *a, lf_levels *l, lf_level_in in);

static inline int32_t lf_float_key(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}
float lf_float_of_key(int32_t key);

typedef enum lf_level_out {
    LF_LEVEL_BITS, /* bit c of a row of words is y != 0 for y in {0, 1}; bits behind the last channel are 0 */
    LF_LEVEL_U8,
    LF_LEVEL_S16,
    LF_LEVEL_CODES, /* int32 */
    LF_LEVEL_OUTS
} lf_level_out;

/* Rows of x_stride and y_stride bytes. Exactly `channels` elements of a row of x are read; `padded` elements of a row of y are
 * written, those behind the last channel without meaning (BITS: whole words, 0). */
typedef void lf_levels_fn(const lf_levels *l, const void *x, size_t x_stride, size_t rows, void *y, size_t y_stride);

typedef struct lf_levels_kernel {
    lf_isa isa;
    lf_levels_fn *run[LF_LEVEL_INS][LF_LEVEL_OUTS];
    bool (*finite)(const float *x, size_t n); /* no NaN and no infinity among n floats */
} lf_levels_kernel;

extern const lf_levels_kernel lf_levels_scalar, lf_levels_avx2, lf_levels_avx512;

/* Bytes of one row of y. */
size_t lf_level_row_bytes(const lf_levels *l, lf_level_out out);

#endif
