/* Neurons of byte_net.h: 512 samples. */
#ifndef LF_KERN_BYTE_TABLES_H
#define LF_KERN_BYTE_TABLES_H

#include "kern/byte_net.h"
#include "kern/byte_sums.h"

enum { LF_BYTE_SHORT_BITS = 6 }; /* indices of so many bits look up in one register of 64 bytes */

/* Two lines of the cache; what kernels read of a neuron of few inputs is in the first. */
typedef struct lf_byte_neuron {
    const uint8_t *table; /* at least 64 entries: shorter ones repeat */
    lf_byte_sums *sums; /* NULL: there is no such form. Terms repeat where inputs are missing; step[] is in the order of
                           the six highest bits of a sum in two's complement */
    int fan_in, bits;
    uint32_t to; /* which output of the layer: neurons that share an input stand side by side */
    uint32_t from[LF_BYTE_FAN_IN + LF_SUM_PART_BITS]; /* behind fan_in the last one repeats */
    bool repeated; /* its inputs' bytes hold their values again and again, every `bits` bits: masks blend them */
    uint8_t *own;  /* what `table` points to, where that is a copy; else NULL */
} lf_byte_neuron;

_Static_assert(sizeof(lf_byte_neuron) <= 128 && offsetof(lf_byte_neuron, from) <= 32,
               "two lines, eight inputs in the first");

/* values: planes of LF_BYTE_SAMPLES bytes; out: those of the layer, of which `count` neurons write theirs. */
typedef void lf_byte_fn(const lf_byte_neuron *n, size_t count, const uint8_t *values, uint8_t *out);

typedef struct lf_byte_kernel {
    lf_isa isa;
    int direct_bits; /* indices of so many bits are permutes; sums are asked for beyond */
    bool sums;       /* knows them */
    bool blends;     /* gains by values that repeat, and by neurons side by side whose first input is the same */
    lf_byte_fn *(*choose)(const lf_byte_neuron *n);
} lf_byte_kernel;

extern const lf_byte_kernel lf_byte_tables_scalar, lf_byte_tables_avx2, lf_byte_tables_avx512;
const lf_byte_kernel *lf_byte_kernel_for(lf_isa isa);

lf_byte_fn lf_byte_neuron_plain; /* the definition */

#endif
