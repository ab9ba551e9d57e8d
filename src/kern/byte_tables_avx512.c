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

/* Takes input `j` into an index. Values are below 2^bits, so nothing runs over into the next byte; or they repeat, and the bits from j * bits on
 * become those of input j: what stands above 6 bits of index does not matter. */
INLINE __m512i take(__m512i index, const uint8_t *value, int j, int bits, bool repeated) {
    __m512i v = _mm512_load_si512(value);
    if (repeated)
        return _mm512_ternarylogic_epi64(_mm512_set1_epi8((char)((1 << j * bits) - 1)), index, v, 0xca);
    return _mm512_or_si512(index, _mm512_slli_epi16(v, (shift_count)(j * bits)));
}

/* from: in bytes. */
INLINE __m512i index_of(const uint8_t *values, const size_t *from, int inputs, int bits, bool repeated) {
    __m512i index = _mm512_load_si512(values + from[0]);
    for (int j = 1; j < inputs; j++)
        index = take(index, values + from[j], j, bits, repeated);
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
        _mm512_store_si512(out + s, look_up(t, index_of(values + s, from, inputs, bits, false), registers));
}

enum { VECTORS = LF_BYTE_SAMPLES / 64 };

/* Tables of one register. Loads and stores are what takes the time: the first input of neurons side by side stays in registers. */
INLINE void by_short_tables(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out, int inputs,
                            int bits, bool repeated) {
    for (const lf_byte_neuron *end = n + count; n < end;) {
        uint32_t first = n->from[0];
        __m512i held[VECTORS];
        for (int k = 0; k < VECTORS; k++)
            held[k] = _mm512_load_si512(values + first * (size_t)LF_BYTE_SAMPLES + 64 * k);
        do {
            size_t from[LF_BYTE_FAN_IN];
            __m512i t = _mm512_load_si512(n->table);
            uint8_t *y = out + n->to * (size_t)LF_BYTE_SAMPLES;
            offsets(n, inputs, from);
            fetch(n[1].table, 0);
            for (int k = 0; k < VECTORS; k++) {
                __m512i index = held[k];
                for (int j = 1; j < inputs; j++)
                    index = take(index, values + from[j] + 64 * k, j, bits, repeated);
                _mm512_store_si512(y + 64 * k, _mm512_permutexvar_epi8(index, t));
            }
        } while (++n < end && n->from[0] == first);
    }
}

