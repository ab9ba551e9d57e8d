/* Vectors of channels taken together element by element: what pools and depthwise layers do with the pixels of a window, and joins
 * with two branches.
 *
 * Kernels work on sixteen elements at a time: up to 15 elements behind the last are read and written; what is written there is of no
 * use. All arithmetic is modulo 2^8, 2^16 or 2^32, as wide as the result; exact whenever the true result fits. */
#ifndef LF_KERN_TAPS_H
#define LF_KERN_TAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

typedef enum lf_taps_kind { LF_TAPS_U8, LF_TAPS_S16, LF_TAPS_S32, LF_TAPS_KINDS } lf_taps_kind;

/* y[i] = largest, or least, over k of x[k][i], plus `add`; of the kind of x. */
typedef void lf_taps_extreme_fn(const void *const *x, size_t taps, size_t n, int32_t add, void *y);
/* y[i] = add[i] + sum over k of w[k * n_padded + i] * x[k][i], n_padded the next multiple of 16; w NULL: all 1. */
typedef void lf_taps_sum_fn(const void *const *x, const int32_t *w, size_t taps, size_t n, const int32_t *add,
                            int32_t *y);
/* y[i] += factor * x[i] */
typedef void lf_taps_add_fn(const void *x, int32_t factor, size_t n, int32_t *y);

typedef struct lf_taps_kernel {
    lf_isa isa;
    lf_taps_extreme_fn *largest[LF_TAPS_KINDS], *least[LF_TAPS_KINDS];
    lf_taps_sum_fn *sum[LF_TAPS_KINDS];
    lf_taps_add_fn *add[LF_TAPS_KINDS];
    /* Words of bits: OR of all taps, or AND. Exactly n words. */
    void (*any)(const void *const *x, size_t taps, size_t n, uint64_t *y);
    void (*all)(const void *const *x, size_t taps, size_t n, uint64_t *y);
} lf_taps_kernel;

extern const lf_taps_kernel lf_taps_scalar, lf_taps_avx2, lf_taps_avx512;

#endif
