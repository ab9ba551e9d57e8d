/* Tables that are sums with steps: what has the form is found and equals its table, what has none is refused, both in bounded work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "kern/byte_sums.h"

/* Of the search: sweeps over the table after which many, and some, addresses that do not fit end it, and the most at one width of a step. */
enum { BITS_MOST = 16, TABLES = 8, HOPELESS = 17, SLOW = 101, SWEEPS = 300, WIDTHS = 4 };

typedef struct shape {
    int fan_in, bits, out_bits;
} shape;

static uint8_t table[1 << BITS_MOST];

static uint32_t entries(shape s) {
    return UINT32_C(1) << s.fan_in * s.bits;
}

/* A sum of the inputs weighted by -grid .. grid, begun anywhere near the middle, scaled so that `steep` times the largest code comes about, rounded down and
 * clamped: what quantized layers are. */
static void fill_sum(lf_rng *rng, shape s, int grid, double steep) {
    double weight[BITS_MOST], top = (double)((1 << s.bits) - 1), highest = (double)((1 << s.out_bits) - 1);
    double start = highest * (0.5 + ((double)lf_rng_below(rng, 401) - 200) / 1000);
    for (int j = 0; j < s.fan_in; j++) {
        weight[j] =
            ((double)lf_rng_below(rng, 2 * (uint32_t)grid + 1) - grid) / grid * 2 * steep * highest / s.fan_in / top;
        start -= weight[j] * top / 2;
    }
    for (uint32_t a = 0; a < entries(s); a++) {
        double sum = start;
        for (int j = 0; j < s.fan_in; j++)
            sum += weight[j] * (double)(a >> j * s.bits & ((1u << s.bits) - 1));
        table[a] = (uint8_t)(sum < 0 ? 0 : sum > highest ? highest : sum);
    }
}

static uint8_t random_code(lf_rng *rng, shape s) {
    return (uint8_t)lf_rng_below(rng, UINT32_C(1) << s.out_bits);
}

/* What is found equals the table everywhere. */
static bool find(shape s, lf_byte_sums *sums) {
    if (!lf_byte_sums_find(table, s.fan_in, s.bits, sums))
        return false;
    for (uint32_t a = 0; a < entries(s); a++)
        if (lf_byte_sums_at(sums, a) != table[a])
            fail_msg("%d inputs of %d bits: another value at address %u", s.fan_in, s.bits, a);
    return true;
}

/* Parts of as many inputs, and a last part of fewer: 5 x 3, 8 x 2, 16 and 13 bits. */
static const shape shapes[] = {{4, 3, 3},  {6, 2, 2}, {5, 3, 3}, {8, 2, 3}, {16, 1, 3},
                               {13, 1, 2}, {3, 5, 3}, {2, 6, 3}, {1, 6, 3}};

static void test_sums_of_small_weights(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(5, 0);
    for (size_t i = 0; i < LF_COUNT(shapes); i++)
        for (int k = 0; k < (entries(shapes[i]) > 1 << 14 ? 2 : TABLES); k++) {
            lf_byte_sums sums;
            fill_sum(&rng, shapes[i], 8, 1.5);
            if (!find(shapes[i], &sums))
                fail_msg("%d inputs of %d bits: not found in %d sweeps", shapes[i].fan_in, shapes[i].bits, sums.sweeps);
            assert_in_range(sums.sweeps, 1, SWEEPS);
        }
}

/* Weights that leave little room between the steps: as many of TABLES are found. */
static void test_close_steps(void **state) {
    (void)state;
    static const struct {
        shape shape;
        int least;
    } cases[] = {{{4, 3, 3}, 8}, {{5, 3, 3}, 8}, {{7, 2, 3}, 6}, {{3, 4, 3}, 6}, {{3, 4, 4}, 3}};
    lf_rng rng = lf_rng_make(6, 0);
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        int found = 0;
        lf_byte_sums sums;
        for (int k = 0; k < TABLES; k++) {
            fill_sum(&rng, cases[i].shape, 1000, 1.5);
            found += find(cases[i].shape, &sums);
        }
        if (found < cases[i].least)
            fail_msg("%d inputs of %d bits: %d found", cases[i].shape.fan_in, cases[i].shape.bits, found);
    }
}

