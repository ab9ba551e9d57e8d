/* Rows of values as bit planes, and back: what bit-sliced programs (lut_code.h) read and write. 512 rows at a time; a plane is 8 words, bit s of word w
 * belongs to row 64 w + s. Planes are aligned to 64 bytes and lie one after the other. */
#ifndef LF_KERN_BIT_PLANES_H
#define LF_KERN_BIT_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum { LF_PLANE_ROWS = 512, LF_PLANE_WORDS = LF_PLANE_ROWS / 64 };

typedef struct lf_bit_planes {
    lf_isa isa;
    /* Plane e: whether byte e of the row is other than 0, for `count` bytes of rows that lie `stride` bytes apart. */
    void (*pack)(const uint8_t *rows, size_t stride, size_t count, uint64_t *planes);
    /* The lowest `bits` bits of a column of 512 codes, one plane each, lowest first. */
    void (*split)(const int32_t *column, int bits, uint64_t *planes);
    /* The codes again; the last plane counts negative where is_signed. 1 <= bits <= 32. */
    void (*join)(const uint64_t *planes, int bits, bool is_signed, int32_t *column);
    /* Plane k: column > threshold[k]; false for NaN. */
    void (*above_s32)(const int32_t *column, const int32_t *threshold, size_t count, uint64_t *planes);
    void (*above_f32)(const float *column, const float *threshold, size_t count, uint64_t *planes);
    void (*above_f64)(const double *column, const double *threshold, size_t count, uint64_t *planes);
} lf_bit_planes;

extern const lf_bit_planes lf_bit_planes_scalar, lf_bit_planes_avx2, lf_bit_planes_avx512;

/* The kernels for one instruction set, which the processor must have. */
const lf_bit_planes *lf_bit_planes_for(lf_isa isa);

#endif
