/* Windows as a matrix: every element where its definition says, part by part; what is gathered and what is scattered are transposes
 * of each other; products block by block equal those of one call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "kern/patches.h"

enum { BATCH = 16 };

/* channels, height, width, kernel height and width, stride, pad */
static const size_t cases[][7] = {
    {1, 1, 1, 1, 1, 1, 0}, {2, 5, 7, 3, 3, 1, 0}, {3, 6, 5, 3, 3, 1, 1}, {2, 8, 8, 3, 3, 2, 1},
    {2, 7, 9, 2, 2, 3, 0}, {4, 5, 5, 5, 5, 1, 0}, {3, 4, 6, 1, 1, 1, 0}, {3, 5, 5, 1, 1, 2, 0},
    {1, 3, 3, 5, 5, 1, 4}, {2, 9, 4, 4, 3, 2, 2}, {1, 2, 9, 2, 4, 4, 1}, {1, 3, 3, 2, 2, 7, 1},
};

static lf_patches geometry(const size_t *c) {
    lf_patches p = {c[0], c[1], c[2], c[3], c[4], c[5], c[6], 0, 0, BATCH};
    p.out_height = (p.height + 2 * p.pad - p.kernel_height) / p.stride + 1;
    p.out_width = (p.width + 2 * p.pad - p.kernel_width) / p.stride + 1;
    return p;
}

/* The element of the picture under a matrix element, -1 in the padding. */
static long source(const lf_patches *p, size_t row, size_t column) {
    size_t taps = lf_patches_taps(p), window = column / BATCH;
    long y = (long)(window / p->out_width * p->stride + row % taps / p->kernel_width) - (long)p->pad;
    long x = (long)(window % p->out_width * p->stride + row % taps % p->kernel_width) - (long)p->pad;
    if (y < 0 || x < 0 || y >= (long)p->height || x >= (long)p->width)
        return -1;
    return (((long)(row / taps) * (long)p->height + y) * (long)p->width + x) * BATCH + (long)(column % BATCH);
}

static float *random_floats(size_t count, uint64_t seed) {
    float *p = malloc(count * sizeof *p);
    lf_rng r = lf_rng_make(seed, 9);
    for (size_t i = 0; i < count; i++)
        p[i] = (float)lf_rng_between(&r, -50, 50);
    return p;
}

static void check_part(const lf_patches *p, const float *picture, lf_patch_part part) {
    size_t columns = part.windows * BATCH, ld = columns + 16, size = p->channels * p->height * p->width * BATCH;
    float *matrix = random_floats(part.rows * ld, 2), *sum = calloc(size, sizeof *sum),
          *want = calloc(size, sizeof *want);
    lf_patches_gather(p, picture, part, matrix, ld);
    for (size_t r = 0; r < part.rows; r++)
        for (size_t c = 0; c < columns; c++) {
            long at = source(p, part.row + r, part.window * BATCH + c);
            assert_true(matrix[r * ld + c] == (at < 0 ? 0 : picture[at]));
            matrix[r * ld + c] = (float)(r + c);
            if (at >= 0)
                want[at] += (float)(r + c);
        }
    lf_patches_scatter(p, lf_rows_for(LF_ISA_SCALAR), matrix, ld, part, sum);
    assert_memory_equal(sum, want, size * sizeof *sum);
    free(matrix);
    free(sum);
    free(want);
}

static void test_windows(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lf_patches p = geometry(cases[i]);
        float *picture = random_floats(p.channels * p.height * p.width * BATCH, 1);
        size_t rows = p.channels * lf_patches_taps(&p), windows = lf_patches_windows(&p);
        check_part(&p, picture, (lf_patch_part){0, rows, 0, windows});
        lf_rng r = lf_rng_make(i, 3);
        for (int k = 0; k < 8; k++) {
            size_t row = lf_rng_below(&r, (uint32_t)rows), window = lf_rng_below(&r, (uint32_t)windows);
            check_part(&p, picture,
                       (lf_patch_part){row, 1 + lf_rng_below(&r, (uint32_t)(rows - row)), window,
                                       1 + lf_rng_below(&r, (uint32_t)(windows - window))});
        }
        free(picture);
    }
}

static void test_plain(void **state) {
    (void)state;
    static const bool plain[] = {true, false, false, false, false, true, true, false, false, false, false, false};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lf_patches p = geometry(cases[i]);
        assert_int_equal(lf_patches_plain(&p), plain[i]);
        size_t columns = lf_patches_windows(&p) * BATCH, rows = p.channels * lf_patches_taps(&p);
        for (size_t at = 0; plain[i] && at < rows * columns; at++)
            assert_int_equal(source(&p, at / columns, at % columns), at);
    }
}

/* A product in two parts of the contraction, cut at a block. */
static void test_sums(void **state) {
    (void)state;
    enum { M = 7, N = 48, K = 600 };
    float *a = random_floats(M * K, 4), *b = random_floats(K * N, 5);
    for (size_t i = 0; i < K * N; i++)
        b[i] *= 0.37f;
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        const lf_gemm_kernel *kernel = lf_gemm_for((lf_isa)isa);
        float whole[M * N], parts[M * N];
        if (!kernel)
            continue;
        lf_gemm(kernel, M, N, K, a, K, 1, b, N, whole, N);
        lf_gemm(kernel, M, N, LF_GEMM_BLOCK, a, K, 1, b, N, parts, N);
        lf_gemm_add(kernel, M, N, K - LF_GEMM_BLOCK, a + LF_GEMM_BLOCK, K, 1, b + LF_GEMM_BLOCK * N, N, parts, N);
        assert_memory_equal(whole, parts, sizeof whole);
        lf_gemm_add(kernel, M, N, 0, a, K, 1, b, N, parts, N);
        assert_memory_equal(whole, parts, sizeof whole);
        if (lf_rows_for((lf_isa)isa)->isa == (lf_isa)isa)
            lf_rows_for((lf_isa)isa)->add(parts, whole, M * N);
        for (size_t i = 0; i < M * N && lf_rows_for((lf_isa)isa)->isa == (lf_isa)isa; i++)
            assert_true(parts[i] == whole[i] + whole[i]);
    }
    free(a);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows), cmocka_unit_test(test_plain),
                                       cmocka_unit_test(test_sums)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
