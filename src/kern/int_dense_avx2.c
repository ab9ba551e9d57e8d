/* AVX2: pairs of byte products in 16 bits (lf_int_kind_for lets only those through that cannot saturate), or pairs of word
 * products in 32 bits. Tiles of S input rows by one group of sixteen neurons in two halves. */
#include "kern/int_dense.h"

#ifdef __AVX2__

#include <immintrin.h>
#include <string.h>

#define BYTES(x, w) _mm256_madd_epi16(_mm256_maddubs_epi16(x, w), _mm256_set1_epi16(1))
#define WORDS(x, w) _mm256_madd_epi16(x, w)

static inline __m256i four_bytes(const uint8_t *x) {
    int v;
    memcpy(&v, x, sizeof v);
    return _mm256_set1_epi32(v);
}

#define TILE(name, S, DOT)                                                                                     \
    static void name(const lf_int_layer *l, size_t group, const uint8_t *x, size_t x_stride, int32_t *y,       \
                     size_t y_stride) {                                                                        \
        const int8_t *w = (const int8_t *)l->weight + group * l->steps * 64;                                   \
        const int32_t *c = l->constant + group * 16;                                                           \
        __m256i s[S][2];                                                                                       \
        for (int r = 0; r < S; r++)                                                                            \
            for (int h = 0; h < 2; h++)                                                                        \
                s[r][h] = _mm256_loadu_si256((const void *)(c + 8 * h));                                       \
        for (size_t k = 0; k < l->steps; k++, x += 4, w += 64) {                                               \
            __m256i a = _mm256_loadu_si256((const void *)w), b = _mm256_loadu_si256((const void *)(w + 32));   \
            for (int r = 0; r < S; r++) {                                                                      \
                __m256i v = four_bytes(x + (size_t)r * x_stride);                                              \
                s[r][0] = _mm256_add_epi32(s[r][0], DOT(v, a));                                                \
                s[r][1] = _mm256_add_epi32(s[r][1], DOT(v, b));                                                \
            }                                                                                                  \
        }                                                                                                      \
        for (int r = 0; r < S; r++)                                                                            \
            for (int h = 0; h < 2; h++)                                                                        \
                _mm256_storeu_si256((void *)(y + (size_t)r * y_stride + group * 16 + 8 * (size_t)h), s[r][h]); \
    }
TILE(bytes_1, 1, BYTES)
TILE(bytes_4, 4, BYTES)
TILE(words_1, 1, WORDS)
TILE(words_4, 4, WORDS)

static void dots(const lf_int_layer *l, const void *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride) {
    const uint8_t *at = x;
    bool words = l->kind == LF_INT_S16;
    for (size_t r = 0; r < rows;) {
        bool many = rows - r >= 4;
        for (size_t g = 0; g < l->groups; g++)
            (words ? many ? words_4 : words_1 : many ? bytes_4 : bytes_1)(l, g, at, x_stride, y, y_stride);
        size_t done = many ? 4 : 1;
        r += done;
        at += done * x_stride;
        y += done * y_stride;
    }
}

const lf_int_kernel lf_int_dense_avx2 = {LF_ISA_AVX2, dots};

#else

const lf_int_kernel lf_int_dense_avx2 = {LF_ISA_AVX2, 0};

#endif