/* A step of 4,096 leaves room for eight of them: more codes need narrower ones. */
static void test_many_steps(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(7, 0);
    for (int out_bits = 1; out_bits <= 5; out_bits++)
        for (int k = 0; k < TABLES; k++) {
            lf_byte_sums sums;
            fill_sum(&rng, (shape){4, 3, out_bits}, 1000, 1.2);
            assert_true(find((shape){4, 3, out_bits}, &sums));
        }
}

/* Steep sums come slowly: not given up while they get nearer. */
static void test_slow(void **state) {
    (void)state;
    static const struct {
        shape shape;
        double steep;
        int least;
    } cases[] = {{{3, 4, 2}, 25, TABLES - 3}, {{4, 3, 2}, 25, TABLES - 1}, {{12, 1, 2}, 25, TABLES - 1}};
    lf_rng rng = lf_rng_make(8, 0);
    int late = 0;
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        int found = 0;
        for (int k = 0; k < TABLES; k++) {
            lf_byte_sums sums;
            fill_sum(&rng, cases[i].shape, 1000, cases[i].steep);
            found += find(cases[i].shape, &sums);
            late += sums.sweeps > SLOW;
        }
        if (found < cases[i].least)
            fail_msg("%d inputs of %d bits: %d found", cases[i].shape.fan_in, cases[i].shape.bits, found);
    }
    assert_true(late >= 2);
}

/* Of 1,000 addresses so many hold anything. */
static void spoil(lf_rng *rng, shape s, uint32_t thousandths) {
    for (uint32_t a = 0; a < entries(s); a++)
        if (lf_rng_below(rng, 1000) < thousandths)
            table[a] = random_code(rng, s);
}

static void expect_refused(shape s, int most) {
    lf_byte_sums sums;
    assert_false(lf_byte_sums_find(table, s.fan_in, s.bits, &sums));
    if (sums.sweeps < 1 || sums.sweeps > most)
        fail_msg("%d inputs of %d bits: %d sweeps", s.fan_in, s.bits, sums.sweeps);
}

/* The further from a sum, the sooner. */
static void test_hopeless(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(9, 0);
    for (size_t i = 0; i < LF_COUNT(shapes); i++) {
        shape s = shapes[i];
        if (s.fan_in * s.bits <= LF_SUM_PART_BITS)
            continue; /* one part holds any table */
        fill_sum(&rng, s, 8, 1.5);
        table[entries(s) / 3] ^= 1;
        table[entries(s) / 3 + 1] ^= 1;
        table[entries(s) / 2] = (uint8_t)((1 << s.out_bits) - 1 - table[entries(s) / 2]);
        expect_refused(s, WIDTHS * SWEEPS);
        spoil(&rng, s, 200);
        expect_refused(s, HOPELESS);
        spoil(&rng, s, 1000);
        expect_refused(s, HOPELESS);
    }
}

/* A table that is nearly a sum, but for one address in a thousand, is looked at longer, but not to the end. */
static void test_noise(void **state) {
    (void)state;
    static const shape s = {16, 1, 3};
    lf_rng rng = lf_rng_make(10, 0);
    for (int k = 0; k < 3; k++) {
        fill_sum(&rng, s, 8, 1.5);
        spoil(&rng, s, 1);
        expect_refused(s, SLOW);
    }
}

/* More inputs than parts have room for. */
static void test_no_form(void **state) {
    (void)state;
    static const shape wide[] = {{2, 8, 1}, {1, 7, 1}, {4, 4, 1}};
    for (size_t i = 0; i < LF_COUNT(wide); i++) {
        lf_byte_sums sums;
        for (uint32_t a = 0; a < entries(wide[i]); a++)
            table[a] = a > 3;
        assert_false(lf_byte_sums_find(table, wide[i].fan_in, wide[i].bits, &sums));
        assert_int_equal(sums.sweeps, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_of_small_weights),
        cmocka_unit_test(test_close_steps),
        cmocka_unit_test(test_many_steps),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_hopeless),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_no_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
