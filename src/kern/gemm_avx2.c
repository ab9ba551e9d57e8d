/* AVX2 with FMA: tiles of 6 rows by 16 columns (two registers), 12 accumulators. Compiled with the flags of its
 * instruction set; empty without. */
#include "kern/gemm.h"

#if defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

/* One function per tile size, so that all accumulators live in registers. */
#define TILE(R, V)                                                                                               \
    static void tile_##R##x##V(size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb, \
                               float *c, size_t ldc, bool add) {                                                 \
        __m256 s[R][V];                                                                                          \
        for (int r = 0; r < R; r++)                                                                              \
            for (int v = 0; v < V; v++)                                                                          \
                s[r][v] = _mm256_setzero_ps();                                                                   \
        for (size_t p = 0; p < k; p++, a += a_col, b += ldb) {                                                   \
            __m256 x[V];                                                                                         \
            for (int v = 0; v < V; v++)                                                                          \
                x[v] = _mm256_loadu_ps(b + 8 * v);                                                               \
            for (int r = 0; r < R; r++) {                                                                        \
                __m256 w = _mm256_set1_ps(a[(size_t)r * a_row]);                                                 \
                for (int v = 0; v < V; v++)                                                                      \
                    s[r][v] = _mm256_fmadd_ps(w, x[v], s[r][v]);                                                 \
            }                                                                                                    \
        }                                                                                                        \
        for (int r = 0; r < R; r++)                                                                              \
            for (int v = 0; v < V; v++) {                                                                        \
                float *at = c + (size_t)r * ldc + 8 * v;                                                         \
                _mm256_storeu_ps(at, add ? _mm256_add_ps(_mm256_loadu_ps(at), s[r][v]) : s[r][v]);               \
            }                                                                                                    \
    }
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)

typedef void tile_fn(size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb, float *c,
                     size_t ldc, bool add);

static tile_fn *const tiles[6] = {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2};

static void tile_avx2(size_t rows, size_t vecs, size_t k, const float *a, size_t a_row, size_t a_col, const float *b,
                      size_t ldb, float *c, size_t ldc, bool add) {
    (void)vecs;
    tiles[rows - 1](k, a, a_row, a_col, b, ldb, c, ldc, add);
}

const lf_gemm_kernel lf_gemm_avx2 = {LF_ISA_AVX2, 6, 1, tile_avx2};

#else

const lf_gemm_kernel lf_gemm_avx2 = {LF_ISA_AVX2, 0, 0, 0};

#endif
