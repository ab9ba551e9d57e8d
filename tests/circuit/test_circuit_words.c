/* Words of circuits: what the builders make of them, their exact ranges, and what they compute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "circuit/lutnet.h"

static lf_ctx *ctx;
static lf_circuit *c;

static int fresh(void **state) {
    (void)state;
    ctx = lf_ctx_new(1);
    c = lf_circuit_new(ctx);
    return c ? 0 : -1;
}

static int done(void **state) {
    (void)state;
    lf_circuit_free(c);
    lf_ctx_free(ctx);
    return 0;
}

static lf_word input(int64_t lo, int64_t hi) {
    return lf_circuit_input(c, (lf_range){lo, hi, 1});
}

static lf_word constant(int64_t v) {
    return lf_circuit_const(c, v);
}

static void range_is(lf_word w, int64_t lo, int64_t hi, int64_t step) {
    lf_range r = lf_word_range(c, w);
    if (r.lo != lo || r.hi != hi || r.step != step)
        print_message("range {%lld, %lld, %lld}\n", (long long)r.lo, (long long)r.hi, (long long)r.step);
    assert_true(r.lo == lo && r.hi == hi && r.step == step);
}

static int64_t value(lf_word w, const int64_t *in) {
    int64_t scratch[512], out[64];
    c->outputs.count = 0;
    lf_circuit_output(c, w);
    assert_true(c->words.count < 512);
    lf_circuit_run(c, in, out, scratch);
    return out[0];
}

static void test_same_word_once(void **state) {
    (void)state;
    lf_word a = input(0, 7), b = input(-4, 3);
    assert_int_equal(lf_circuit_add(c, a, b), lf_circuit_add(c, b, a));
    assert_int_not_equal(lf_circuit_sub(c, a, b), lf_circuit_sub(c, b, a));
    assert_int_equal(lf_circuit_add(c, lf_circuit_add(c, a, constant(3)), constant(-3)), a);
    assert_int_equal(lf_circuit_add(c, a, a), lf_circuit_shift(c, a, 1));
    assert_int_equal(lf_circuit_shift(c, lf_circuit_shift(c, a, 3), -5), lf_circuit_shift(c, a, -2));
    assert_int_equal(lf_circuit_sub(c, a, a), constant(0));
    assert_int_equal(lf_circuit_less(c, a, constant(8)), constant(1));
    assert_int_equal(lf_circuit_less(c, b, constant(0)), lf_circuit_bit(c, b, 2));
    assert_int_equal(lf_circuit_less(c, constant(3), a), lf_circuit_bit(c, a, 2));
    assert_int_equal(lf_circuit_less(c, lf_circuit_add(c, a, constant(5)), constant(8)),
                     lf_circuit_less(c, a, constant(3)));
    lf_word bits[3] = {lf_circuit_bit(c, a, 0), lf_circuit_bit(c, a, 1), lf_circuit_bit(c, a, 2)};
    assert_int_equal(lf_circuit_join(c, bits, 3, false), a);
    assert_int_equal(lf_circuit_wrap(c, a, 4, true), a);
}

static void test_ranges(void **state) {
    (void)state;
    lf_word a = input(0, 7), b = input(-4, 3), even = lf_circuit_input(c, (lf_range){-6, 6, 2});
    range_is(lf_circuit_add(c, a, b), -4, 10, 1);
    range_is(lf_circuit_sub(c, a, b), -3, 11, 1);
    range_is(lf_circuit_shift(c, b, -1), -2, 1, 1);
    range_is(lf_circuit_shift(c, even, -1), -3, 3, 1);
    range_is(lf_circuit_shift(c, even, 2), -24, 24, 8);
    range_is(lf_circuit_bit(c, even, 0), 0, 0, 1);
    range_is(lf_circuit_clamp(c, b, -1, 2), -1, 2, 1);
    range_is(lf_circuit_clamp(c, b, 0, 9), 0, 3, 1);
    range_is(lf_circuit_wrap(c, lf_circuit_add(c, a, b), 3, true), -4, 3, 1);
    static const int64_t values[8] = {10, 13, 16, 100, 10, 22, 10, 10};
    static const uint8_t care[1] = {0xf7};
    range_is(lf_circuit_table(c, a, values, 8, care), 10, 22, 3);
    lf_word max = lf_circuit_select(c, lf_circuit_less(c, a, b), b, a);
    range_is(max, 0, 7, 1);
}

/* Tables of values of one byte up to eight, the ends of each included, also in a copy of the circuit. */
static void test_widths_of_tables(void **state) {
    (void)state;
    lf_word a = input(0, 3), b = input(0, 3);
    for (int bits = 3; bits <= 59; bits++) {
        int64_t end = (int64_t)1 << bits, values[4] = {5, -end, 0, end - 1};
        lf_word t = lf_circuit_table(c, a, values, 4, NULL);
        assert_int_equal(lf_circuit_table(c, a, values, 4, NULL), t);
        assert_int_not_equal(lf_circuit_table(c, b, values, 4, NULL), t);
        for (int64_t i = 0; i < 4; i++)
            assert_true(value(t, (int64_t[]){i, 0}) == values[i]);
        lf_circuit *own = c, *copy = lf_circuit_clean(c);
        c = copy;
        for (int64_t i = 0; i < 4; i++)
            assert_true(value(copy->outputs.at[0], (int64_t[]){i, 0}) == values[i]);
        c = own;
        lf_circuit_free(copy);
        values[2] = 1;
        assert_int_not_equal(lf_circuit_table(c, a, values, 4, NULL), t);
    }
}

