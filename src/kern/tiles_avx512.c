#ifdef __AVX512BW__

#include <immintrin.h>

#include "kern/tiles.h"

/* Element c of register r and element r of register c change places. */
static inline void transpose_16(__m512i x[16]) {
    __m512i a[16];
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int k = 0; k < 2; k++) {
            x[i + 2 * k] = _mm512_unpacklo_epi64(a[i + k], a[i + k + 2]);
            x[i + 2 * k + 1] = _mm512_unpackhi_epi64(a[i + k], a[i + k + 2]);
        }
    for (int i = 0; i < 16; i += 8)
        for (int k = 0; k < 4; k++) { /* quarters: of rows i .. i + 3 and i + 4 .. i + 7 */
            a[i + k] = _mm512_shuffle_i32x4(x[i + k], x[i + k + 4], 0x88);
            a[i + k + 4] = _mm512_shuffle_i32x4(x[i + k], x[i + k + 4], 0xdd);
        }
    for (int k = 0; k < 8; k++) {
        x[k] = _mm512_shuffle_i32x4(a[k], a[k + 8], 0x88);
        x[k + 8] = _mm512_shuffle_i32x4(a[k], a[k + 8], 0xdd);
    }
}

static void turn(const void *from, size_t stride, size_t rows, size_t columns, uint32_t *tile) {
    const char *row = from;
    __mmask16 some = (__mmask16)((1u << columns) - 1);
    for (size_t r = 0; r < LF_TILE_ROWS; r += 16) {
        __m512i x[16];
        for (size_t i = 0; i < 16; i++)
            x[i] = r + i < rows ? _mm512_maskz_loadu_epi32(some, row + (r + i) * stride) : _mm512_setzero_si512();
        for (size_t i = 0; i < 16; i++) /* the caller's next columns; past the last one nothing happens */
            _mm_prefetch((const char *)((uintptr_t)row + (r + i) * stride + 64), _MM_HINT_T0);
        transpose_16(x);
        for (size_t c = 0; c < columns; c++)
            _mm512_storeu_si512(tile + c * LF_TILE_ROWS + r, x[c]);
    }
}

static void back(const uint32_t *tile, size_t rows, size_t columns, void *to, size_t stride) {
    char *row = to;
    __mmask16 some = (__mmask16)((1u << columns) - 1);
    for (size_t r = 0; r < rows; r += 16) {
        __m512i x[16];
        for (size_t c = 0; c < 16; c++)
            x[c] = c < columns ? _mm512_loadu_si512(tile + c * LF_TILE_ROWS + r) : _mm512_setzero_si512();
        transpose_16(x);
        for (size_t i = 0; i < 16 && r + i < rows; i++)
            _mm512_mask_storeu_epi32(row + (r + i) * stride, some, x[i]);
    }
}

#define LF_TURN turn
#define LF_BACK back
#include "kern/tiles_body.h"

const lf_tiles lf_tiles_avx512 = {LF_ISA_AVX512, LF_TURN, LF_BACK, finite, cast, find};

#else

#include "kern/tiles.h"

const lf_tiles lf_tiles_avx512 = {LF_ISA_AVX512, 0, 0, 0, 0, 0};

#endif
