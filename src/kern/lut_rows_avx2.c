#include "kern/lut_rows.h"

#ifdef __AVX2__

#include "kern/lut_rows_body.h"

const lf_lut_rows lf_lut_rows_avx2 = {LF_ISA_AVX2, plain_address, plain_look_up, plain_scale,
                                      gather,      plain_dot,     plain_count,   plain_levels};

#else

const lf_lut_rows lf_lut_rows_avx2 = {LF_ISA_AVX2, 0, 0, 0, 0, 0, 0, 0};

#endif
