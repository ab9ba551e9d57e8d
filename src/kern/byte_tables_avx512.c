/* 64 samples a register. Indices of up to 8 bits look up in one to four registers (vpermb, vpermi2b); sums look up the two bytes of their terms
 * by 6 bits and steps by the 6 highest bits of the sum (vpermb). */
#include "kern/byte_tables.h"

#ifdef __AVX512VBMI__

#include <immintrin.h>

#ifdef __clang__
typedef unsigned shift_count; /* as the compilers declare it */
#else
typedef int shift_count;
#endif

#define INLINE static inline __attribute__((always_inline)) /* the arguments that are constants shall be */

/* Values are below 2^bits, so nothing runs over into the next byte. from: in bytes. */
INLINE __m512i index_of(const uint8_t *values, const size_t *from, int inputs, int bits) {
    __m512i index = _mm512_load_si512(values + from[0]);
    for (int j = 1; j < inputs; j++)
        index = _mm512_or_si512(index, _mm512_slli_epi16(_mm512_load_si512(values + from[j]), (shift_count)(j * bits)));
    return index;
}

/* Of the neuron behind, which may be the end of the layer and have nothing there. */
INLINE void fetch(const void *at, size_t offset) {
    _mm_prefetch((const char *)((uintptr_t)at + offset), _MM_HINT_T0);
}

INLINE void offsets(const lf_byte_neuron *n, int count, size_t *from) {
    for (int j = 0; j < count; j++)
        from[j] = (size_t)n->from[j] * LF_BYTE_SAMPLES;
}

INLINE __m512i look_up(const __m512i *t, __m512i index, int registers) {
    if (registers == 1)
        return _mm512_permutexvar_epi8(index, t[0]);
    __m512i low = _mm512_permutex2var_epi8(t[0], index, t[1]);
    if (registers == 2)
        return low;
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, _mm512_permutex2var_epi8(t[2], index, t[3]));
}

INLINE void by_table(const lf_byte_neuron *n, const uint8_t *values, uint8_t *out, int inputs, int bits,
                     int registers) {
    size_t from[LF_BYTE_FAN_IN];
    __m512i t[4];
    offsets(n, inputs, from);
    for (int k = 0; k < registers; k++) {
        t[k] = _mm512_loadu_si512(n->table + 64 * k);
        fetch(n[1].table, 64 * (size_t)k);
    }
    for (size_t s = 0; s < LF_BYTE_SAMPLES; s += 64)
        _mm512_store_si512(out + s, look_up(t, index_of(values + s, from, inputs, bits), registers));
}

INLINE void by_sums(const lf_byte_neuron *n, const uint8_t *values, uint8_t *out, int per, int bits, int parts) {
    size_t from[LF_SUM_PARTS * LF_SUM_PART_BITS];
    const lf_byte_sums *sums = n->sums;
    __m512i lo[LF_SUM_PARTS], hi[LF_SUM_PARTS], step = _mm512_loadu_si512(sums->step);
    offsets(n, per * parts, from);
    for (int p = 0; p < parts; p++) {
        lo[p] = _mm512_load_si512(sums->low[p]);
        hi[p] = _mm512_load_si512(sums->high[p]);
        fetch(n[1].sums, offsetof(lf_byte_sums, low) + (size_t)p * LF_SUM_ENTRIES);
        fetch(n[1].sums, offsetof(lf_byte_sums, high) + (size_t)p * LF_SUM_ENTRIES);
    }
    fetch(n[1].sums, offsetof(lf_byte_sums, step));
    for (size_t s = 0; s < LF_BYTE_SAMPLES; s += 64) {
        __m512i low = _mm512_setzero_si512(), high = low;
        for (int p = 0; p < parts; p++) {
            __m512i i = index_of(values + s, from + p * per, per, bits);
            __m512i l = _mm512_permutexvar_epi8(i, lo[p]), h = _mm512_permutexvar_epi8(i, hi[p]);
            high = p ? _mm512_adds_epi8(high, h) : h;
            low = p > 1 ? _mm512_and_si512(low, _mm512_set1_epi8(127)) : low;
            low = p ? _mm512_add_epi8(low, l) : l;
            if (p)
                high = _mm512_mask_adds_epi8(high, _mm512_movepi8_mask(low), high, _mm512_set1_epi8(1));
        }
        _mm512_store_si512(out + s, _mm512_permutexvar_epi8(_mm512_srli_epi16(high, 2), step));
    }
}

