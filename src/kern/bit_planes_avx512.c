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

/* 64 columns of 64 rows, rows[r] those of row r: words[c] is column c's. */
static inline void turn_block(const uint64_t *rows, __m512i words[8]) {
    __m512i falling = byte_order(1), rising = byte_order(0);
    __m512i unit = _mm512_set1_epi64((long long)0x8040201008040201u);
    for (size_t r8 = 0; r8 < 8; r8++) {
        __m512i blocks = _mm512_permutexvar_epi8(falling, _mm512_loadu_si512(rows + 8 * r8));
        words[r8] = _mm512_gf2p8affine_epi64_epi8(unit, blocks, 0);
    }
    transpose_words(words);
    for (int c8 = 0; c8 < 8; c8++)
        words[c8] = _mm512_permutexvar_epi8(rising, words[c8]);
}

enum { BLOCKS = 16, MASK_ROWS = LF_PLANE_ROWS + 8 /* so that blocks do not share their places in a cache */ };

/* Of up to 64 * BLOCKS columns, a mask per row and block of 64. Row after row: that is how memory is fast. */
static void masks_of(const uint8_t *rows, size_t stride, size_t count, uint64_t mask[BLOCKS][MASK_ROWS]) {
    size_t whole = count / 64;
    __mmask64 rest = ((__mmask64)1 << count % 64) - 1;
    for (size_t r = 0; r < LF_PLANE_ROWS; r++, rows += stride) {
        for (size_t b = 0; b < whole; b++) {
            __m512i x = _mm512_loadu_si512(rows + 64 * b);
            mask[b][r] = _mm512_test_epi8_mask(x, x);
        }
        if (rest) {
            __m512i x = _mm512_maskz_loadu_epi8(rest, rows + 64 * whole);
            mask[whole][r] = _mm512_test_epi8_mask(x, x);
        }
    }
}

/* The planes of up to 64 columns. */
static void planes_of_block(const uint64_t *mask, size_t count, uint64_t *planes) {
    __m512i block[LF_PLANE_WORDS][8];
    for (size_t w = 0; w < LF_PLANE_WORDS; w++)
        turn_block(mask + 64 * w, block[w]);
    for (size_t c8 = 0; 8 * c8 < count; c8++) {
        __m512i eight[8];
        for (int w = 0; w < 8; w++)
            eight[w] = block[w][c8];
        transpose_words(eight);
        for (size_t c = 0; c < 8 && 8 * c8 + c < count; c++)
            _mm512_store_si512(planes + (8 * c8 + c) * LF_PLANE_WORDS, eight[c]);
    }
}

static void pack(const uint8_t *rows, size_t stride, size_t count, uint64_t *planes) {
    uint64_t mask[BLOCKS][MASK_ROWS];
    for (size_t from = 0; from < count; from += 64 * BLOCKS) {
        size_t n = count - from < 64 * BLOCKS ? count - from : 64 * BLOCKS;
        masks_of(rows + from, stride, n, mask);
        for (size_t e = 0; e < n; e += 64)
            planes_of_block(mask[e / 64], n - e < 64 ? n - e : 64, planes + (from + e) * LF_PLANE_WORDS);
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
