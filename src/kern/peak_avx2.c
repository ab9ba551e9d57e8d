#include "kern/peak.h"

#ifdef __AVX2__

#include <immintrin.h>

#define CHAINS(STEP) STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5)
#define MORE_CHAINS(STEP) STEP(6) STEP(7) STEP(8) STEP(9) STEP(10) STEP(11)
#define START(i) __m256i s##i = _mm256_set1_epi64x((long long)*sink + (i));
#define SUM(i) all = _mm256_add_epi64(all, s##i);
#define XNOR(i)                                                                                                   \
    {                                                                                                             \
        __m256i v = _mm256_xor_si256(w, s##i), a = _mm256_shuffle_epi8(ones, _mm256_and_si256(v, low));           \
        s##i = _mm256_add_epi8(                                                                                   \
            s##i, _mm256_add_epi8(a, _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)))); \
    }
#define BYTES(i) s##i = _mm256_add_epi32(s##i, _mm256_madd_epi16(_mm256_maddubs_epi16(s##i, w), low));

static uint64_t one_of(__m256i v) {
    return (uint64_t)_mm256_extract_epi64(v, 0) + (uint64_t)_mm256_extract_epi64(v, 1);
}

static double xnor(uint64_t rounds, uint64_t *sink) {
    const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                          2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i w = _mm256_set1_epi64x((long long)~*sink), all = w;
    CHAINS(START)
    for (uint64_t r = 0; r < rounds; r++) {
        CHAINS(XNOR)
    }
    CHAINS(SUM)
    *sink = one_of(all);
    return (double)rounds * 6 * 256 * 2;
}

static double bytes(uint64_t rounds, uint64_t *sink) {
    const __m256i low = _mm256_set1_epi16(1);
    __m256i w = _mm256_set1_epi64x((long long)~*sink), all = w;
    CHAINS(START)
    MORE_CHAINS(START)
    for (uint64_t r = 0; r < rounds; r++) {
        CHAINS(BYTES)
        MORE_CHAINS(BYTES)
    }
    CHAINS(SUM)
    MORE_CHAINS(SUM)
    *sink = one_of(all);
    return (double)rounds * 12 * 32 * 2;
}

const lf_peak_kernel lf_peak_avx2 = {LF_ISA_AVX2, xnor, bytes, 0};

#else

const lf_peak_kernel lf_peak_avx2 = {LF_ISA_AVX2, 0, 0, 0};

#endif