/* Longer tables by pieces of 128 entries. */
static void large(const lf_byte_neuron *n, const uint8_t *values, uint8_t *out) {
    const uint8_t *x[LF_BYTE_FAN_IN];
    for (int j = 0; j < n->fan_in; j++)
        x[j] = values + (size_t)n->from[j] * LF_BYTE_SAMPLES;
    for (size_t s = 0; s < LF_BYTE_SAMPLES; s += 64) {
        __m256i low[2], high[2];
        for (size_t half = 0; half < 2; half++) {
            __m512i a = _mm512_setzero_si512();
            for (int j = 0; j < n->fan_in; j++) {
                __m512i v = _mm512_cvtepu8_epi16(_mm256_load_si256((const __m256i *)(x[j] + s + 32 * half)));
                a = _mm512_or_si512(a, _mm512_sll_epi16(v, _mm_cvtsi32_si128(j * n->bits)));
            }
            low[half] = _mm512_cvtepi16_epi8(a);
            high[half] = _mm512_cvtepi16_epi8(_mm512_srli_epi16(a, 7));
        }
        __m512i index = _mm512_inserti64x4(_mm512_castsi256_si512(low[0]), low[1], 1), y = _mm512_setzero_si512();
        __m512i piece = _mm512_inserti64x4(_mm512_castsi256_si512(high[0]), high[1], 1);
        for (int p = 0; p < 1 << (n->fan_in * n->bits - 7); p++) {
            const uint8_t *t = n->table + 128 * p;
            __m512i v = _mm512_permutex2var_epi8(_mm512_loadu_si512(t), index, _mm512_loadu_si512(t + 64));
            y = _mm512_mask_mov_epi8(y, _mm512_cmpeq_epi8_mask(piece, _mm512_set1_epi8((char)p)), v);
        }
        _mm512_store_si512(out + s, y);
    }
}

#define EACH(name, one)                                                                            \
    static void name(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out) { \
        for (size_t i = 0; i < count; i++, n++, out += LF_BYTE_SAMPLES)                            \
            one;                                                                                   \
    }
#define TABLE(inputs, bits, registers) EACH(table_##inputs##x##bits, by_table(n, values, out, inputs, bits, registers))
#define SUMS(per, bits, parts) EACH(sums_##per##x##bits##x##parts, by_sums(n, values, out, per, bits, parts))

EACH(by_pieces, large(n, values, out))
/* One per inputs and bits; tables of fewer inputs repeat, so 6 x 1 stands for 1 x 1 .. 6 x 1. */
TABLE(2, 1, 1)
TABLE(4, 1, 1)
TABLE(6, 1, 1)
TABLE(7, 1, 2)
TABLE(8, 1, 4)
TABLE(1, 2, 1)
TABLE(2, 2, 1)
TABLE(3, 2, 1)
TABLE(4, 2, 4)
TABLE(1, 3, 1) TABLE(2, 3, 1) TABLE(1, 4, 1) TABLE(2, 4, 4) TABLE(1, 5, 1) TABLE(1, 6, 1) TABLE(1, 7, 2) TABLE(1, 8, 4)
    SUMS(6, 1, 2) SUMS(3, 2, 2) SUMS(2, 3, 2) SUMS(1, 4, 2) SUMS(1, 5, 2) SUMS(1, 6, 2) SUMS(6, 1, 3) SUMS(3, 2, 3)
        SUMS(2, 3, 3) SUMS(1, 4, 3) SUMS(1, 5, 3)

            static lf_byte_fn *choose_table(const lf_byte_neuron *n) {
    static lf_byte_fn *const by_inputs[9][9] = {
        [1] = {NULL, table_2x1, table_2x1, table_4x1, table_4x1, table_6x1, table_6x1, table_7x1, table_8x1},
        [2] = {NULL, table_1x2, table_2x2, table_3x2, table_4x2},
        [3] = {NULL, table_1x3, table_2x3},
        [4] = {NULL, table_1x4, table_2x4},
        [5] = {NULL, table_1x5},
        [6] = {NULL, table_1x6},
        [7] = {NULL, table_1x7},
        [8] = {NULL, table_1x8},
    };
    return by_inputs[n->bits][n->fan_in];
}

static lf_byte_fn *choose_sums(const lf_byte_neuron *n) {
    static lf_byte_fn *const two[LF_SUM_PART_BITS + 1] = {NULL,       sums_6x1x2, sums_3x2x2, sums_2x3x2,
                                                          sums_1x4x2, sums_1x5x2, sums_1x6x2};
    static lf_byte_fn *const three[LF_SUM_PART_BITS + 1] = {NULL,       sums_6x1x3, sums_3x2x3, sums_2x3x3,
                                                            sums_1x4x3, sums_1x5x3, NULL};
    return n->sums->parts == 2 ? two[n->bits] : n->sums->parts == 3 ? three[n->bits] : NULL;
}

enum { DIRECT_BITS = 8, PIECES_BITS = 13 };

static lf_byte_fn *choose(const lf_byte_neuron *n) {
    int bits = n->fan_in * n->bits;
    lf_byte_fn *f = bits <= DIRECT_BITS ? choose_table(n) : n->sums ? choose_sums(n) : NULL;
    return f ? f : bits > DIRECT_BITS && bits <= PIECES_BITS ? by_pieces : lf_byte_neuron_plain;
}

const lf_byte_kernel lf_byte_tables_avx512 = {LF_ISA_AVX512, DIRECT_BITS, true, choose};

#else

const lf_byte_kernel lf_byte_tables_avx512 = {LF_ISA_AVX512, 0, 0, 0};

#endif
