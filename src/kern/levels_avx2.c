/* AVX2: eight channels against one level after the other. */
#include "kern/levels.h"

#ifdef __AVX2__

#include <immintrin.h>

/* The last vector of a row may be short: no byte behind it is read. */
static inline __m256i load_s32(const void *x, size_t c, size_t left) {
    if (left >= 8)
        return _mm256_loadu_si256((const void *)((const int32_t *)x + c));
    int32_t part[8] = {0};
    memcpy(part, (const int32_t *)x + c, left * sizeof *part);
    return _mm256_loadu_si256((const void *)part);
}

static inline __m256i load_f32(const void *x, size_t c, size_t left) {
    __m256i v = load_s32(x, c, left);
    return _mm256_xor_si256(v, _mm256_srli_epi32(_mm256_srai_epi32(v, 31), 1));
}

/* Where the thresholds of eight channels begin. */
static inline __m256i rows_from(const lf_levels *l, size_t c) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    if (l->shared)
        return _mm256_setzero_si256();
    return _mm256_slli_epi32(_mm256_add_epi32(_mm256_set1_epi32((int)c), lane), l->row_bits);
}

/* Binary search in eight rows at once. */
static inline __m256i search(const lf_levels *l, size_t c, __m256i x) {
    __m256i at = rows_from(l, c), row = at;
    for (int half = 1 << l->row_bits >> 1; half > 0; half >>= 1) {
        __m256i below = _mm256_cmpgt_epi32(_mm256_i32gather_epi32(l->at + half - 1, at, 4), x);
        at = _mm256_add_epi32(at, _mm256_andnot_si256(below, _mm256_set1_epi32(half)));
    }
    return _mm256_min_epi32(_mm256_sub_epi32(at, row), _mm256_set1_epi32((int)l->count)); /* x may be INT32_MAX */
}

static inline __m256 number_s32(__m256i x) {
    return _mm256_cvtepi32_ps(x);
}

static inline __m256 number_f32(__m256i x) {
    return _mm256_castsi256_ps(_mm256_xor_si256(x, _mm256_srli_epi32(_mm256_srai_epi32(x, 31), 1)));
}

static inline __m256i guess(const lf_levels *l, size_t c, __m256i x, __m256 number) {
    __m256 v = _mm256_add_ps(_mm256_mul_ps(number, _mm256_loadu_ps(l->scale + c)), _mm256_loadu_ps(l->offset + c));
    v = _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), _mm256_set1_ps((float)l->count));
    __m256i g = _mm256_cvttps_epi32(v), row = rows_from(l, c);
    __m256i below = _mm256_cmpgt_epi32(_mm256_i32gather_epi32(l->at, _mm256_add_epi32(row, g), 4), x);
    __m256i n = _mm256_add_epi32(g, _mm256_andnot_si256(below, _mm256_set1_epi32(1)));
    return _mm256_min_epi32(n, _mm256_set1_epi32((int)l->count));
}

static inline __m256i codes_from(const lf_levels *l, size_t c, __m256i n) {
    __m256i base = _mm256_loadu_si256((const void *)(l->base + c)),
            step = _mm256_loadu_si256((const void *)(l->step + c));
    return _mm256_add_epi32(base, _mm256_mullo_epi32(n, step));
}

static inline __m256i codes_of(const lf_levels *l, size_t c, __m256i x) {
    __m256i n = _mm256_set1_epi32((int)l->count);
    const int32_t *at = l->at + c;
    for (size_t t = 0; t < l->count; t++, at += l->padded)
        n = _mm256_add_epi32(n, _mm256_cmpgt_epi32(_mm256_loadu_si256((const void *)at), x));
    return codes_from(l, c, n);
}

static inline void put_bits(void *y, size_t c, __m256i v, size_t left) {
    __m256i zero = _mm256_cmpeq_epi32(v, _mm256_setzero_si256());
    unsigned set = ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(zero)) & 255u;
    ((uint8_t *)y)[c / 8] = (uint8_t)(left >= 8 ? set : set & ((1u << left) - 1));
}

static inline void put_u8(void *y, size_t c, __m256i v, size_t left) {
    (void)left;
    int32_t part[8];
    _mm256_storeu_si256((void *)part, v);
    for (size_t i = 0; i < 8; i++)
        ((uint8_t *)y)[c + i] = (uint8_t)part[i];
}

static inline void put_s16(void *y, size_t c, __m256i v, size_t left) {
    (void)left;
    int32_t part[8];
    _mm256_storeu_si256((void *)part, v);
    for (size_t i = 0; i < 8; i++)
        ((int16_t *)y)[c + i] = (int16_t)part[i];
}

