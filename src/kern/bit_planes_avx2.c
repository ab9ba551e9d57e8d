#include "kern/bit_planes.h"

#ifdef __AVX2__

#include <immintrin.h>

#include "kern/bit_planes_body.h"

static uint64_t mask_of_32(const uint8_t *bytes) {
    __m256i zero = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)bytes), _mm256_setzero_si256());
    return ~(uint32_t)_mm256_movemask_epi8(zero);
}

static uint64_t word_of(const uint8_t *bytes, size_t n) {
    return n < 64 ? plain_word(bytes, n) : mask_of_32(bytes) | mask_of_32(bytes + 32) << 32;
}

LF_PACK_BY(word_of)

/* A word of planes from 64 values: bits(at) gives those of 8. */
#define WORD_OF_EIGHTS(word, at, bits)                 \
    do {                                               \
        (word) = 0;                                    \
        for (size_t at = 0; at < 64; at += 8)          \
            (word) |= (uint64_t)(uint8_t)(bits) << at; \
    } while (0)

static __m256i eight(const int32_t *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

static void split(const int32_t *column, int bits, uint64_t *planes) {
    for (int k = 0; k < bits; k++)
        for (size_t w = 0; w < LF_PLANE_WORDS; w++, planes++) {
            __m128i up = _mm_cvtsi32_si128(31 - k);
            WORD_OF_EIGHTS(*planes, s,
                           _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_sll_epi32(eight(column + w * 64 + s), up))));
        }
}

static void above_s32(const int32_t *column, const int32_t *threshold, size_t count, uint64_t *planes) {
    for (size_t k = 0; k < count; k++)
        for (size_t w = 0; w < LF_PLANE_WORDS; w++, planes++) {
            __m256i t = _mm256_set1_epi32(threshold[k]);
            WORD_OF_EIGHTS(*planes, s,
                           _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(eight(column + w * 64 + s), t))));
        }
}

static void above_f32(const float *column, const float *threshold, size_t count, uint64_t *planes) {
    for (size_t k = 0; k < count; k++)
        for (size_t w = 0; w < LF_PLANE_WORDS; w++, planes++) {
            __m256 t = _mm256_set1_ps(threshold[k]);
            WORD_OF_EIGHTS(*planes, s,
                           _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(column + w * 64 + s), t, _CMP_GT_OQ)));
        }
}

static int four(const double *at, __m256d t) {
    return _mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd(at), t, _CMP_GT_OQ));
}

static void above_f64(const double *column, const double *threshold, size_t count, uint64_t *planes) {
    for (size_t k = 0; k < count; k++)
        for (size_t w = 0; w < LF_PLANE_WORDS; w++, planes++) {
            __m256d t = _mm256_set1_pd(threshold[k]);
            WORD_OF_EIGHTS(*planes, s, four(column + w * 64 + s, t) | four(column + w * 64 + s + 4, t) << 4);
        }
}

const lf_bit_planes lf_bit_planes_avx2 = {LF_ISA_AVX2, pack, split, plain_join, above_s32, above_f32, above_f64};

#else

const lf_bit_planes lf_bit_planes_avx2 = {LF_ISA_AVX2, 0, 0, 0, 0, 0, 0};

#endif
