/* AVX-512 with VPOPCNTDQ: tiles of S input rows by G groups of eight neurons; per 512 bits one xor, one population count, one
 * addition. */
#include "kern/xnor_dense.h"

#ifdef __AVX512VPOPCNTDQ__

#include <immintrin.h>
#include <string.h>

/* Sums of one tile, left in sum[S * G]; one function per size, so that all sums live in registers. */
#define TILE(S, G)                                                                                            \
    static inline void tile_##S##x##G(const lf_xnor_layer *l, size_t group, const uint64_t *x, size_t stride, \
                                      __m512i *sum) {                                                         \
        const uint64_t *w = l->weight + group * l->words * 8;                                                 \
        __m512i s[S][G];                                                                                      \
        for (int r = 0; r < S; r++)                                                                           \
            for (int g = 0; g < G; g++)                                                                       \
                s[r][g] = _mm512_setzero_si512();                                                             \
        for (size_t k = 0; k < l->words; k++, x++, w += 8) {                                                  \
            __m512i v[G];                                                                                     \
            for (int g = 0; g < G; g++)                                                                       \
                v[g] = _mm512_loadu_si512(w + (size_t)g * l->words * 8);                                      \
            for (int r = 0; r < S; r++) {                                                                     \
                __m512i b = _mm512_set1_epi64((long long)x[(size_t)r * stride]);                              \
                for (int g = 0; g < G; g++)                                                                   \
                    s[r][g] = _mm512_add_epi64(s[r][g], _mm512_popcnt_epi64(_mm512_xor_si512(v[g], b)));      \
            }                                                                                                 \
        }                                                                                                     \
        for (int r = 0; r < S; r++)                                                                           \
            for (int g = 0; g < G; g++)                                                                       \
                sum[r * G + g] = s[r][g];                                                                     \
    }
TILE(1, 1)
TILE(1, 4)
TILE(1, 8)
TILE(4, 1)
TILE(4, 4)

static void put_bits(const lf_xnor_layer *l, size_t group, __m512i sum, uint64_t *y) {
    __m512i limit = _mm512_loadu_si512(l->limit + group * 8);
    ((uint8_t *)y)[group] = (uint8_t)(_mm512_cmple_epi64_mask(sum, limit) ^ l->invert[group]);
}

static void put_dots(const lf_xnor_layer *l, size_t group, __m512i sum, int32_t *y) {
    __m256i differ = _mm512_cvtepi64_epi32(sum), inputs = _mm256_set1_epi32((int)l->inputs);
    _mm256_storeu_si256((void *)(y + group * 8), _mm256_sub_epi32(inputs, _mm256_slli_epi32(differ, 1)));
}

#define TILE_OUT(S, G, put)                                        \
    do {                                                           \
        __m512i sum[(S) * (G)];                                    \
        tile_##S##x##G(l, g, x, x_stride, sum);                    \
        for (size_t r = 0; r < (S); r++)                           \
            for (size_t i = 0; i < (G); i++)                       \
                put(l, g + i, sum[r * (G) + i], y + r * y_stride); \
    } while (0)

/* Rows by fours, then one by one; groups by fours (one row: by eights), then one by one. */
#define ALL_TILES(put)                                                   \
    for (; rows >= 4; rows -= 4, x += 4 * x_stride, y += 4 * y_stride) { \
        size_t g = 0;                                                    \
        for (; g + 4 <= l->groups; g += 4)                               \
            TILE_OUT(4, 4, put);                                         \
        for (; g < l->groups; g++)                                       \
            TILE_OUT(4, 1, put);                                         \
    }                                                                    \
    for (; rows > 0; rows--, x += x_stride, y += y_stride) {             \
        size_t g = 0;                                                    \
        for (; g + 8 <= l->groups; g += 8)                               \
            TILE_OUT(1, 8, put);                                         \
        for (; g + 4 <= l->groups; g += 4)                               \
            TILE_OUT(1, 4, put);                                         \
        for (; g < l->groups; g++)                                       \
            TILE_OUT(1, 1, put);                                         \
    }

static void bits(const lf_xnor_layer *l, const uint64_t *x, size_t x_stride, size_t rows, uint64_t *y,
                 size_t y_stride) {
    for (size_t r = 0; r < rows; r++)
        y[r * y_stride + lf_bit_words(l->outputs) - 1] = 0;
    ALL_TILES(put_bits)
}

static void dots(const lf_xnor_layer *l, const uint64_t *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride) {
    ALL_TILES(put_dots)
}

const lf_xnor_kernel lf_xnor_dense_avx512 = {LF_ISA_AVX512, bits, dots};

#else

const lf_xnor_kernel lf_xnor_dense_avx512 = {LF_ISA_AVX512, 0, 0};

#endif
