#include "kern/peak.h"

#ifdef __AVX512VPOPCNTDQ__

#include <immintrin.h>

/* The other operand of a chain is the sum of its neighbour, so that nothing can be taken out of the loop. */
#define CHAINS(STEP) \
    STEP(0, 1)       \
    STEP(1, 2)       \
    STEP(2, 3) STEP(3, 4) STEP(4, 5) STEP(5, 6) STEP(6, 7) STEP(7, 8) STEP(8, 9) STEP(9, 10) STEP(10, 11) STEP(11, 0)
#define START(i, j) __m512i s##i = _mm512_set1_epi64((long long)*sink + (i));
#define XNOR(i, j) s##i = _mm512_add_epi64(s##i, _mm512_popcnt_epi64(_mm512_xor_si512(w, s##i)));
#define BYTES(i, j) s##i = _mm512_dpbusd_epi32(s##i, w, w);
#define TERNARY(i, j) s##i = _mm512_ternarylogic_epi64(s##i, w, all, 0x96);
#define SUM(i, j) all = _mm512_add_epi64(all, s##i);

static double xnor(uint64_t rounds, uint64_t *sink) {
    __m512i w = _mm512_set1_epi64((long long)~*sink), all = w;
    CHAINS(START)
    for (uint64_t r = 0; r < rounds; r++) {
        CHAINS(XNOR)
    }
    CHAINS(SUM)
    *sink = (uint64_t)_mm512_reduce_add_epi64(all);
    return (double)rounds * 12 * 512 * 2;
}

static double bytes(uint64_t rounds, uint64_t *sink) {
    __m512i w = _mm512_set1_epi64((long long)~*sink), all = w;
    CHAINS(START)
    for (uint64_t r = 0; r < rounds; r++) {
        CHAINS(BYTES)
    }
    CHAINS(SUM)
    *sink = (uint64_t)_mm512_reduce_add_epi64(all);
    return (double)rounds * 12 * 64 * 2;
}

static double ternary(uint64_t rounds, uint64_t *sink) {
    __m512i w = _mm512_set1_epi64((long long)~*sink), all = w;
    CHAINS(START)
    for (uint64_t r = 0; r < rounds; r++) {
        CHAINS(TERNARY)
    }
    CHAINS(SUM)
    *sink = (uint64_t)_mm512_reduce_add_epi64(all);
    return (double)rounds * 12 * 512;
}

const lf_peak_kernel lf_peak_avx512 = {LF_ISA_AVX512, xnor, bytes, ternary};

#else

const lf_peak_kernel lf_peak_avx512 = {LF_ISA_AVX512, 0, 0, 0};

#endif
