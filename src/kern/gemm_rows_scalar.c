#include "kern/gemm_rows_body.h"

const lf_rows lf_rows_scalar = {LF_ISA_SCALAR, forward, backward, weights, codes};

const lf_rows *lf_rows_for(lf_isa isa) {
    if (isa == LF_ISA_AVX512 && lf_rows_avx512.forward)
        return &lf_rows_avx512;
    return isa != LF_ISA_SCALAR && lf_rows_avx2.forward ? &lf_rows_avx2 : &lf_rows_scalar;
}
