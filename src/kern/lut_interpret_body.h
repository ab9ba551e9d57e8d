/* The interpreter's loop, compiled once per instruction set: #define LF_LUT_INTERPRET name before. A function of three operands is its algebraic normal form:
 * eight masks, no branches. */
#ifndef LF_KERN_LUT_INTERPRET_BODY_H
#define LF_KERN_LUT_INTERPRET_BODY_H

#include "kern/lut_code_inside.h"

static inline uint64_t mask_if(unsigned bit) {
    return 0 - (uint64_t)(bit & 1);
}

void LF_LUT_INTERPRET(const lf_lut_step *step, size_t count, uint64_t *scratch) {
    for (size_t i = 0; i < count; i++) {
        const lf_lut_step *s = &step[i];
        unsigned f = s->function;
        f ^= (f & 0x55) << 1; /* truth table to normal form, a variable at a time */
        f ^= (f & 0x33) << 2;
        f ^= (f & 0x0f) << 4;
        uint64_t m0 = mask_if(f), ma = mask_if(f >> 1), mb = mask_if(f >> 2), mab = mask_if(f >> 3),
                 mc = mask_if(f >> 4), mac = mask_if(f >> 5), mbc = mask_if(f >> 6), mabc = mask_if(f >> 7);
        const uint64_t *a = scratch + s->in[0], *b = scratch + s->in[1], *c = scratch + s->in[2];
        uint64_t r[LF_LUT_WORDS];
        for (int w = 0; w < LF_LUT_WORDS; w++) {
            uint64_t low = m0 ^ (ma & a[w]) ^ (b[w] & (mb ^ (mab & a[w])));
            uint64_t high = mc ^ (mac & a[w]) ^ (b[w] & (mbc ^ (mabc & a[w])));
            r[w] = low ^ (c[w] & high);
        }
        for (int w = 0; w < LF_LUT_WORDS; w++)
            scratch[s->out + (uint32_t)w] = r[w];
    }
}

#endif