INLINE void by_sums(const lf_byte_neuron *n, const uint8_t *values, uint8_t *out, int per, int bits, int parts,
                    bool repeated) {
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
            __m512i i = index_of(values + s, from + p * per, per, bits, repeated);
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

#define KERNEL(name, call)                                                                         \
    static void name(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out) { \
        call;                                                                                      \
    }
#define EACH(name, one, ...)                                               \
    KERNEL(name, for (const lf_byte_neuron *end = n + count; n < end; n++) \
                     one(n, values, out + n->to * (size_t)LF_BYTE_SAMPLES, __VA_ARGS__))
/* One per inputs and bits; tables of fewer inputs repeat, so 6 x 1 stands for 5 x 1, too. again_: of values that repeat. */
#define SHORT(inputs, bits)                                                                      \
    KERNEL(short_##inputs##x##bits, by_short_tables(n, count, values, out, inputs, bits, false)) \
    KERNEL(again_##inputs##x##bits, by_short_tables(n, count, values, out, inputs, bits, true))
#define TABLE(inputs, bits, registers) EACH(table_##inputs##x##bits, by_table, inputs, bits, registers)
#define SUMS(per, bits, parts) EACH(sums_##per##x##bits##x##parts, by_sums, per, bits, parts, false)
#define SUMS_AGAIN(per, bits, parts) EACH(sums_again_##per##x##bits##x##parts, by_sums, per, bits, parts, true)

KERNEL(short_1, by_short_tables(n, count, values, out, 1, 1, false))
SHORT(2, 1)
SHORT(4, 1)
SHORT(6, 1)
SHORT(2, 2)
SHORT(3, 2)
SHORT(2, 3)
TABLE(7, 1, 2)
TABLE(8, 1, 4)
TABLE(4, 2, 4)
TABLE(2, 4, 4)
TABLE(1, 7, 2)
TABLE(1, 8, 4)
SUMS(6, 1, 2)
SUMS(3, 2, 2)
SUMS(2, 3, 2)
SUMS(1, 4, 2)
SUMS(1, 5, 2)
SUMS(1, 6, 2)
SUMS(6, 1, 3)
SUMS(3, 2, 3)
SUMS(2, 3, 3)
SUMS(1, 4, 3)
SUMS(1, 5, 3)
SUMS_AGAIN(6, 1, 2)
SUMS_AGAIN(3, 2, 2)
SUMS_AGAIN(2, 3, 2)
SUMS_AGAIN(6, 1, 3)
SUMS_AGAIN(3, 2, 3)
SUMS_AGAIN(2, 3, 3)

static void by_pieces(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out) {
    for (size_t i = 0; i < count; i++)
        large(n + i, values, out + n[i].to * (size_t)LF_BYTE_SAMPLES);
}

enum { DIRECT_BITS = 8, PIECES_BITS = 13 };

static lf_byte_fn *choose_short(const lf_byte_neuron *n) {
    static lf_byte_fn *const by_inputs[2][4][7] = {
        {[1] = {NULL, NULL, short_2x1, short_4x1, short_4x1, short_6x1, short_6x1},
         [2] = {NULL, NULL, short_2x2, short_3x2},
         [3] = {NULL, NULL, short_2x3}},
        {[1] = {NULL, NULL, again_2x1, again_4x1, again_4x1, again_6x1, again_6x1},
         [2] = {NULL, NULL, again_2x2, again_3x2},
         [3] = {NULL, NULL, again_2x3}},
    };
    return n->fan_in == 1 ? short_1 : by_inputs[n->repeated][n->bits][n->fan_in];
}

static lf_byte_fn *choose_table(const lf_byte_neuron *n) {
    int bits = n->fan_in * n->bits;
    return bits <= LF_BYTE_SHORT_BITS ? choose_short(n)
           : bits == 7                ? (n->bits == 1 ? table_7x1 : table_1x7)
           : n->bits == 1             ? table_8x1
           : n->bits == 2             ? table_4x2
           : n->bits == 4             ? table_2x4
                                      : table_1x8;
}

static lf_byte_fn *choose_sums(const lf_byte_neuron *n) {
    static lf_byte_fn *const by_parts[2][2][LF_SUM_PART_BITS + 1] = {
        {{NULL, sums_6x1x2, sums_3x2x2, sums_2x3x2, sums_1x4x2, sums_1x5x2, sums_1x6x2},
         {NULL, sums_6x1x3, sums_3x2x3, sums_2x3x3, sums_1x4x3, sums_1x5x3}},
        {{NULL, sums_again_6x1x2, sums_again_3x2x2, sums_again_2x3x2},
         {NULL, sums_again_6x1x3, sums_again_3x2x3, sums_again_2x3x3}},
    };
    return by_parts[n->repeated][n->sums->parts - 2][n->bits];
}

static lf_byte_fn *choose(const lf_byte_neuron *n) {
    int bits = n->fan_in * n->bits;
    lf_byte_fn *f = bits <= DIRECT_BITS ? choose_table(n) : n->sums ? choose_sums(n) : NULL;
    return f ? f : bits > DIRECT_BITS && bits <= PIECES_BITS ? by_pieces : lf_byte_neuron_plain;
}

const lf_byte_kernel lf_byte_tables_avx512 = {LF_ISA_AVX512, DIRECT_BITS, true, true, choose};

#else

const lf_byte_kernel lf_byte_tables_avx512 = {LF_ISA_AVX512, 0, 0, 0, 0};

#endif
