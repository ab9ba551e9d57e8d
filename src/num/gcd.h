/* The greatest common divisor; gcd(a, 0) is a. */
#ifndef LF_NUM_GCD_H
#define LF_NUM_GCD_H

#include <stdint.h>

static inline uint64_t lf_gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

#endif
