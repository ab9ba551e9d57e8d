/* Vectors of codes times constant matrices, exact: what the reference matmul runs on. Plain C, written so that compilers
 * turn the inner loop into multiply-add instructions; integer sums do not depend on their order. */
#ifndef LF_OPS_MATMUL_KERNEL_H
#define LF_OPS_MATMUL_KERNEL_H

#include "ir/graph.h"

/* Matrices [.., k, n], column after column, as narrow as their codes allow. */
typedef struct lf_weights {
    int64_t k, n;
    int64_t largest;       /* magnitude of a code */
    const int16_t *narrow; /* [.., n, k], or */
    const int64_t *wide;
} lf_weights;

lf_weights *lf_weights_pack(lf_arena *a, const lf_tensor *constant, int64_t k, int64_t n);
/* The same from a constant that lies column after column already: [.., n, k]. */
lf_weights *lf_weights_rows(lf_arena *a, const lf_tensor *constant, int64_t k, int64_t n);

/* y[n] = sum over k of x[k] * w[k][n], for the matrix that begins at element `first`. x lies in `range`; no partial sum leaves
 * int64. */
void lf_weights_dot(lf_arena *scratch, const lf_weights *w, int64_t first, const int64_t *x, lf_range range,
                    int64_t *y);

#endif
