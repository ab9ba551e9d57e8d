#include "kern/lut_rows.h"

#ifdef __AVX512BW__

#include <immintrin.h>

#include "kern/lut_rows_body.h"

/* Masks make bytes of bits: 64 samples a register. */
static void address_of(const uint64_t *const *in, int fan_in, size_t n, uint8_t *address) {
    for (size_t w = 0; w < n / 64; w++) {
        __m512i a = _mm512_setzero_si512();
        for (int j = 0; j < fan_in; j++)
            a = _mm512_mask_add_epi8(a, in[j][w], a, _mm512_set1_epi8((char)(1 << j)));
        _mm512_storeu_si512(address + w * 64, a);
    }
}

/* Byte a / 8 of truth, then its bit a % 8. */
static void look_up(uint64_t truth, const uint8_t *address, size_t n, uint64_t *out) {
    __m512i bytes = _mm512_set1_epi64((long long)truth);
    __m512i power = _mm512_set1_epi64((long long)0x8040201008040201u);
    for (size_t w = 0; w < n / 64; w++) {
        __m512i a = _mm512_loadu_si512(address + w * 64);
        __m512i high = _mm512_and_si512(_mm512_srli_epi16(a, 3), _mm512_set1_epi8(7));
        __m512i low = _mm512_and_si512(a, _mm512_set1_epi8(7));
        out[w] = _mm512_test_epi8_mask(_mm512_shuffle_epi8(bytes, high), _mm512_shuffle_epi8(power, low));
    }
}

/* The table stands in four registers. */
static void scale(const float *table, const uint8_t *address, const float *g, size_t n, float *out) {
    __m512 t0 = _mm512_loadu_ps(table), t1 = _mm512_loadu_ps(table + 16);
    __m512 t2 = _mm512_loadu_ps(table + 32), t3 = _mm512_loadu_ps(table + 48);
    for (size_t b = 0; b < n; b += 16) {
        __m512i a = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(address + b)));
        __mmask16 upper = _mm512_test_epi32_mask(a, _mm512_set1_epi32(32));
        __m512 low = _mm512_permutex2var_ps(t0, a, t1), high = _mm512_permutex2var_ps(t2, a, t3);
        _mm512_storeu_ps(out + b, _mm512_mul_ps(_mm512_loadu_ps(g + b), _mm512_mask_blend_ps(upper, low, high)));
    }
}

static float dot(const uint64_t *bits, const float *g, size_t n) {
    __m512 sum = _mm512_setzero_ps();
    float s[LANES];
    for (size_t b = 0; b < n; b += LANES)
        sum = _mm512_mask_add_ps(sum, (__mmask16)(bits[b / 64] >> b % 64), sum, _mm512_loadu_ps(g + b));
    _mm512_storeu_ps(s, sum);
    return add_lanes(s);
}

static void count(const uint64_t *bits, size_t n, uint16_t *counts) {
    for (size_t b = 0; b < n; b += 32) {
        __m512i c = _mm512_loadu_si512(counts + b);
        c = _mm512_mask_add_epi16(c, (__mmask32)(bits[b / 64] >> b % 64), c, _mm512_set1_epi16(1));
        _mm512_storeu_si512(counts + b, c);
    }
}

static void levels(const float *value, size_t n, const float *threshold, size_t level_count, uint64_t *out,
                   size_t step) {
    for (size_t k = 0; k < level_count; k++) {
        __m512 t = _mm512_set1_ps(threshold[k]);
        for (size_t w = 0; w < n / 64; w++) {
            uint64_t bits = 0;
            for (size_t b = 0; b < 64; b += 16)
                bits |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(value + w * 64 + b), t, _CMP_GT_OQ) << b;
            out[k * step + w] = bits;
        }
    }
}

const lf_lut_rows lf_lut_rows_avx512 = {LF_ISA_AVX512, address_of, look_up, scale, gather, dot, count, levels};

#else

const lf_lut_rows lf_lut_rows_avx512 = {LF_ISA_AVX512, 0, 0, 0, 0, 0, 0, 0};

#endif
