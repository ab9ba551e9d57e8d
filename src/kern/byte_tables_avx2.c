#include "kern/byte_tables.h"

#ifdef __AVX2__

#include <immintrin.h>

/* Indices of up to 6 bits: four tables of 16 entries, and the two bits above choose. */
static void one(const lf_byte_neuron *n, const uint8_t *values, uint8_t *out) {
    __m256i t[4];
    for (int k = 0; k < 4; k++)
        t[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(n->table + 16 * k)));
    for (size_t s = 0; s < LF_BYTE_SAMPLES; s += 32) {
        __m256i index = _mm256_setzero_si256();
        for (int j = 0; j < n->fan_in; j++) {
            const uint8_t *x = values + (size_t)n->from[j] * LF_BYTE_SAMPLES + s;
            __m256i v = _mm256_loadu_si256((const __m256i *)x);
            index = _mm256_or_si256(index, _mm256_sll_epi16(v, _mm_cvtsi32_si128(j * n->bits)));
        }
        __m256i low = _mm256_and_si256(index, _mm256_set1_epi8(15));
        __m256i bit4 = _mm256_slli_epi16(index, 3), bit5 = _mm256_slli_epi16(index, 2);
        __m256i a = _mm256_blendv_epi8(_mm256_shuffle_epi8(t[0], low), _mm256_shuffle_epi8(t[1], low), bit4);
        __m256i b = _mm256_blendv_epi8(_mm256_shuffle_epi8(t[2], low), _mm256_shuffle_epi8(t[3], low), bit4);
        _mm256_storeu_si256((__m256i *)(out + s), _mm256_blendv_epi8(a, b, bit5));
    }
}

static void by_table(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out) {
    for (size_t i = 0; i < count; i++)
        one(n + i, values, out + i * LF_BYTE_SAMPLES);
}

static lf_byte_fn *choose(const lf_byte_neuron *n) {
    return n->fan_in * n->bits <= 6 ? by_table : lf_byte_neuron_plain;
}

const lf_byte_kernel lf_byte_tables_avx2 = {LF_ISA_AVX2, LF_BYTE_INDEX_BITS, false, choose};

#else

const lf_byte_kernel lf_byte_tables_avx2 = {LF_ISA_AVX2, 0, 0, 0};

#endif
