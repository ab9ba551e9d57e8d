#include "kern/byte_tables.h"

#ifdef __AVX2__

#include <immintrin.h>

/* A table of 64 bytes: four of 16 entries, and the two bits above choose. */
typedef struct bytes_64 {
    __m256i t[4];
} bytes_64;

static inline bytes_64 bytes_of(const void *table) {
    bytes_64 b;
    for (int k = 0; k < 4; k++)
        b.t[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table + k));
    return b;
}

/* What look-ups by the same 6 bits share. */
typedef struct place {
    __m256i low, bit4, bit5;
} place;

static inline place place_of(__m256i index) {
    return (place){_mm256_and_si256(index, _mm256_set1_epi8(15)), _mm256_slli_epi16(index, 3),
                   _mm256_slli_epi16(index, 2)};
}

static inline __m256i look_up(const bytes_64 *b, place at) {
    __m256i first =
        _mm256_blendv_epi8(_mm256_shuffle_epi8(b->t[0], at.low), _mm256_shuffle_epi8(b->t[1], at.low), at.bit4);
    __m256i last =
        _mm256_blendv_epi8(_mm256_shuffle_epi8(b->t[2], at.low), _mm256_shuffle_epi8(b->t[3], at.low), at.bit4);
    return _mm256_blendv_epi8(first, last, at.bit5);
}

static inline __m256i index_of(const uint8_t *values, const uint32_t *from, int inputs, int bits) {
    __m256i index = _mm256_setzero_si256();
    for (int j = 0; j < inputs; j++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(values + (size_t)from[j] * LF_BYTE_SAMPLES));
        index = _mm256_or_si256(index, _mm256_sll_epi16(v, _mm_cvtsi32_si128(j * bits)));
    }
    return index;
}

static void by_table(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out) {
    for (size_t i = 0; i < count; i++, n++) {
        bytes_64 t = bytes_of(n->table);
        uint8_t *y = out + n->to * (size_t)LF_BYTE_SAMPLES;
        for (size_t s = 0; s < LF_BYTE_SAMPLES; s += 32)
            _mm256_storeu_si256((__m256i *)(void *)(y + s),
                                look_up(&t, place_of(index_of(values + s, n->from, n->fan_in, n->bits))));
    }
}

/* The sum so far: high bytes, and low bytes whose eighth bit is the carry. */
typedef struct sum {
    __m256i high, low;
} sum;

static inline sum plus(sum s, __m256i high, __m256i low) {
    s.low = _mm256_add_epi8(_mm256_and_si256(s.low, _mm256_set1_epi8(127)), low);
    __m256i carry = _mm256_cmpgt_epi8(_mm256_setzero_si256(), s.low); /* -1 */
    s.high = _mm256_subs_epi8(_mm256_adds_epi8(s.high, high), carry);
    return s;
}

static void one_sum(const lf_byte_neuron *n, const uint8_t *values, uint8_t *out) {
    const lf_byte_sums *t = n->sums;
    int per = t->part_bits / n->bits;
    bytes_64 high[LF_SUM_PARTS], low[LF_SUM_PARTS], step = bytes_of(t->step);
    for (int p = 0; p < t->parts; p++) {
        high[p] = bytes_of(t->high[p]);
        low[p] = bytes_of(t->low[p]);
    }
    for (size_t s = 0; s < LF_BYTE_SAMPLES; s += 32) {
        sum x = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        for (int p = 0; p < t->parts; p++) {
            place at = place_of(index_of(values + s, n->from + p * per, per, n->bits));
            x = plus(x, look_up(&high[p], at), look_up(&low[p], at));
        }
        __m256i top = _mm256_and_si256(_mm256_srli_epi16(x.high, 2), _mm256_set1_epi8(63));
        _mm256_storeu_si256((__m256i *)(void *)(out + s), look_up(&step, place_of(top)));
    }
}

static void by_sums(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out) {
    for (size_t i = 0; i < count; i++)
        one_sum(n + i, values, out + n[i].to * (size_t)LF_BYTE_SAMPLES);
}

enum { DIRECT_BITS = 6 };

static lf_byte_fn *choose(const lf_byte_neuron *n) {
    return n->fan_in * n->bits <= DIRECT_BITS ? by_table : n->sums ? by_sums : lf_byte_neuron_plain;
}

const lf_byte_kernel lf_byte_tables_avx2 = {LF_ISA_AVX2, DIRECT_BITS, true, false, choose};

#else

const lf_byte_kernel lf_byte_tables_avx2 = {LF_ISA_AVX2, 0, 0, 0, 0};

#endif
