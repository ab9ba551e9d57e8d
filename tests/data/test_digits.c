#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/digits.h"

enum { COUNT = 3000 };

static uint8_t *pixel, *label;

static int make(void **state) {
    (void)state;
    pixel = malloc((size_t)COUNT * LF_DIGIT_PIXELS);
    label = malloc(COUNT);
    lf_digits(NULL, 1, 0, COUNT, pixel, label);
    return 0;
}

static int drop(void **state) {
    (void)state;
    free(pixel);
    free(label);
    return 0;
}

/* An image depends on (seed, index) only: by itself, from the middle, on four threads. */
static void test_index_only(void **state) {
    (void)state;
    uint8_t one[LF_DIGIT_PIXELS], some[700], *block = malloc((size_t)700 * LF_DIGIT_PIXELS);
    for (size_t i = 0; i < COUNT; i += 371) {
        assert_int_equal(lf_digit(1, i, one), label[i]);
        assert_memory_equal(one, pixel + i * LF_DIGIT_PIXELS, LF_DIGIT_PIXELS);
    }
    lf_pool *pool = lf_pool_new(4);
    lf_digits(pool, 1, 1234, 700, block, some);
    lf_pool_free(pool);
    assert_memory_equal(block, pixel + (size_t)1234 * LF_DIGIT_PIXELS, (size_t)700 * LF_DIGIT_PIXELS);
    assert_memory_equal(some, label + 1234, 700);
    lf_digit(2, 0, one);
    assert_memory_not_equal(one, pixel, LF_DIGIT_PIXELS);
    free(block);
}

/* The same bytes on every machine and compiler. */
static void test_frozen(void **state) {
    (void)state;
    char sha[65];
    lf_sha256_hex(pixel, (size_t)COUNT * LF_DIGIT_PIXELS, sha);
    assert_string_equal(sha, "b77fae908b7b36498c8e5ca615a14c87f3ada59cc347691ff3c05ad9a460a1bd");
}

/* As in MNIST: ink inside the frame, mass in the middle, all classes, mean about 33. */
static void test_looks(void **state) {
    (void)state;
    int seen[10] = {0};
    double total = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const uint8_t *p = pixel + i * LF_DIGIT_PIXELS;
        double mass = 0, mx = 0, my = 0, edge = 0;
        for (int y = 0; y < 28; y++)
            for (int x = 0; x < 28; x++) {
                double v = p[28 * y + x];
                mass += v, mx += v * (x + 0.5), my += v * (y + 0.5);
                edge += x == 0 || y == 0 || x == 27 || y == 27 ? v : 0;
            }
        assert_true(mass > 255 * 20 && mass < 255 * 330);
        assert_true(mx / mass > 12 && mx / mass < 16 && my / mass > 12 && my / mass < 16);
        assert_true(edge < 0.02 * mass);
        total += mass;
        seen[label[i]]++;
    }
    for (int d = 0; d < 10; d++)
        assert_in_range(seen[d], COUNT / 10 - 80, COUNT / 10 + 80);
    assert_true(total / COUNT / 784 > 28 && total / COUNT / 784 < 38);
}

/* Nearest class mean on an unseen seed: far above chance, so the labels belong to the images. */
static void test_learnable(void **state) {
    (void)state;
    static double mean[10][LF_DIGIT_PIXELS];
    int count[10] = {0}, right = 0;
    for (size_t i = 0; i < COUNT; i++)
        count[label[i]]++;
    for (size_t i = 0; i < COUNT; i++)
        for (int k = 0; k < LF_DIGIT_PIXELS; k++)
            mean[label[i]][k] += (double)pixel[i * LF_DIGIT_PIXELS + (size_t)k] / count[label[i]];
    for (uint64_t i = 0; i < 500; i++) {
        uint8_t p[LF_DIGIT_PIXELS], truth = lf_digit(2, i, p);
        double best = 1e30;
        int guess = -1;
        for (int d = 0; d < 10; d++) {
            double e = 0;
            for (int k = 0; k < LF_DIGIT_PIXELS; k++)
                e += (p[k] - mean[d][k]) * (p[k] - mean[d][k]);
            if (e < best)
                best = e, guess = d;
        }
        right += guess == truth;
    }
    assert_in_range(right, 400, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_only),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_learnable),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
