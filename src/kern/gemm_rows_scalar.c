#include "kern/gemm_rows_body.h"

const lf_rows lf_rows_scalar = {LF_ISA_SCALAR, forward, backward, weights, codes, add};

#if defined(__x86_64__)
static const lf_rows *const kernels[LF_ISA_COUNT] = {&lf_rows_scalar, &lf_rows_avx2, &lf_rows_avx512};
#else
static const lf_rows *const kernels[LF_ISA_COUNT] = {&lf_rows_scalar};
#endif

const lf_rows *lf_rows_for(lf_isa isa) {
    const lf_rows *k = (unsigned)isa < LF_ISA_COUNT ? kernels[isa] : NULL;
    return k && k->forward ? k : &lf_rows_scalar;
}
