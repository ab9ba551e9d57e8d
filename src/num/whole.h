/* Small functions of whole numbers. */
#ifndef LF_NUM_WHOLE_H
#define LF_NUM_WHOLE_H

#include <stdint.h>

static inline int64_t lf_least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static inline int64_t lf_most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* a / b rounded up; b > 0. */
static inline int64_t lf_divide_up(int64_t a, int64_t b) {
    return a < 0 ? -(-a / b) : (a + b - 1) / b;
}

#endif
