/* Every kernel against the scalar reference, bit for bit; the reference against its definition; row kernels
 * likewise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "kern/gemm_codes.h"
#include "kern/gemm_rows.h"

static float *random_floats(size_t count, uint64_t seed) {
    float *p = calloc(count + 16, sizeof *p);
    lf_rng r = lf_rng_make(seed, 7);
    for (size_t i = 0; i < count; i++)
        p[i] = (float)lf_rng_normal(&r);
    return p;
}

typedef struct shape {
    size_t m, n, k;
} shape;

static const shape shapes[] = {{1, 1, 1},     {6, 64, 16},  {7, 80, 255},   {5, 16, 256}, {13, 33, 257}, {24, 128, 784},
                               {10, 48, 513}, {4, 112, 31}, {23, 10, 1000}, {3, 17, 0},   {2, 65, 2}};

static size_t round16(size_t n) {
    return (n + 15) / 16 * 16;
}

/* The sentence of gemm.h, written down. */
static float defined(const shape *s, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb, size_t i,
                     size_t j) {
    float c = 0;
    for (size_t block = 0; block < s->k; block += LF_GEMM_BLOCK) {
        float sum = 0;
        for (size_t p = block; p < s->k && p < block + LF_GEMM_BLOCK; p++)
            sum = fmaf(a[i * a_row + p * a_col], b[p * ldb + j], sum);
        c = block ? c + sum : sum;
    }
    return c;
}

static void check_shape(const lf_gemm_kernel *kernel, const shape *s, bool transposed) {
    size_t ld = round16(s->n), a_row = transposed ? 1 : s->k + 3, a_col = transposed ? s->m + 5 : 1;
    float *a = random_floats((s->m + 5) * (s->k + 3), 1), *b = random_floats((s->k + 1) * ld, 2),
          *c = random_floats(s->m * ld, 3);
    lf_gemm(kernel, s->m, s->n, s->k, a, a_row, a_col, b, ld, c, ld);
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < ld; j++) {
            float want = defined(s, a, a_row, a_col, b, ld, i, j);
            assert_memory_equal(&want, &c[i * ld + j], sizeof want);
        }
    free(a);
    free(b);
    free(c);
}

static void test_products(void **state) {
    (void)state;
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        const lf_gemm_kernel *kernel = lf_gemm_for((lf_isa)isa);
        if (!kernel) {
            printf("no %s here\n", lf_isa_name((lf_isa)isa));
            continue;
        }
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            check_shape(kernel, &shapes[i], false);
            check_shape(kernel, &shapes[i], true);
        }
    }
}

/* Cutting C into tiles changes nothing. */
static void test_tiles(void **state) {
    (void)state;
    enum { M = 29, N = 96, K = 300 };
    const lf_gemm_kernel *kernel = lf_gemm_best();
    float *a = random_floats(M * K, 1), *b = random_floats(K * N, 2), *whole = random_floats(M * N, 3),
          *parts = random_floats(M * N, 4);
    lf_gemm(kernel, M, N, K, a, K, 1, b, N, whole, N);
    for (size_t i = 0; i < M; i += 5)
        for (size_t j = 0; j < N; j += 32)
            lf_gemm(kernel, M - i < 5 ? M - i : 5, 32, K, a + i * K, K, 1, b + j, N, parts + i * N + j, N);
    assert_memory_equal(whole, parts, M * N * sizeof(float));
    free(a);
    free(b);
    free(whole);
    free(parts);
}

/* -- rows ---------------------------------------------------------------------------------------------------------- */

enum { ROW = 336 }; /* more than a shard */

typedef struct row_result {
    float x[ROW], code[ROW], d[ROW], w[ROW], m[ROW], v[ROW], wcode[ROW];
    lf_row_stats stats;
    lf_row_grads grads;
    float log_step;
} row_result;

static void run_rows(const lf_rows *rows, lf_row_kind kind, bool norm, row_result *out) {
    lf_row_quant q = {kind, 0.7f, kind == LF_ROW_INTEGER ? -2 : -1, 1, 1.1f}, next = q;
    next.step = 0.72f;
    lf_row_unit u = {0.3f, norm, 1e-5f, 1.2f, -0.1f, q};
    lf_row_adam adam = {0.01f, 0.9f, 0.999f, 1e-8f};
    float *z = random_floats(ROW, 11), *g = random_floats(ROW, 12), *w = random_floats(ROW, 13),
          *keep = random_floats(ROW, 14);
    memset(out, 0, sizeof *out);
    memcpy(out->x, z, sizeof out->x);
    memcpy(out->d, g, sizeof out->d);
    for (size_t i = 0; i < ROW; i++)
        out->w[i] = w[i] < -0.7f ? -0.7f : w[i] > 0.7f ? 0.7f : w[i];
    rows->forward(&u, out->x, out->code, keep, ROW, &out->stats);
    rows->backward(&u, &out->stats, out->x, out->d, keep, ROW, &out->grads);
    if (kind != LF_ROW_REAL) {
        rows->codes(&q, out->w, out->wcode, ROW);
        out->log_step = rows->weights(&q, &next, &adam, out->w, out->m, out->v, g, out->wcode, ROW);
    }
    free(z);
    free(g);
    free(w);
    free(keep);
}

