/* AVX2 has no population count: every byte is looked up by its two halves (Mula, Kurz, Lemire 2018), byte counts are added up
 * for at most 31 words and then summed into 64-bit lanes. */
#include "kern/xnor_dense.h"

#ifdef __AVX2__

#include <immintrin.h>
#include <string.h>

enum { BYTE_STEPS = 31 }; /* 31 * 8 < 256 */

static inline __m256i count_bytes(__m256i v) {
    const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                          2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i a = _mm256_shuffle_epi8(ones, _mm256_and_si256(v, low));
    return _mm256_add_epi8(a, _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

/* Sums of S rows against one group of eight neurons, in two halves of four. */
#define TILE(S)                                                                                                \
    static inline void tile_##S(const lf_xnor_layer *l, size_t group, const uint64_t *x, size_t stride,        \
                                __m256i *sum) {                                                                \
        const uint64_t *w = l->weight + group * l->words * 8;                                                  \
        const __m256i zero = _mm256_setzero_si256();                                                           \
        for (int i = 0; i < 2 * S; i++)                                                                        \
            sum[i] = zero;                                                                                     \
        for (size_t k = 0; k < l->words;) {                                                                    \
            size_t end = k + BYTE_STEPS < l->words ? k + BYTE_STEPS : l->words;                                \
            __m256i bytes[2 * S];                                                                              \
            for (int i = 0; i < 2 * S; i++)                                                                    \
                bytes[i] = zero;                                                                               \
            for (; k < end; k++) {                                                                             \
                __m256i a = _mm256_loadu_si256((const void *)(w + k * 8)),                                     \
                        b = _mm256_loadu_si256((const void *)(w + k * 8 + 4));                                 \
                for (int r = 0; r < S; r++) {                                                                  \
                    __m256i v = _mm256_set1_epi64x((long long)x[k + (size_t)r * stride]);                      \
                    bytes[2 * r] = _mm256_add_epi8(bytes[2 * r], count_bytes(_mm256_xor_si256(a, v)));         \
                    bytes[2 * r + 1] = _mm256_add_epi8(bytes[2 * r + 1], count_bytes(_mm256_xor_si256(b, v))); \
                }                                                                                              \
            }                                                                                                  \
            for (int i = 0; i < 2 * S; i++)                                                                    \
                sum[i] = _mm256_add_epi64(sum[i], _mm256_sad_epu8(bytes[i], zero));                            \
        }                                                                                                      \
    }
TILE(1)
TILE(2)

static void put_bits(const lf_xnor_layer *l, size_t group, const __m256i *sum, uint64_t *y) {
    unsigned byte = l->invert[group];
    for (int h = 0; h < 2; h++) {
        __m256i over = _mm256_cmpgt_epi64(sum[h], _mm256_loadu_si256((const void *)(l->limit + group * 8 + 4 * h)));
        byte ^= (~(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(over)) & 15u) << 4 * h;
    }
    ((uint8_t *)y)[group] = (uint8_t)byte;
}

static void put_dots(const lf_xnor_layer *l, size_t group, const __m256i *sum, int32_t *y) {
    int64_t differ[8];
    _mm256_storeu_si256((void *)differ, sum[0]);
    _mm256_storeu_si256((void *)(differ + 4), sum[1]);
    for (size_t j = 0; j < 8; j++)
        y[group * 8 + j] = (int32_t)((int64_t)l->inputs - 2 * differ[j]);
}

#define ALL_TILES(put)                                                 \
    for (; rows >= 2; rows -= 2, x += 2 * x_stride, y += 2 * y_stride) \
        for (size_t g = 0; g < l->groups; g++) {                       \
            __m256i sum[4];                                            \
            tile_2(l, g, x, x_stride, sum);                            \
            put(l, g, sum, y);                                         \
            put(l, g, sum + 2, y + y_stride);                          \
        }                                                              \
    for (size_t g = 0; rows > 0 && g < l->groups; g++) {               \
        __m256i sum[2];                                                \
        tile_1(l, g, x, x_stride, sum);                                \
        put(l, g, sum, y);                                             \
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

const lf_xnor_kernel lf_xnor_dense_avx2 = {LF_ISA_AVX2, bits, dots};

#else

const lf_xnor_kernel lf_xnor_dense_avx2 = {LF_ISA_AVX2, 0, 0};

#endif
