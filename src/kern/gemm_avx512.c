/* AVX-512: tiles of 6 rows by 4 vectors, 24 accumulators. Compiled with the flags of its instruction set; empty
 * without. */
#include "kern/gemm.h"

#ifdef __AVX512F__

#include <immintrin.h>

/* One function per tile size, so that all accumulators live in registers. */
#define TILE(R, V)                                                                                               \
    static void tile_##R##x##V(size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb, \
                               float *c, size_t ldc, bool add) {                                                 \
        __m512 s[R][V];                                                                                          \
        for (int r = 0; r < R; r++)                                                                              \
            for (int v = 0; v < V; v++)                                                                          \
                s[r][v] = _mm512_setzero_ps();                                                                   \
        for (size_t p = 0; p < k; p++, a += a_col, b += ldb) {                                                   \
            __m512 x[V];                                                                                         \
            for (int v = 0; v < V; v++)                                                                          \
                x[v] = _mm512_loadu_ps(b + 16 * v);                                                              \
            for (int r = 0; r < R; r++) {                                                                        \
                __m512 w = _mm512_set1_ps(a[(size_t)r * a_row]);                                                 \
                for (int v = 0; v < V; v++)                                                                      \
                    s[r][v] = _mm512_fmadd_ps(w, x[v], s[r][v]);                                                 \
            }                                                                                                    \
        }                                                                                                        \
        for (int r = 0; r < R; r++)                                                                              \
            for (int v = 0; v < V; v++) {                                                                        \
                float *at = c + (size_t)r * ldc + 16 * v;                                                        \
                _mm512_storeu_ps(at, add ? _mm512_add_ps(_mm512_loadu_ps(at), s[r][v]) : s[r][v]);               \
            }                                                                                                    \
    }
#define TILES(R) TILE(R, 1) TILE(R, 2) TILE(R, 3) TILE(R, 4)
TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)

typedef void tile_fn(size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb, float *c,
                     size_t ldc, bool add);

#define ROW(R) \
    { tile_##R##x1, tile_##R##x2, tile_##R##x3, tile_##R##x4 }
static tile_fn *const tiles[6][4] = {ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6)};

static void tile_avx512(size_t rows, size_t vecs, size_t k, const float *a, size_t a_row, size_t a_col, const float *b,
                        size_t ldb, float *c, size_t ldc, bool add) {
    tiles[rows - 1][vecs - 1](k, a, a_row, a_col, b, ldb, c, ldc, add);
}

const lf_gemm_kernel lf_gemm_avx512 = {LF_ISA_AVX512, 6, 4, tile_avx512};

#else

const lf_gemm_kernel lf_gemm_avx512 = {LF_ISA_AVX512, 0, 0, 0};

#endif
