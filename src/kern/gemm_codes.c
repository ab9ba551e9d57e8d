#include "kern/gemm_codes.h"

#include <string.h>

enum { GROUP = 24, QUADS = LF_GEMM_BLOCK / 4 };

const lf_codes_kernel *lf_codes_for(lf_isa isa) {
#if defined(__x86_64__)
    if (isa == LF_ISA_AVX512 && lf_gemm_codes_avx512.tile)
        return &lf_gemm_codes_avx512;
#endif
    (void)isa;
    return NULL;
}

/* Up to GROUP rows of C; their words of A lie far apart: fetched once. */
static void row_group(const lf_codes_kernel *kernel, size_t m, size_t n, size_t quads, const uint32_t *a, size_t lda,
                      const uint32_t *b, const float *offset, float *c, size_t ldc, bool add) {
    uint32_t packed[QUADS * GROUP];
    for (size_t q = 0; q < quads; q++)
        memcpy(packed + q * GROUP, a + q * lda, m * sizeof *a);
    size_t vecs = n / LF_GEMM_LANES;
    for (size_t r = 0; r < m; r += kernel->rows)
        for (size_t v = 0; v < vecs; v += kernel->vecs) {
            size_t at = v * LF_GEMM_LANES, rows = m - r < kernel->rows ? m - r : kernel->rows;
            kernel->tile(rows, vecs - v < kernel->vecs ? vecs - v : kernel->vecs, quads, packed + r, GROUP, b + at, n,
                         offset + r, c + r * ldc + at, ldc, add);
        }
}

void lf_gemm_codes(const lf_codes_kernel *kernel, size_t m, size_t n, size_t k, const uint32_t *a, size_t lda,
                   const uint32_t *b, const float *sum, int lo, float *c, size_t ldc, bool add) {
    for (size_t r = 0; r < m; r += GROUP) {
        float offset[GROUP];
        size_t rows = m - r < GROUP ? m - r : GROUP;
        for (size_t i = 0; i < rows; i++)
            offset[i] = (float)lo * sum[r + i];
        row_group(kernel, rows, n, lf_codes_quads(k), a + r, lda, b, offset, c + r * ldc, ldc, add);
    }
}
