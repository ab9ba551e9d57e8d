/* Rows as columns: 16 columns of up to 512 rows of 32-bit elements, one column after the other, and what turns columns of floats into codes. What the
 * bit-sliced programs of many rows (lut_code.h, bit_planes.h) are fed from. */
#ifndef LF_KERN_TILES_H
#define LF_KERN_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum { LF_TILE_COLUMNS = 16, LF_TILE_ROWS = 512 };

/* floor(v * factor), then into `bits` bits of two's complement or without a sign: modulo 2^bits, or the nearest. */
typedef struct lf_tile_cast {
    float factor; /* 1, 2, 4 .. 2^100 */
    int bits;     /* at most 31 */
    bool is_signed, wraps;
} lf_tile_cast;

/* code = the integer nearest to (v - offset) * per_unit; v must be code * (high + low) + offset, the product rounded to float32 once where the processor has fused
 * multiplications, then the sum. */
typedef struct lf_tile_grid {
    float offset, per_unit, high, low;
    int32_t lo, hi;
} lf_tile_grid;

typedef struct lf_tiles {
    lf_isa isa;
    /* tile[c * LF_TILE_ROWS + r] = element c of row r, for 1..LF_TILE_COLUMNS columns of rows that lie `stride` bytes apart; of rows that are missing 0. */
    void (*turn)(const void *from, size_t stride, size_t rows, size_t columns, uint32_t *tile);
    /* The other way around; missing rows are not written. */
    void (*back)(const uint32_t *tile, size_t rows, size_t columns, void *to, size_t stride);
    /* Of the LF_TILE_ROWS floats of a column. False: one is NaN or infinite. */
    bool (*finite)(const float *column);
    /* False: one is not within +-2^31 (scaled) or no number; codes are undefined then. */
    bool (*cast)(const float *column, const lf_tile_cast *c, int32_t *codes);
    /* False: one is no value of the grid; codes are undefined then. */
    bool (*find)(const float *column, const lf_tile_grid *g, int32_t *codes);
} lf_tiles;

extern const lf_tiles lf_tiles_scalar, lf_tiles_avx2, lf_tiles_avx512;

/* The kernels for one instruction set, which the processor must have. */
const lf_tiles *lf_tiles_for(lf_isa isa);

#endif
