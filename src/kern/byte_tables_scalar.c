#include "kern/byte_tables.h"

static void one(const lf_byte_neuron *n, const uint8_t *values, uint8_t *out) {
    uint16_t address[LF_BYTE_SAMPLES] = {0};
    for (int j = 0; j < n->fan_in; j++) {
        const uint8_t *x = values + (size_t)n->from[j] * LF_BYTE_SAMPLES;
        for (size_t s = 0; s < LF_BYTE_SAMPLES; s++)
            address[s] = (uint16_t)(address[s] | (unsigned)x[s] << j * n->bits);
    }
    for (size_t s = 0; s < LF_BYTE_SAMPLES; s++)
        out[s] = n->table[address[s]];
}

void lf_byte_neuron_plain(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out) {
    for (size_t i = 0; i < count; i++)
        one(n + i, values, out + n[i].to * (size_t)LF_BYTE_SAMPLES);
}

static lf_byte_fn *choose(const lf_byte_neuron *n) {
    (void)n;
    return lf_byte_neuron_plain;
}

const lf_byte_kernel lf_byte_tables_scalar = {LF_ISA_SCALAR, 0, false, false, choose};

const lf_byte_kernel *lf_byte_kernel_for(lf_isa isa) {
#if defined(__x86_64__)
    return isa == LF_ISA_AVX512 ? &lf_byte_tables_avx512
           : isa == LF_ISA_AVX2 ? &lf_byte_tables_avx2
                                : &lf_byte_tables_scalar;
#else
    (void)isa;
    return &lf_byte_tables_scalar;
#endif
}
