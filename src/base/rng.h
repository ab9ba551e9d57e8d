/* Counter-based random numbers (Philox 4x32-10, Salmon et al., SC 2011, section 3.3): the same numbers for any
 * number of threads, because a number depends only on (seed, stream, index). */
#ifndef LF_BASE_RNG_H
#define LF_BASE_RNG_H

#include <stdint.h>

typedef struct lf_rng {
    uint64_t seed, stream, index; /* index: the next number */
} lf_rng;

static inline lf_rng lf_rng_make(uint64_t seed, uint64_t stream) {
    lf_rng r = {seed, stream, 0};
    return r;
}
void lf_philox(uint64_t seed, uint64_t stream, uint64_t index, uint32_t out[4]);
uint32_t lf_rng_u32(lf_rng *r);
uint64_t lf_rng_u64(lf_rng *r);
uint32_t lf_rng_below(lf_rng *r, uint32_t n);              /* uniform in [0, n), unbiased; n > 0 */
int64_t lf_rng_between(lf_rng *r, int64_t lo, int64_t hi); /* both ends included */
double lf_rng_double(lf_rng *r);                           /* uniform in [0, 1), 53 bits */
double lf_rng_normal(lf_rng *r);                           /* mean 0, variance 1; bits do not depend on libm */

#endif
