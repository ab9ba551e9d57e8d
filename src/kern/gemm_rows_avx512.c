#include "kern/gemm_rows.h"

#ifdef __AVX512F__

#include "kern/gemm_rows_body.h"

const lf_rows lf_rows_avx512 = {LF_ISA_AVX512, forward, backward, weights, codes, add};

#else

const lf_rows lf_rows_avx512 = {LF_ISA_AVX512, 0, 0, 0, 0, 0};

#endif
