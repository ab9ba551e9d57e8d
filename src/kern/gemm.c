#include "kern/gemm.h"

#include <math.h>
#include <string.h>

enum { GROUP = 24 }; /* a multiple of the rows of every kernel's tile */

#if defined(__x86_64__)
static const lf_gemm_kernel *const kernels[LF_ISA_COUNT] = {&lf_gemm_scalar, &lf_gemm_avx2, &lf_gemm_avx512};
#else
static const lf_gemm_kernel *const kernels[LF_ISA_COUNT] = {&lf_gemm_scalar};
#endif

const lf_gemm_kernel *lf_gemm_for(lf_isa isa) {
    const lf_gemm_kernel *k = (unsigned)isa < LF_ISA_COUNT && lf_cpu_has(isa) ? kernels[isa] : NULL;
    return k && k->tile ? k : NULL;
}

const lf_gemm_kernel *lf_gemm_best(void) {
    const lf_gemm_kernel *best = lf_gemm_for(LF_ISA_AVX512);
    if (!best)
        best = lf_gemm_for(LF_ISA_AVX2);
    return best ? best : &lf_gemm_scalar;
}

/* Columns of a transposed A lie far apart: fetch each of a group of rows once, use it for every strip of C. */
static void pack(float *out, const float *a, size_t a_row, size_t a_col, size_t rows, size_t k) {
    if (a_row == 1 && rows == GROUP) {
        for (size_t p = 0; p < k; p++)
            memcpy(out + p * GROUP, a + p * a_col, GROUP * sizeof *a);
        return;
    }
    for (size_t p = 0; p < k; p++)
        for (size_t r = 0; r < rows; r++)
            out[p * GROUP + r] = a[r * a_row + p * a_col];
}

static void row_tile(const lf_gemm_kernel *kernel, size_t rows, size_t vecs, size_t k, const float *a, size_t a_row,
                     size_t a_col, const float *b, size_t ldb, float *c, size_t ldc, bool add) {
    for (size_t v = 0; v < vecs; v += kernel->vecs) {
        size_t now = vecs - v < kernel->vecs ? vecs - v : kernel->vecs;
        kernel->tile(rows, now, k, a, a_row, a_col, b + v * LF_GEMM_LANES, ldb, c + v * LF_GEMM_LANES, ldc, add);
    }
}

/* Up to GROUP rows of C from k <= LF_GEMM_BLOCK steps. */
static void row_group(const lf_gemm_kernel *kernel, size_t m, size_t vecs, size_t k, const float *a, size_t a_row,
                      size_t a_col, const float *b, size_t ldb, float *c, size_t ldc, bool add) {
    float packed[LF_GEMM_BLOCK * GROUP];
    if (a_col != 1) {
        pack(packed, a, a_row, a_col, m, k);
        a = packed, a_row = 1, a_col = GROUP;
    }
    for (size_t r = 0; r < m; r += kernel->rows) {
        size_t rows = m - r < kernel->rows ? m - r : kernel->rows;
        row_tile(kernel, rows, vecs, k, a + r * a_row, a_row, a_col, b, ldb, c + r * ldc, ldc, add);
    }
}

static void zero_rows(size_t m, size_t vecs, float *c, size_t ldc) {
    for (size_t r = 0; r < m; r++)
        memset(c + r * ldc, 0, vecs * LF_GEMM_LANES * sizeof *c);
}

static void product(const lf_gemm_kernel *kernel, size_t m, size_t n, size_t k, const float *a, size_t a_row,
                    size_t a_col, const float *b, size_t ldb, float *c, size_t ldc, bool add) {
    size_t vecs = (n + LF_GEMM_LANES - 1) / LF_GEMM_LANES;
    if (k == 0 && !add)
        zero_rows(m, vecs, c, ldc);
    for (size_t p = 0; p < k; p += LF_GEMM_BLOCK) {
        size_t steps = k - p < LF_GEMM_BLOCK ? k - p : LF_GEMM_BLOCK;
        for (size_t r = 0; r < m; r += GROUP)
            row_group(kernel, m - r < GROUP ? m - r : GROUP, vecs, steps, a + r * a_row + p * a_col, a_row, a_col,
                      b + p * ldb, ldb, c + r * ldc, ldc, add || p > 0);
    }
}

void lf_gemm(const lf_gemm_kernel *kernel, size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col,
             const float *b, size_t ldb, float *c, size_t ldc) {
    product(kernel, m, n, k, a, a_row, a_col, b, ldb, c, ldc, false);
}

void lf_gemm_add(const lf_gemm_kernel *kernel, size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col,
                 const float *b, size_t ldb, float *c, size_t ldc) {
    product(kernel, m, n, k, a, a_row, a_col, b, ldb, c, ldc, true);
}

/* The reference: fmaf is exact by its definition, in hardware or not. */
static void tile_scalar(size_t rows, size_t vecs, size_t k, const float *a, size_t a_row, size_t a_col, const float *b,
                        size_t ldb, float *c, size_t ldc, bool add) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < vecs * LF_GEMM_LANES; j++) {
            float s = 0;
            for (size_t p = 0; p < k; p++)
                s = fmaf(a[r * a_row + p * a_col], b[p * ldb + j], s);
            c[r * ldc + j] = add ? c[r * ldc + j] + s : s;
        }
    }
}

const lf_gemm_kernel lf_gemm_scalar = {LF_ISA_SCALAR, 4, 4, tile_scalar};
