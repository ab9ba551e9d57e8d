/* Matrix products of small integers that lie in float32, by integers of 8 bits: the bits of lf_gemm wherever all sums are exact in
 * float32 (their sizes stay below 2^24), several times as fast.
 *
 * Both operands are packed four contraction steps to a word: word [q][j] holds steps 4 q .. 4 q + 3 of column j, lowest byte first.
 * A holds codes of -128..127, B codes of lo..lo + 255, as differences from lo (lo <= 0, so that 0 is among them). */
#ifndef LF_KERN_GEMM_CODES_H
#define LF_KERN_GEMM_CODES_H

#include <stddef.h>
#include <stdint.h>

#include "kern/gemm.h"

typedef struct lf_codes_kernel {
    lf_isa isa;
    size_t rows, vecs; /* the largest tile */
    /* out[q][j], n words a row, from k rows of b; rows beyond k count as lo. n is a multiple of LF_GEMM_LANES. */
    void (*pack)(const float *b, size_t ldb, size_t k, size_t n, int lo, uint32_t *out);
    /* One tile: C[rows][vecs * LF_GEMM_LANES] (+)= sums of `quads` words + offset[row]. */
    void (*tile)(size_t rows, size_t vecs, size_t quads, const uint32_t *a, size_t a_col, const uint32_t *b, size_t ldb,
                 const float *offset, float *c, size_t ldc, bool add);
} lf_codes_kernel;

extern const lf_codes_kernel lf_gemm_codes_avx512;

/* For the instruction set of a kernel that lf_gemm_for gave; NULL where lf_gemm itself is the fastest. */
const lf_codes_kernel *lf_codes_for(lf_isa isa);

static inline size_t lf_codes_quads(size_t k) {
    return (k + 3) / 4;
}

/* C[m][n] = A^T B, or += with add, from k <= LF_GEMM_BLOCK steps. a: packed, [quads][lda] words, a column per row of C; b: packed,
 * [quads][n]; sum[row]: of A's codes in these steps; lo: B's. n is a multiple of LF_GEMM_LANES. */
void lf_gemm_codes(const lf_codes_kernel *kernel, size_t m, size_t n, size_t k, const uint32_t *a, size_t lda,
                   const uint32_t *b, const float *sum, int lo, float *c, size_t ldc, bool add);

#endif
