#include "kern/bit_planes_body.h"

LF_PACK_BY(plain_word)

static void split(const int32_t *column, int bits, uint64_t *planes) {
    for (size_t k = 0; k < (size_t)bits; k++)
        for (size_t w = 0; w < LF_PLANE_WORDS; w++) {
            uint64_t plane = 0;
            for (size_t s = 0; s < 64; s++)
                plane |= (uint64_t)((uint32_t)column[w * 64 + s] >> k & 1) << s;
            planes[k * LF_PLANE_WORDS + w] = plane;
        }
}

#define ABOVE(name, type)                                                                         \
    static void name(const type *column, const type *threshold, size_t count, uint64_t *planes) { \
        for (size_t k = 0; k < count; k++)                                                        \
            for (size_t w = 0; w < LF_PLANE_WORDS; w++) {                                         \
                uint64_t plane = 0;                                                               \
                for (size_t s = 0; s < 64; s++)                                                   \
                    plane |= (uint64_t)(column[w * 64 + s] > threshold[k]) << s;                  \
                planes[k * LF_PLANE_WORDS + w] = plane;                                           \
            }                                                                                     \
    }

ABOVE(above_s32, int32_t)
ABOVE(above_f32, float)
ABOVE(above_f64, double)

const lf_bit_planes lf_bit_planes_scalar = {LF_ISA_SCALAR, pack, split, plain_join, above_s32, above_f32, above_f64};

static const lf_bit_planes *const all[LF_ISA_COUNT] = {
    [LF_ISA_SCALAR] = &lf_bit_planes_scalar,
#if defined(__x86_64__)
    [LF_ISA_AVX2] = &lf_bit_planes_avx2,
    [LF_ISA_AVX512] = &lf_bit_planes_avx512,
#endif
};

const lf_bit_planes *lf_bit_planes_for(lf_isa isa) {
    return all[isa] ? all[isa] : &lf_bit_planes_scalar;
}
