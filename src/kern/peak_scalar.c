#include "kern/peak.h"

enum { CHAINS = 4 };

static uint64_t count_ones(uint64_t v) {
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return v * 0x0101010101010101u >> 56;
}

static double xnor(uint64_t rounds, uint64_t *sink) {
    uint64_t w[CHAINS] = {*sink, ~*sink, *sink * 3, *sink * 5}, sum[CHAINS] = {0};
    for (uint64_t r = 0; r < rounds; r++)
        for (int i = 0; i < CHAINS; i++)
            sum[i] += count_ones(w[i] ^ sum[i]);
    *sink = sum[0] + sum[1] + sum[2] + sum[3];
    return (double)rounds * CHAINS * 64 * 2;
}

const lf_peak_kernel lf_peak_scalar = {LF_ISA_SCALAR, xnor, 0, 0};

#if defined(__x86_64__)
const lf_peak_kernel *lf_peak_kernel_for(lf_isa isa) {
    return isa == LF_ISA_AVX512 ? &lf_peak_avx512 : isa == LF_ISA_AVX2 ? &lf_peak_avx2 : &lf_peak_scalar;
}
#else
const lf_peak_kernel *lf_peak_kernel_for(lf_isa isa) {
    (void)isa;
    return &lf_peak_scalar;
}
#endif