static void test_argmax_takes_the_first(void **state) {
    (void)state;
    lf_word v[5];
    for (int i = 0; i < 5; i++)
        v[i] = input(-2, 1);
    lf_word best = lf_circuit_argmax(c, v, 5);
    range_is(best, 0, 4, 1);
    for (int code = 0; code < 1024; code++) {
        int64_t in[5];
        int first = 0;
        for (int i = 0; i < 5; i++) {
            in[i] = (code >> (2 * i) & 3) - 2;
            if (in[i] > in[first])
                first = i;
        }
        assert_int_equal(value(best, in), first);
    }
}

static void test_sums_count_bits(void **state) {
    (void)state;
    lf_word bits[13];
    for (int i = 0; i < 13; i++)
        bits[i] = input(0, 1);
    lf_word sum = lf_circuit_sum(c, bits, 13);
    c->count_with_adders = true;
    lf_word plain = lf_circuit_sum(c, bits, 13);
    assert_int_not_equal(sum, plain);
    range_is(sum, 0, 13, 1);
    range_is(plain, 0, 13, 1);
    for (int code = 0; code < 8192; code += 7) {
        int64_t in[13];
        int ones = 0;
        for (int i = 0; i < 13; i++)
            ones += (int)(in[i] = code >> i & 1);
        assert_int_equal(value(sum, in), ones);
        assert_int_equal(value(plain, in), ones);
    }
}

static void test_too_wide_is_an_error(void **state) {
    (void)state;
    lf_word a = input(0, ((int64_t)1 << 59) - 1);
    lf_word b = lf_circuit_add(c, a, a);
    assert_int_equal(lf_circuit_ok(c), LF_OK);
    (void)lf_circuit_add(c, b, b);
    assert_int_not_equal(lf_circuit_ok(c), LF_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_word_once, fresh, done),
        cmocka_unit_test_setup_teardown(test_ranges, fresh, done),
        cmocka_unit_test_setup_teardown(test_widths_of_tables, fresh, done),
        cmocka_unit_test_setup_teardown(test_argmax_takes_the_first, fresh, done),
        cmocka_unit_test_setup_teardown(test_sums_count_bits, fresh, done),
        cmocka_unit_test_setup_teardown(test_too_wide_is_an_error, fresh, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
