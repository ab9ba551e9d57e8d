/* Factors in signed digits. */
#ifndef LF_NUM_SIGNED_DIGITS_H
#define LF_NUM_SIGNED_DIGITS_H

#include <stdint.h>

/* A factor as the sum of the powers of two in plus minus those in minus; no two digits are neighbours, so there are as few as can be. */
typedef struct lf_digits {
    uint64_t plus, minus;
    int count;
} lf_digits;

static inline lf_digits lf_digits_of(int64_t factor) {
    uint64_t rest = factor < 0 ? 0 - (uint64_t)factor : (uint64_t)factor;
    lf_digits d = {0, 0, 0};
    for (int k = 0; rest && k < 64; k++, rest >>= 1) {
        if (!(rest & 1))
            continue;
        int minus = (rest & 3) == 3; /* 3 = 4 - 1 */
        *(minus == (factor < 0) ? &d.plus : &d.minus) |= (uint64_t)1 << k;
        rest += (uint64_t)minus;
        d.count++;
    }
    return d;
}

#endif
