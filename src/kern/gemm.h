/* Matrix products in float32 with a fixed order of summation.
 *
 * Every element of C is its own chain: for each block of LF_GEMM_BLOCK contraction steps, in ascending order,
 * s = fma(A(m,p), B[p][n], s) from s = 0 for p ascending, then C = C + s (the first block stores s). So the bits depend
 * neither on how the caller cuts C into tiles for threads nor on the kernel: the AVX2 and AVX-512 kernels equal the
 * scalar reference in every bit. */
#ifndef LF_KERN_GEMM_H
#define LF_KERN_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cpu.h"

enum {
    LF_GEMM_BLOCK = 256, /* contraction steps summed before C is touched */
    LF_GEMM_LANES = 16   /* columns are computed in groups of this many */
};

/* One tile: C[rows][vecs * LF_GEMM_LANES] from k <= LF_GEMM_BLOCK steps; add: C += the sum, else C = the sum. */
typedef void lf_gemm_tile_fn(size_t rows, size_t vecs, size_t k, const float *a, size_t a_row, size_t a_col,
                             const float *b, size_t ldb, float *c, size_t ldc, bool add);

typedef struct lf_gemm_kernel {
    lf_isa isa;
    size_t rows, vecs; /* the largest tile */
    lf_gemm_tile_fn *tile;
} lf_gemm_kernel;

extern const lf_gemm_kernel lf_gemm_scalar, lf_gemm_avx2, lf_gemm_avx512;

/* The kernel for one instruction set, NULL when this processor or build lacks it; the best there is. */
const lf_gemm_kernel *lf_gemm_for(lf_isa isa);
const lf_gemm_kernel *lf_gemm_best(void);

/* C[m][n] = sum over p in [0, k) of A(m, p) * B[p][n], where A(m, p) = a[m * a_row + p * a_col] (strides in floats,
 * so that a transposed A needs no copy). B and C are row-major; n is rounded up to LF_GEMM_LANES, so rows of B and C
 * must be that long (ldb, ldc). k = 0 gives zeros. No overlap. Any thread may compute any part of C by offsetting
 * the pointers. */
void lf_gemm(const lf_gemm_kernel *kernel, size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col,
             const float *b, size_t ldb, float *c, size_t ldc);
/* The same, added to C: every block's sum, the first one's too. So a product may be made block by block: lf_gemm of the first
 * LF_GEMM_BLOCK steps and lf_gemm_add of the rest give the bits of one call. */
void lf_gemm_add(const lf_gemm_kernel *kernel, size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col,
                 const float *b, size_t ldb, float *c, size_t ldc);

#endif
