#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

/* The published known answers of Philox 4x32-10 (Random123's test vectors). */
static void test_known_answers(void **state) {
    (void)state;
    static const struct {
        uint64_t seed, stream, index;
        uint32_t out[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];
        lf_philox(known[i].seed, known[i].stream, known[i].index, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

static void test_streams_differ(void **state) {
    (void)state;
    lf_rng a = lf_rng_make(1, 0), b = lf_rng_make(1, 1), c = lf_rng_make(2, 0), again = lf_rng_make(1, 0);
    uint64_t x = lf_rng_u64(&a);
    assert_true(x != lf_rng_u64(&b) && x != lf_rng_u64(&c) && x != lf_rng_u64(&a));
    assert_true(x == lf_rng_u64(&again));
    lf_rng seek = {.seed = 1, .index = 1};
    assert_true(lf_rng_u64(&again) == lf_rng_u64(&seek));
}

/* Chi-squared over 12 cells, 11 degrees of freedom: above 40 once in 30,000 good generators. The seed is fixed. */
static void test_below(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(3, 3);
    double cells[12] = {0}, chi = 0;
    for (int i = 0; i < 120000; i++)
        cells[lf_rng_below(&r, 12)]++;
    for (int i = 0; i < 12; i++)
        chi += (cells[i] - 10000) * (cells[i] - 10000) / 10000;
    assert_true(chi < 40);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(lf_rng_below(&r, 1), 0);
        assert_true(lf_rng_below(&r, 0xffffffffu) != 0xffffffffu);
    }
}

static void test_between(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(4, 0);
    int hits[7] = {0}, negative = 0;
    for (int i = 0; i < 7000; i++)
        hits[lf_rng_between(&r, -3, 3) + 3]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(hits[i], 850, 1150);
    for (int i = 0; i < 1000; i++)
        negative += lf_rng_between(&r, INT64_MIN, INT64_MAX) < 0;
    assert_in_range(negative, 400, 600);
    assert_true(lf_rng_between(&r, INT64_MIN, INT64_MIN) == INT64_MIN);
    assert_true(lf_rng_between(&r, INT64_MAX - 1, INT64_MAX) >= INT64_MAX - 1);
}

static void test_double(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(6, 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double v = lf_rng_double(&r);
        assert_true(v >= 0 && v < 1);
        sum += v;
        squares += v * v;
    }
    assert_true(fabs(sum / 100000 - 0.5) < 0.004);
    assert_true(fabs(squares / 100000 - 1.0 / 3) < 0.004);
}

/* The number drawn is the quantile of the very bits drawn: the distribution function (libm's) gives them back. */
static void test_normal_is_the_quantile(void **state) {
    (void)state;
    double worst = 0, far = 0;
    for (uint64_t i = 0; i < 200000; i++) {
        lf_rng a = {.seed = 7, .index = i}, b = a;
        double x = lf_rng_normal(&a), p = ((double)(lf_rng_u64(&b) >> 12) + 0.5) * 0x1p-52;
        double tail = p < 0.5 ? p : 1 - p;
        double error = fabs(0.5 * erfc(fabs(x) / sqrt(2)) / tail - 1);
        assert_true((x < 0) == (p < 0.5));
        worst = error > worst ? error : worst;
        far = fabs(x) > far ? fabs(x) : far;
    }
    assert_true(worst < 1e-13);
    assert_true(far > 4);
}

static void test_normal_moments(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(8, 0);
    double m1 = 0, m2 = 0, m4 = 0;
    enum { N = 400000 };
    for (int i = 0; i < N; i++) {
        double x = lf_rng_normal(&r);
        m1 += x;
        m2 += x * x;
        m4 += x * x * x * x;
    }
    assert_true(fabs(m1 / N) < 0.006);
    assert_true(fabs(m2 / N - 1) < 0.009);
    assert_true(fabs(m4 / N - 3) < 0.08);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),  cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_below),          cmocka_unit_test(test_between),
        cmocka_unit_test(test_double),         cmocka_unit_test(test_normal_is_the_quantile),
        cmocka_unit_test(test_normal_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
