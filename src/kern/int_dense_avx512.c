/* AVX-512 VNNI: tiles of S input rows by G groups of sixteen neurons. vpdpbusd and vpdpwssd add without saturation. */
#include "base/compiler.h"
#include "kern/int_dense.h"

#ifdef __AVX512VNNI__

#include <immintrin.h>
#include <string.h>

/* gcc 12 copies the sum to another register and back around the intrinsics, which halves the speed. */
static inline __m512i bytes_into(__m512i sum, __m512i x, __m512i w) {
    LF_ASM("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
}

static inline __m512i words_into(__m512i sum, __m512i x, __m512i w) {
    LF_ASM("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
}

static inline __m512i four_bytes(const uint8_t *x) {
    int v;
    memcpy(&v, x, sizeof v);
    return _mm512_set1_epi32(v);
}

#define TILE(name, S, G, DOT)                                                                            \
    static void name(const lf_int_layer *l, size_t group, const uint8_t *x, size_t x_stride, int32_t *y, \
                     size_t y_stride) {                                                                  \
        const int8_t *w = (const int8_t *)l->weight + group * l->steps * 64;                             \
        const int32_t *c = l->constant + group * 16;                                                     \
        __m512i s[S][G];                                                                                 \
        for (int r = 0; r < S; r++)                                                                      \
            for (int g = 0; g < G; g++)                                                                  \
                s[r][g] = _mm512_loadu_si512(c + 16 * g);                                                \
        for (size_t k = 0; k < l->steps; k++, x += 4, w += 64) {                                         \
            __m512i v[G];                                                                                \
            for (int g = 0; g < G; g++)                                                                  \
                v[g] = _mm512_loadu_si512(w + (size_t)g * l->steps * 64);                                \
            for (int r = 0; r < S; r++) {                                                                \
                __m512i b = four_bytes(x + (size_t)r * x_stride);                                        \
                for (int g = 0; g < G; g++)                                                              \
                    s[r][g] = DOT(s[r][g], b, v[g]);                                                     \
            }                                                                                            \
        }                                                                                                \
        for (int r = 0; r < S; r++)                                                                      \
            for (int g = 0; g < G; g++)                                                                  \
                _mm512_storeu_si512(y + (size_t)r * y_stride + (group + (size_t)g) * 16, s[r][g]);       \
    }
#define TILES(kind, DOT) \
    TILE(kind##_6x4, 6, 4, DOT) TILE(kind##_1x4, 1, 4, DOT) TILE(kind##_6x1, 6, 1, DOT) TILE(kind##_1x1, 1, 1, DOT)
TILES(bytes, bytes_into)
TILES(words, words_into)

typedef void tile_fn(const lf_int_layer *l, size_t group, const uint8_t *x, size_t x_stride, int32_t *y,
                     size_t y_stride);

/* [kind][one row or six][one group or four] */
static tile_fn *const tiles[2][2][2] = {{{bytes_1x1, bytes_1x4}, {bytes_6x1, bytes_6x4}},
                                        {{words_1x1, words_1x4}, {words_6x1, words_6x4}}};

static void dots(const lf_int_layer *l, const void *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride) {
    const uint8_t *at = x;
    for (size_t r = 0; r < rows;) {
        size_t many = rows - r >= 6, g = 0;
        tile_fn *const *t = tiles[l->kind == LF_INT_S16][many];
        for (; g + 4 <= l->groups; g += 4)
            t[1](l, g, at, x_stride, y, y_stride);
        for (; g < l->groups; g++)
            t[0](l, g, at, x_stride, y, y_stride);
        size_t done = many ? 6 : 1;
        r += done;
        at += done * x_stride;
        y += done * y_stride;
    }
}

const lf_int_kernel lf_int_dense_avx512 = {LF_ISA_AVX512, dots};

#else

const lf_int_kernel lf_int_dense_avx512 = {LF_ISA_AVX512, 0};

#endif