static void test_rows(void **state) {
    (void)state;
    static row_result want, have;
    for (int isa = LF_ISA_AVX2; isa < LF_ISA_COUNT; isa++) {
        if (!lf_gemm_for((lf_isa)isa))
            continue;
        for (int kind = LF_ROW_REAL; kind <= LF_ROW_INTEGER; kind++)
            for (int norm = 0; norm < 2; norm++) {
                run_rows(&lf_rows_scalar, (lf_row_kind)kind, norm, &want);
                run_rows(lf_rows_for((lf_isa)isa), (lf_row_kind)kind, norm, &have);
                assert_memory_equal(&want, &have, sizeof want);
            }
    }
}

/* Quantizers at their edges: ties to even, zero is positive, clamping. */
static void test_codes(void **state) {
    (void)state;
    float w[16] = {0, -0.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 9, -9, 0.49999997f, -1e-30f, 3.5f, -3.5f, 1, -1},
          code[16];
    lf_row_quant q = {LF_ROW_INTEGER, 1, -4, 3, 1};
    static const float integer[16] = {0, 0, 0, 2, 2, 0, -2, -2, 3, -4, 0, 0, 3, -4, 1, -1};
    lf_rows_scalar.codes(&q, w, code, 16);
    for (int i = 0; i < 16; i++)
        assert_true(code[i] == integer[i]);
    q.kind = LF_ROW_BIPOLAR;
    lf_rows_scalar.codes(&q, w, code, 16);
    for (int i = 0; i < 16; i++)
        assert_true(code[i] == (w[i] >= 0 ? 1 : -1));
}

/* Integers of 8 bits against float32: equal while sums are exact; in one part, and added to another. */
static void check_small_integers(const lf_codes_kernel *kernel, size_t m, size_t n, size_t k, int lo, int hi) {
    lf_rng rng = lf_rng_make(m * 1000 + k, 11);
    size_t quads = lf_codes_quads(k), width = round16(m);
    float *a = calloc(k * width, sizeof *a), *b = calloc(k * n, sizeof *b), *sum = calloc(width, sizeof *sum);
    float *want = random_floats(m * n, 1), *have = random_floats(m * n, 2);
    uint32_t *wa = malloc(quads * width * sizeof *wa), *wb = malloc(quads * n * sizeof *wb);
    for (size_t p = 0; p < k; p++)
        for (size_t r = 0; r < m; r++)
            sum[r] += a[p * width + r] = (float)lf_rng_between(&rng, -128, 127);
    for (size_t i = 0; i < k * n; i++)
        b[i] = (float)(lf_rng_below(&rng, 4) ? lf_rng_between(&rng, lo, hi) : 0);
    kernel->pack(a, width, k, width, 0, wa);
    kernel->pack(b, n, k, n, lo, wb);
    lf_gemm(&lf_gemm_scalar, m, n, k, a, 1, width, b, n, want, n);
    lf_gemm_codes(kernel, m, n, k, wa, width, wb, sum, lo, have, n, false);
    assert_memory_equal(want, have, m * n * sizeof *want);
    lf_gemm_add(&lf_gemm_scalar, m, n, k, a, 1, width, b, n, want, n);
    lf_gemm_codes(kernel, m, n, k, wa, width, wb, sum, lo, have, n, true);
    assert_memory_equal(want, have, m * n * sizeof *want);
    free(a), free(b), free(sum), free(want), free(have), free(wa), free(wb);
}

static void test_small_integers(void **state) {
    (void)state;
    static const shape sizes[] = {{1, 16, 1}, {6, 64, 256}, {7, 80, 255}, {30, 112, 37}, {64, 48, 9}, {24, 32, 2}};
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        const lf_codes_kernel *kernel = lf_gemm_for((lf_isa)isa) ? lf_codes_for((lf_isa)isa) : NULL;
        for (size_t i = 0; kernel && i < sizeof sizes / sizeof *sizes; i++) {
            check_small_integers(kernel, sizes[i].m, sizes[i].n, sizes[i].k, -128, 127);
            check_small_integers(kernel, sizes[i].m, sizes[i].n, sizes[i].k, -1, 1);
            check_small_integers(kernel, sizes[i].m, sizes[i].n, sizes[i].k, 0, 255);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products), cmocka_unit_test(test_tiles),
                                       cmocka_unit_test(test_rows), cmocka_unit_test(test_codes),
                                       cmocka_unit_test(test_small_integers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
