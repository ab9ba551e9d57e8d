/* What the processor can do at best, for "share of peak" in measurements: the instructions of a kernel's inner loop on registers
 * alone, as many independent chains as hide their latency. */
#ifndef LF_KERN_PEAK_H
#define LF_KERN_PEAK_H

#include <stdint.h>

#include "base/cpu.h"

/* All run `rounds` rounds and return how many operations that was: a product and an addition are two, of one bit (XOR,
 * population count, add) or of one byte (multiply and add; NULL for scalar: compilers turn that loop into anything). *sink gets a
 * value that depends on all of them. */
typedef struct lf_peak_kernel {
    lf_isa isa;
    double (*xnor)(uint64_t rounds, uint64_t *sink);
    double (*bytes)(uint64_t rounds, uint64_t *sink);
    /* The same for any function of three bits (vpternlogq), one operation each; NULL where no instruction does that. */
    double (*ternary)(uint64_t rounds, uint64_t *sink);
} lf_peak_kernel;

extern const lf_peak_kernel lf_peak_scalar, lf_peak_avx2, lf_peak_avx512;

const lf_peak_kernel *lf_peak_kernel_for(lf_isa isa);

#endif
