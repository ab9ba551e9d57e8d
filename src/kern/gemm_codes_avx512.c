/* AVX-512 VNNI: tiles of 6 rows by 4 vectors, 24 accumulators of 32 bits; vpdpbusd adds four products without saturation. */
#include "base/compiler.h"
#include "kern/gemm_codes.h"

#ifdef __AVX512VNNI__

#include <immintrin.h>

/* gcc 12 copies the sum to another register and back around the intrinsic, which halves the speed. */
static inline __m512i bytes_into(__m512i sum, __m512i x, __m512i w) {
    LF_ASM("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
}

#define TILE(R, V)                                                                                           \
    static void tile_##R##x##V(size_t quads, const uint32_t *a, size_t a_col, const uint32_t *b, size_t ldb, \
                               const float *offset, float *c, size_t ldc, bool add) {                        \
        __m512i s[R][V];                                                                                     \
        for (int r = 0; r < R; r++)                                                                          \
            for (int v = 0; v < V; v++)                                                                      \
                s[r][v] = _mm512_setzero_si512();                                                            \
        for (size_t q = 0; q < quads; q++, a += a_col, b += ldb) {                                           \
            __m512i x[V];                                                                                    \
            for (int v = 0; v < V; v++)                                                                      \
                x[v] = _mm512_loadu_si512(b + 16 * v);                                                       \
            for (int r = 0; r < R; r++) {                                                                    \
                __m512i w = _mm512_set1_epi32((int)a[r]);                                                    \
                for (int v = 0; v < V; v++)                                                                  \
                    s[r][v] = bytes_into(s[r][v], x[v], w);                                                  \
            }                                                                                                \
        }                                                                                                    \
        for (int r = 0; r < R; r++)                                                                          \
            for (int v = 0; v < V; v++) {                                                                    \
                float *at = c + (size_t)r * ldc + 16 * v;                                                    \
                __m512 sum = _mm512_add_ps(_mm512_cvtepi32_ps(s[r][v]), _mm512_set1_ps(offset[r]));          \
                _mm512_storeu_ps(at, add ? _mm512_add_ps(_mm512_loadu_ps(at), sum) : sum);                   \
            }                                                                                                \
    }
#define TILES(R) TILE(R, 1) TILE(R, 2) TILE(R, 3) TILE(R, 4)
TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)

typedef void tile_fn(size_t quads, const uint32_t *a, size_t a_col, const uint32_t *b, size_t ldb, const float *offset,
                     float *c, size_t ldc, bool add);

#define ROW(R) \
    { tile_##R##x1, tile_##R##x2, tile_##R##x3, tile_##R##x4 }
static tile_fn *const tiles[6][4] = {ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6)};

static void tile_avx512(size_t rows, size_t vecs, size_t quads, const uint32_t *a, size_t a_col, const uint32_t *b,
                        size_t ldb, const float *offset, float *c, size_t ldc, bool add) {
    tiles[rows - 1][vecs - 1](quads, a, a_col, b, ldb, offset, c, ldc, add);
}

static inline __m512i byte_of(const float *b, __m512i lo) {
    __m512i code = _mm512_sub_epi32(_mm512_cvttps_epi32(_mm512_loadu_ps(b)), lo);
    return _mm512_and_si512(code, _mm512_set1_epi32(255));
}

static void pack_avx512(const float *b, size_t ldb, size_t k, size_t n, int lo, uint32_t *out) {
    __m512i low = _mm512_set1_epi32(lo);
    for (size_t p = 0; p < k; p += 4, out += n)
        for (size_t j = 0; j < n; j += LF_GEMM_LANES) {
            const float *at = b + p * ldb + j;
            __m512i word = byte_of(at, low);
            for (unsigned i = 1; i < 4 && p + i < k; i++)
                word = _mm512_or_si512(word, _mm512_slli_epi32(byte_of(at + i * ldb, low), 8 * i));
            _mm512_storeu_si512(out + j, word);
        }
}

const lf_codes_kernel lf_gemm_codes_avx512 = {LF_ISA_AVX512, 6, 4, pack_avx512, tile_avx512};

#else

const lf_codes_kernel lf_gemm_codes_avx512 = {LF_ISA_AVX512, 0, 0, 0, 0};

#endif
