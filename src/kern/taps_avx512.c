#include "kern/taps_body.h"

const lf_taps_kernel lf_taps_avx512 = LF_TAPS_KERNEL(LF_ISA_AVX512);
