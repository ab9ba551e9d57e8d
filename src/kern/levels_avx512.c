/* AVX-512: sixteen channels against one level after the other. */
#include "kern/levels.h"

#ifdef __AVX512BW__

#include <immintrin.h>

static inline __m512i load_s32(const void *x, size_t c, __mmask16 live) {
    return _mm512_maskz_loadu_epi32(live, (const int32_t *)x + c);
}

static inline __m512i load_f32(const void *x, size_t c, __mmask16 live) {
    __m512i v = _mm512_maskz_loadu_epi32(live, (const float *)x + c);
    return _mm512_xor_si512(v, _mm512_srli_epi32(_mm512_srai_epi32(v, 31), 1));
}

/* base[at] in each lane. Without optimization gcc's intrinsic is a macro that hands an unsigned mask to a signed parameter. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
static inline __m512i gather(const int32_t *base, __m512i at) {
    return _mm512_i32gather_epi32(at, base, 4);
}
#pragma GCC diagnostic pop

/* Where the thresholds of sixteen channels begin. */
static inline __m512i rows_from(const lf_levels *l, size_t c) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    if (l->shared)
        return _mm512_setzero_si512();
    return _mm512_slli_epi32(_mm512_add_epi32(_mm512_set1_epi32((int)c), lane), (unsigned)l->row_bits);
}

/* Binary search in sixteen rows at once. */
static inline __m512i search(const lf_levels *l, size_t c, __m512i x) {
    __m512i at = rows_from(l, c), row = at;
    for (int half = 1 << l->row_bits >> 1; half > 0; half >>= 1) {
        __m512i T = gather(l->at + half - 1, at);
        at = _mm512_mask_add_epi32(at, _mm512_cmpge_epi32_mask(x, T), at, _mm512_set1_epi32(half));
    }
    return _mm512_min_epi32(_mm512_sub_epi32(at, row), _mm512_set1_epi32((int)l->count)); /* x may be INT32_MAX */
}

static inline __m512 number_s32(__m512i x) {
    return _mm512_cvtepi32_ps(x);
}

static inline __m512 number_f32(__m512i x) {
    return _mm512_castsi512_ps(_mm512_xor_si512(x, _mm512_srli_epi32(_mm512_srai_epi32(x, 31), 1)));
}

static inline __m512i guess(const lf_levels *l, size_t c, __m512i x, __m512 number) {
    __m512 v = _mm512_add_ps(_mm512_mul_ps(number, _mm512_loadu_ps(l->scale + c)), _mm512_loadu_ps(l->offset + c));
    v = _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), _mm512_set1_ps((float)l->count));
    __m512i g = _mm512_cvttps_epi32(v), row = rows_from(l, c);
    __m512i T = gather(l->at, _mm512_add_epi32(row, g));
    __m512i n = _mm512_mask_add_epi32(g, _mm512_cmpge_epi32_mask(x, T), g, _mm512_set1_epi32(1));
    return _mm512_min_epi32(n, _mm512_set1_epi32((int)l->count));
}

static inline __m512i codes_from(const lf_levels *l, size_t c, __m512i n) {
    return _mm512_add_epi32(_mm512_loadu_si512(l->base + c), _mm512_mullo_epi32(n, _mm512_loadu_si512(l->step + c)));
}

static inline __m512i codes_of(const lf_levels *l, size_t c, __m512i x) {
    __m512i n = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
    const int32_t *at = l->at + c;
    for (size_t t = 0; t < l->count; t++, at += l->padded)
        n = _mm512_mask_add_epi32(n, _mm512_cmpge_epi32_mask(x, _mm512_loadu_si512(at)), n, one);
    return codes_from(l, c, n);
}

static inline void put_bits(void *y, size_t c, __m512i v, __mmask16 live) {
    ((uint16_t *)y)[c / 16] = (uint16_t)_mm512_mask_test_epi32_mask(live, v, v);
}

static inline void put_u8(void *y, size_t c, __m512i v, __mmask16 live) {
    (void)live;
    _mm_storeu_si128((void *)((uint8_t *)y + c), _mm512_cvtepi32_epi8(v));
}

static inline void put_s16(void *y, size_t c, __m512i v, __mmask16 live) {
    (void)live;
    _mm256_storeu_si256((void *)((int16_t *)y + c), _mm512_cvtepi32_epi16(v));
}

static inline void put_codes(void *y, size_t c, __m512i v, __mmask16 live) {
    (void)live;
    _mm512_storeu_si512((int32_t *)y + c, v);
}

/* One threshold to bits needs no codes: sixteen channels of all rows after the other. */
#define ONE_TO_BITS(in)                                                                                          \
    static void in##_one_to_bits(const lf_levels *l, const uint8_t *x, size_t x_stride, size_t rows, uint8_t *y, \
                                 size_t y_stride) {                                                              \
        for (size_t c = 0; c < l->padded; c += 16) {                                                             \
            size_t left = l->channels - c;                                                                       \
            __mmask16 live = (__mmask16)(left >= 16 ? 0xffff : (1u << left) - 1);                                \
            __m512i T = _mm512_loadu_si512(l->at + c);                                                           \
            unsigned below = l->below[c / 16] & live, change = (l->reached[c / 16] & live) ^ below;              \
            for (size_t r = 0; r < rows; r++) {                                                                  \
                unsigned reached = _mm512_cmpge_epi32_mask(load_##in(x + r * x_stride, c, live), T);             \
                uint16_t bits = (uint16_t)((reached & change) ^ below);                                          \
                memcpy(y + r * y_stride + c / 8, &bits, sizeof bits);                                            \
            }                                                                                                    \
        }                                                                                                        \
    }
ONE_TO_BITS(s32)
ONE_TO_BITS(f32)

static bool finite(const float *x, size_t n) {
    __m512i most = _mm512_setzero_si512(), magnitude = _mm512_set1_epi32(0x7fffffff);
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 live = (__mmask16)(n - i >= 16 ? 0xffff : (1u << (n - i)) - 1);
        most = _mm512_max_epi32(most, _mm512_and_si512(_mm512_maskz_loadu_epi32(live, x + i), magnitude));
    }
    return _mm512_reduce_max_epi32(most) < 0x7f800000; /* infinity; NaN lies above */
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
            for (size_t c = 0; c < l->padded; c += 16) {                                                  \
                size_t left = l->channels - c;                                                            \
                __mmask16 live = (__mmask16)(left >= 16 ? 0xffff : (1u << left) - 1);                     \
                put_##out(y, c, CODES(in, load_##in(x, c, live)), live);                                  \
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

const lf_levels_kernel lf_levels_avx512 = {
    LF_ISA_AVX512, {{s32_bits, s32_u8, s32_s16, s32_codes}, {f32_bits, f32_u8, f32_s16, f32_codes}}, finite};

#else

const lf_levels_kernel lf_levels_avx512 = {LF_ISA_AVX512, {{0}}, 0};

#endif
