#include "kern/lut_rows_body.h"

const lf_lut_rows lf_lut_rows_scalar = {LF_ISA_SCALAR, plain_address, plain_look_up, plain_scale,
                                        gather,        plain_dot,     plain_count,   plain_levels};

#if defined(__x86_64__)
static const lf_lut_rows *const kernels[LF_ISA_COUNT] = {&lf_lut_rows_scalar, &lf_lut_rows_avx2, &lf_lut_rows_avx512};
#else
static const lf_lut_rows *const kernels[LF_ISA_COUNT] = {&lf_lut_rows_scalar};
#endif

const lf_lut_rows *lf_lut_rows_for(lf_isa isa) {
    const lf_lut_rows *k = (unsigned)isa < LF_ISA_COUNT ? kernels[isa] : NULL;
    return k && k->dot ? k : &lf_lut_rows_scalar;
}
