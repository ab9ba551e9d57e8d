#include "kern/gemm_rows.h"

#ifdef __AVX2__

#include "kern/gemm_rows_body.h"

const lf_rows lf_rows_avx2 = {LF_ISA_AVX2, forward, backward, weights, codes, add};

#else

const lf_rows lf_rows_avx2 = {LF_ISA_AVX2, 0, 0, 0, 0, 0};

#endif
