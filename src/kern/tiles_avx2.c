#ifdef __AVX2__

#include <immintrin.h>

#include "kern/tiles.h"

/* Element c of register r and element r of register c change places. */
static inline void transpose_8(__m256i x[8]) {
    __m256i a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_epi32(x[i], x[i + 1]);
        a[i + 1] = _mm256_unpackhi_epi32(x[i], x[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            b[i + 2 * k] = _mm256_unpacklo_epi64(a[i + k], a[i + k + 2]);
            b[i + 2 * k + 1] = _mm256_unpackhi_epi64(a[i + k], a[i + k + 2]);
        }
    for (int k = 0; k < 4; k++) {
        x[k] = _mm256_permute2x128_si256(b[k], b[k + 4], 0x20);
        x[k + 4] = _mm256_permute2x128_si256(b[k], b[k + 4], 0x31);
    }
}

/* The first `count` of eight elements. */
static inline __m256i first(size_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static void turn(const void *from, size_t stride, size_t rows, size_t columns, uint32_t *tile) {
    const char *row = from;
    for (size_t r = 0; r < LF_TILE_ROWS; r += 8)
        for (size_t c = 0; c < columns; c += 8) {
            __m256i x[8], mask = first(columns - c);
            for (size_t i = 0; i < 8; i++)
                x[i] = r + i < rows
                           ? _mm256_maskload_epi32((const int *)(const void *)(row + (r + i) * stride) + c, mask)
                           : _mm256_setzero_si256();
            transpose_8(x);
            for (size_t k = 0; k < 8 && c + k < columns; k++)
                _mm256_storeu_si256((__m256i *)(void *)(tile + (c + k) * LF_TILE_ROWS + r), x[k]);
        }
}

static void back(const uint32_t *tile, size_t rows, size_t columns, void *to, size_t stride) {
    char *row = to;
    for (size_t r = 0; r < rows; r += 8)
        for (size_t c = 0; c < columns; c += 8) {
            __m256i x[8], mask = first(columns - c);
            for (size_t k = 0; k < 8; k++)
                x[k] = c + k < columns
                           ? _mm256_loadu_si256((const __m256i *)(const void *)(tile + (c + k) * LF_TILE_ROWS + r))
                           : _mm256_setzero_si256();
            transpose_8(x);
            for (size_t i = 0; i < 8 && r + i < rows; i++)
                _mm256_maskstore_epi32((int *)(void *)(row + (r + i) * stride) + c, mask, x[i]);
        }
}

#define LF_TURN turn
#define LF_BACK back
#include "kern/tiles_body.h"

const lf_tiles lf_tiles_avx2 = {LF_ISA_AVX2, LF_TURN, LF_BACK, finite, cast, find};

#else

#include "kern/tiles.h"

const lf_tiles lf_tiles_avx2 = {LF_ISA_AVX2, 0, 0, 0, 0, 0};

#endif
