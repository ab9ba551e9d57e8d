/* Transposition in steps of 8: bits of 8x8 blocks by an affine map over GF(2), bytes and words by permutes. */
#include "kern/bit_planes.h"

#ifdef __AVX512VBMI__

#include <immintrin.h>
#include <string.h>

/* Word c of register r and word r of register c change places. */
static inline void transpose_words(__m512i x[8]) {
    __m512i a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_epi64(x[i], x[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(x[i], x[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            b[i + k] = _mm512_shuffle_i64x2(a[i + k], a[i + k + 2], 0x88);
            b[i + k + 2] = _mm512_shuffle_i64x2(a[i + k], a[i + k + 2], 0xdd);
        }
    for (int k = 0; k < 4; k++) {
        x[k] = _mm512_shuffle_i64x2(b[k], b[k + 4], 0x88);
        x[k + 4] = _mm512_shuffle_i64x2(b[k], b[k + 4], 0xdd);
    }
}

/* Byte 8 c + r is byte 8 r + c of the source; of every word, the bytes in falling order where `falling`. */
static __m512i byte_order(int falling) {
    uint8_t at[64];
    for (int c = 0; c < 8; c++)
        for (int r = 0; r < 8; r++)
            at[8 * c + (falling ? 7 - r : r)] = (uint8_t)(8 * r + c);
    return _mm512_loadu_si512(at);
}

/* 64 columns of 64 rows: words[c] is column c's. */
static inline void pack_block(const uint8_t *rows, size_t stride, __mmask64 columns, __m512i words[8]) {
    __m512i falling = byte_order(1), rising = byte_order(0);
    __m512i unit = _mm512_set1_epi64((long long)0x8040201008040201u);
    for (size_t r8 = 0; r8 < 8; r8++) {
        uint64_t row[8];
        for (size_t r = 0; r < 8; r++) {
            __m512i x = _mm512_maskz_loadu_epi8(columns, rows + (8 * r8 + r) * stride);
            row[r] = _mm512_test_epi8_mask(x, x);
        }
        __m512i blocks = _mm512_permutexvar_epi8(falling, _mm512_loadu_si512(row));
        words[r8] = _mm512_gf2p8affine_epi64_epi8(unit, blocks, 0);
    }
    transpose_words(words);
    for (int c8 = 0; c8 < 8; c8++)
        words[c8] = _mm512_permutexvar_epi8(rising, words[c8]);
}

static void pack(const uint8_t *rows, size_t stride, size_t count, uint64_t *planes) {
    for (size_t e = 0; e < count; e += 64) {
        size_t n = count - e < 64 ? count - e : 64;
        __mmask64 columns = n < 64 ? ((__mmask64)1 << n) - 1 : ~(__mmask64)0;
        __m512i block[LF_PLANE_WORDS][8];
        for (size_t w = 0; w < LF_PLANE_WORDS; w++)
            pack_block(rows + w * 64 * stride + e, stride, columns, block[w]);
        for (size_t c8 = 0; 8 * c8 < n; c8++) {
            __m512i eight[8];
            for (int w = 0; w < 8; w++)
                eight[w] = block[w][c8];
            transpose_words(eight);
            for (size_t c = 0; c < 8 && 8 * c8 + c < n; c++)
                _mm512_store_si512(planes + (e + 8 * c8 + c) * LF_PLANE_WORDS, eight[c]);
        }
    }
}

/* A plane from masks of `lanes` rows each: mask is an expression in s, the first of them. */
#define PLANE_OF_MASKS(plane, type, lanes, mask)            \
    do {                                                    \
        type part[LF_PLANE_ROWS / (lanes)];                 \
        for (size_t s = 0; s < LF_PLANE_ROWS; s += (lanes)) \
            part[s / (lanes)] = (mask);                     \
        memcpy((plane), part, sizeof part);                 \
    } while (0)

static void split(const int32_t *column, int bits, uint64_t *planes) {
    for (int k = 0; k < bits; k++, planes += LF_PLANE_WORDS) {
        __m512i bit = _mm512_set1_epi32((int)(1u << k));
        PLANE_OF_MASKS(planes, uint16_t, 16, _mm512_test_epi32_mask(_mm512_loadu_si512(column + s), bit));
    }
}

static void above_s32(const int32_t *column, const int32_t *threshold, size_t count, uint64_t *planes) {
    for (size_t k = 0; k < count; k++, planes += LF_PLANE_WORDS) {
        __m512i t = _mm512_set1_epi32(threshold[k]);
        PLANE_OF_MASKS(planes, uint16_t, 16, _mm512_cmpgt_epi32_mask(_mm512_loadu_si512(column + s), t));
    }
}

static void above_f32(const float *column, const float *threshold, size_t count, uint64_t *planes) {
    for (size_t k = 0; k < count; k++, planes += LF_PLANE_WORDS) {
        __m512 t = _mm512_set1_ps(threshold[k]);
        PLANE_OF_MASKS(planes, uint16_t, 16, _mm512_cmp_ps_mask(_mm512_loadu_ps(column + s), t, _CMP_GT_OQ));
    }
}

static void above_f64(const double *column, const double *threshold, size_t count, uint64_t *planes) {
    for (size_t k = 0; k < count; k++, planes += LF_PLANE_WORDS) {
        __m512d t = _mm512_set1_pd(threshold[k]);
        PLANE_OF_MASKS(planes, uint8_t, 8, _mm512_cmp_pd_mask(_mm512_loadu_pd(column + s), t, _CMP_GT_OQ));
    }
}

static void join(const uint64_t *planes, int bits, bool is_signed, int32_t *column) {
    uint16_t part[32][LF_PLANE_ROWS / 16];
    memcpy(part, planes, (size_t)bits * sizeof *part);
    for (size_t s = 0; s < LF_PLANE_ROWS; s += 16) {
        __m512i code = _mm512_setzero_si512();
        for (int k = 0; k < bits; k++) {
            uint32_t weight = is_signed && k == bits - 1 ? ~UINT32_C(0) << k : UINT32_C(1) << k;
            code = _mm512_mask_or_epi32(code, part[k][s / 16], code, _mm512_set1_epi32((int)weight));
        }
        _mm512_storeu_si512(column + s, code);
    }
}

const lf_bit_planes lf_bit_planes_avx512 = {LF_ISA_AVX512, pack, split, join, above_s32, above_f32, above_f64};

#else

const lf_bit_planes lf_bit_planes_avx512 = {LF_ISA_AVX512, 0, 0, 0, 0, 0, 0};

#endif
