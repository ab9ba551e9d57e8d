/* What the tile kernels share: loops that compilers turn into vectors. #define LF_TILES name and, where there is a better way than loops, LF_TURN and LF_BACK before. */
#ifndef LF_KERN_TILES_BODY_H
#define LF_KERN_TILES_BODY_H

#include <string.h>

#include "base/compiler.h"
#include "kern/tiles.h"

LF_UNUSED static void plain_turn(const void *from, size_t stride, size_t rows, size_t columns, uint32_t *tile) {
    const uint8_t *row = from;
    if (rows < LF_TILE_ROWS)
        memset(tile, 0, columns * LF_TILE_ROWS * sizeof *tile);
    for (size_t r = 0; r < rows; r++, row += stride) {
        uint32_t element[LF_TILE_COLUMNS];
        memcpy(element, row, columns * sizeof *element);
        for (size_t c = 0; c < columns; c++)
            tile[c * LF_TILE_ROWS + r] = element[c];
    }
}

LF_UNUSED static void plain_back(const uint32_t *tile, size_t rows, size_t columns, void *to, size_t stride) {
    uint8_t *row = to;
    for (size_t r = 0; r < rows; r++, row += stride) {
        uint32_t element[LF_TILE_COLUMNS];
        for (size_t c = 0; c < columns; c++)
            element[c] = tile[c * LF_TILE_ROWS + r];
        memcpy(row, element, columns * sizeof *element);
    }
}

static bool finite(const float *column) {
    static const uint32_t infinity = 0x7f800000;
    uint32_t bad = 0;
    for (size_t r = 0; r < LF_TILE_ROWS; r++) {
        uint32_t bits;
        memcpy(&bits, column + r, sizeof bits);
        bad |= (bits & infinity) == infinity;
    }
    return !bad;
}

/* In integers where floats are compared: compilers make vectors of those loops. */
static inline uint32_t bits_of(float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* All ones where |t| < 2^31, else (also for NaN) 0. */
static inline uint32_t reach(float t) {
    return 0 - (uint32_t)((bits_of(t) & 0x7fffffff) < 0x4f000000);
}

/* Where `reached` is 0: 0. What is missing from t to the integer toward 0 is exact, and negative where that is above t. */
static inline int32_t floor_of(float t, uint32_t reached) {
    float inside = float_of(bits_of(t) & reached);
    int32_t whole = (int32_t)inside;
    float rest = (inside - (float)whole) + 0.0f; /* never -0 */
    return whole - (int32_t)(bits_of(rest) >> 31);
}

static inline int32_t clamp(int32_t v, int32_t lo, int32_t hi) {
    int32_t most = v < hi ? v : hi;
    return most > lo ? most : lo;
}

static bool cast(const float *column, const lf_tile_cast *k, int32_t *codes) {
    uint32_t half = k->is_signed ? UINT32_C(1) << (k->bits - 1) : 0, mask = (UINT32_C(1) << k->bits) - 1, missed = 0;
    int32_t lo = k->wraps ? INT32_MIN : -(int32_t)half, hi = k->wraps ? INT32_MAX : (int32_t)(mask - half);
    float factor = k->factor;
    for (size_t r = 0; r < LF_TILE_ROWS; r++) {
        float t = column[r] * factor;
        uint32_t reached = reach(t);
        int32_t code = clamp(floor_of(t, reached), lo, hi);
        missed |= ~reached;
        codes[r] = (int32_t)((((uint32_t)code + half) & mask) - half);
    }
    return !missed;
}

static inline float product(float code, float high, float low) {
#ifdef __FMA__
    return __builtin_fmaf(code, high, code * low);
#else
    return code * high + code * low;
#endif
}

static bool find(const float *column, const lf_tile_grid *g, int32_t *codes) {
    uint32_t wrong = 0;
    float offset = g->offset, per_unit = g->per_unit, high = g->high, low = g->low;
    int32_t lo = g->lo, hi = g->hi;
    for (size_t r = 0; r < LF_TILE_ROWS; r++) {
        float t = (column[r] - offset) * per_unit + 0.5f;
        uint32_t reached = reach(t);
        int32_t code = floor_of(t, reached);
        float value = product((float)code, high, low) + offset;
        wrong |=
            ~reached | (bits_of(value + 0.0f) ^ bits_of(column[r] + 0.0f)) | (uint32_t)(clamp(code, lo, hi) ^ code);
        codes[r] = code;
    }
    return !wrong;
}

#ifndef LF_TURN
#define LF_TURN plain_turn
#define LF_BACK plain_back
#endif

#endif