static inline void put_codes(void *y, size_t c, __m256i v, size_t left) {
    (void)left;
    _mm256_storeu_si256((void *)((int32_t *)y + c), v);
}

/* One threshold to bits needs no codes: eight channels of all rows after the other. */
#define ONE_TO_BITS(in)                                                                                          \
    static void in##_one_to_bits(const lf_levels *l, const uint8_t *x, size_t x_stride, size_t rows, uint8_t *y, \
                                 size_t y_stride) {                                                              \
        for (size_t c = 0; c < l->padded; c += 8) {                                                              \
            size_t left = c < l->channels ? l->channels - c : 0;                                                 \
            unsigned live = left >= 8 ? 255 : (1u << left) - 1, half = c % 16;                                   \
            unsigned below = (unsigned)l->below[c / 16] >> half & live,                                          \
                     change = ((unsigned)l->reached[c / 16] >> half & live) ^ below;                             \
            __m256i T = _mm256_loadu_si256((const void *)(l->at + c));                                           \
            for (size_t r = 0; r < rows; r++) {                                                                  \
                __m256i under = _mm256_cmpgt_epi32(T, load_##in(x + r * x_stride, c, left));                     \
                unsigned reached = ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(under));                    \
                y[r * y_stride + c / 8] = (uint8_t)((reached & change) ^ below);                                 \
            }                                                                                                    \
        }                                                                                                        \
    }
ONE_TO_BITS(s32)
ONE_TO_BITS(f32)

static bool finite(const float *x, size_t n) {
    __m256i most = _mm256_setzero_si256(), magnitude = _mm256_set1_epi32(0x7fffffff);
    for (size_t i = 0; i < n; i += 8)
        most = _mm256_max_epi32(most, _mm256_and_si256(load_s32(x, i, n - i), magnitude));
    int32_t part[8], top = 0;
    _mm256_storeu_si256((void *)part, most);
    for (int i = 0; i < 8; i++)
        top = part[i] > top ? part[i] : top;
    return top < 0x7f800000; /* infinity; NaN lies above */
}

#define CODES(in, X)                                                  \
    (l->guessed    ? codes_from(l, c, guess(l, c, X, number_##in(X))) \
     : l->searched ? codes_from(l, c, search(l, c, X))                \
                   : codes_of(l, c, X))

#define RUN(in, out, IN, OUT)                                                                             \
    static void in##_##out(const lf_levels *l, const void *x, size_t x_stride, size_t rows, void *y,      \
                           size_t y_stride) {                                                             \
        for (size_t r = 0; OUT == LF_LEVEL_BITS && l->channels > 0 && r < rows; r++)                      \
            memset((uint8_t *)y + r * y_stride + (l->channels - 1) / 64 * 8, 0, 8);                       \
        if (OUT == LF_LEVEL_BITS && l->count == 1) {                                                      \
            in##_one_to_bits(l, x, x_stride, rows, y, y_stride);                                          \
            return;                                                                                       \
        }                                                                                                 \
        for (size_t r = 0; r < rows; r++, x = (const uint8_t *)x + x_stride, y = (uint8_t *)y + y_stride) \
            for (size_t c = 0; c < l->padded; c += 8) {                                                   \
                size_t left = c < l->channels ? l->channels - c : 0;                                      \
                put_##out(y, c, CODES(in, load_##in(x, c, left)), left);                                  \
            }                                                                                             \
    }
RUN(s32, bits, LF_LEVEL_S32, LF_LEVEL_BITS)
RUN(s32, u8, LF_LEVEL_S32, LF_LEVEL_U8)
RUN(s32, s16, LF_LEVEL_S32, LF_LEVEL_S16)
RUN(s32, codes, LF_LEVEL_S32, LF_LEVEL_CODES)
RUN(f32, bits, LF_LEVEL_F32, LF_LEVEL_BITS)
RUN(f32, u8, LF_LEVEL_F32, LF_LEVEL_U8)
RUN(f32, s16, LF_LEVEL_F32, LF_LEVEL_S16)
RUN(f32, codes, LF_LEVEL_F32, LF_LEVEL_CODES)

const lf_levels_kernel lf_levels_avx2 = {
    LF_ISA_AVX2, {{s32_bits, s32_u8, s32_s16, s32_codes}, {f32_bits, f32_u8, f32_s16, f32_codes}}, finite};

#else

const lf_levels_kernel lf_levels_avx2 = {LF_ISA_AVX2, {{0}}, 0};

#endif
