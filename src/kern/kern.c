#include "kern/kern.h"

const lf_kernel_info lf_kernel_list[] = {
#define LF_KERNEL(name, isa, help) {#name, LF_ISA_##isa, help},
#include "kern/kern.def"
#undef LF_KERNEL
    {0},
};

#if defined(__x86_64__)
#define CHOOSE(isa, name) \
    ((isa) == LF_ISA_AVX512 ? &name##_avx512 : (isa) == LF_ISA_AVX2 ? &name##_avx2 : &name##_scalar)
#else
#define CHOOSE(isa, name) ((void)(isa), &name##_scalar)
#endif

const lf_xnor_kernel *lf_xnor_kernel_for(lf_isa isa) {
    return CHOOSE(isa, lf_xnor_dense);
}

const lf_int_kernel *lf_int_kernel_for(lf_isa isa) {
    return CHOOSE(isa, lf_int_dense);
}

const lf_levels_kernel *lf_levels_kernel_for(lf_isa isa) {
    return CHOOSE(isa, lf_levels);
}

const lf_taps_kernel *lf_taps_kernel_for(lf_isa isa) {
    return CHOOSE(isa, lf_taps);
}
