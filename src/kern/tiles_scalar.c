#include "kern/tiles_body.h"

const lf_tiles lf_tiles_scalar = {LF_ISA_SCALAR, LF_TURN, LF_BACK, finite, cast, find};

#if defined(__x86_64__)
const lf_tiles *lf_tiles_for(lf_isa isa) {
    return isa == LF_ISA_AVX512 ? &lf_tiles_avx512 : isa == LF_ISA_AVX2 ? &lf_tiles_avx2 : &lf_tiles_scalar;
}
#else
const lf_tiles *lf_tiles_for(lf_isa isa) {
    (void)isa;
    return &lf_tiles_scalar;
}
#endif
