/* What the processor can do. Kernels are chosen by these bits, once, at run time. */
#ifndef LF_BASE_CPU_H
#define LF_BASE_CPU_H

#include <stdbool.h>

typedef enum lf_isa { LF_ISA_SCALAR, LF_ISA_AVX2, LF_ISA_AVX512, LF_ISA_COUNT } lf_isa;

/* AVX2 stands for AVX2, FMA and POPCNT; AVX512 for these and F, BW, VL, DQ, VBMI, GFNI, VPOPCNTDQ and VNNI together (Ice Lake, Zen 4 and later). */
bool lf_cpu_has(lf_isa isa);
lf_isa lf_cpu_best(void);
const char *lf_isa_name(lf_isa isa); /* "scalar" "avx2" "avx512" */
const char *lf_cpu_name(void);       /* the processor's own name, or "unknown" */

#endif
