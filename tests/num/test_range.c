/* Range arithmetic against the sets the ranges stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "num/dtype.h"

static lf_range draw(lf_rng *r) {
    int64_t lo = lf_rng_between(r, -9, 9), step = lf_rng_between(r, 1, 4), steps = lf_rng_between(r, 0, 5);
    return (lf_range){lo, lo + step * steps, steps ? step : 1};
}

/* A set of integers in [-200, 200]. */
typedef struct set {
    bool has[401];
} set;

static bool inside(const set *s, lf_range r) {
    for (int v = -200; v <= 200; v++)
        if (s->has[v + 200] && !lf_range_holds(r, v))
            return false;
    return true;
}

/* The smallest range by trying all: ends are the set's, the step the largest that holds. */
static lf_range smallest(const set *s) {
    int lo = -200, hi = 200;
    while (!s->has[lo + 200])
        lo++;
    while (!s->has[hi + 200])
        hi--;
    for (int64_t step = hi - lo; step > 1; step--) {
        lf_range r = {lo, hi, step};
        if ((hi - lo) % step == 0 && inside(s, r))
            return r;
    }
    return (lf_range){lo, hi, 1};
}

static void must_equal(lf_range got, lf_range want) {
    if (got.lo != want.lo || got.hi != want.hi || got.step != want.step)
        print_message("{%lld,%lld,%lld} is not {%lld,%lld,%lld}\n", (long long)got.lo, (long long)got.hi,
                      (long long)got.step, (long long)want.lo, (long long)want.hi, (long long)want.step);
    assert_true(got.lo == want.lo && got.hi == want.hi && got.step == want.step);
}

static void test_against_sets(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(5, 5);
    for (int i = 0; i < 3000; i++) {
        lf_range a = draw(&r), b = draw(&r);
        int64_t k = lf_rng_between(&r, -4, 4);
        set join = {{0}}, sum = {{0}}, scaled = {{0}};
        uint64_t count = 0;
        for (int64_t v = -30; v <= 30; v++) {
            join.has[v + 200] = lf_range_holds(a, v) || lf_range_holds(b, v);
            count += lf_range_holds(a, v);
            if (!lf_range_holds(a, v))
                continue;
            scaled.has[k * v + 200] = true;
            for (int64_t w = -30; w <= 30; w++)
                if (lf_range_holds(b, w))
                    sum.has[v + w + 200] = true;
        }
        bool overflow = false;
        must_equal(lf_range_join(a, b), smallest(&join));
        must_equal(lf_range_add(a, b, &overflow), smallest(&sum));
        must_equal(lf_range_scale(a, k, &overflow), smallest(&scaled));
        assert_true(lf_range_count(a) == count);
        assert_false(overflow);
    }
}

static void test_ends_of_int64(void **state) {
    (void)state;
    const lf_range all = {INT64_MIN, INT64_MAX, 1}, one = {1, 1, 1}, top = {INT64_MAX, INT64_MAX, 1};
    bool overflow = false;
    lf_range_add(all, one, &overflow);
    assert_true(overflow);
    lf_range_add(one, one, &overflow);
    assert_true(overflow); /* never cleared */
    overflow = false;
    lf_range_scale(all, -1, &overflow);
    assert_true(overflow);
    overflow = false;
    lf_range_scale((lf_range){INT64_MIN, INT64_MIN, 1}, -1, &overflow);
    assert_true(overflow);
    overflow = false;
    must_equal(lf_range_scale((lf_range){-((int64_t)1 << 62), 0, (int64_t)1 << 62}, 2, &overflow),
               (lf_range){INT64_MIN, 0, 1});
    must_equal(lf_range_scale(all, 0, &overflow), (lf_range){0, 0, 1});
    must_equal(lf_range_scale(top, -1, &overflow), (lf_range){-INT64_MAX, -INT64_MAX, 1});
    must_equal(lf_range_join((lf_range){INT64_MIN, INT64_MIN, 1}, top), (lf_range){INT64_MIN, INT64_MAX, 1});
    must_equal(lf_range_add((lf_range){INT64_MIN, -1, 1}, top, &overflow), (lf_range){-1, INT64_MAX - 1, 1});
    assert_false(overflow);
    assert_true(lf_range_count(all) == UINT64_MAX);
    assert_true(lf_range_count((lf_range){0, INT64_MAX, 1}) == (uint64_t)1 << 63);
    assert_true(lf_range_holds(all, INT64_MIN) && lf_range_holds(all, INT64_MAX));
    assert_true(lf_range_holds((lf_range){INT64_MIN, INT64_MAX, 3}, INT64_MIN + 3));
    assert_false(lf_range_holds((lf_range){INT64_MIN, INT64_MAX, 3}, INT64_MIN + 4));
}

/* The example of the contract: 64 bipolar terms. */
static void test_bipolar_sum(void **state) {
    (void)state;
    lf_range sum = {0, 0, 1}, term = lf_dtype_range(LF_BIPOLAR);
    bool overflow = false;
    for (int i = 0; i < 64; i++)
        sum = lf_range_add(sum, lf_range_scale(term, i % 2 ? 1 : -1, &overflow), &overflow);
    must_equal(sum, (lf_range){-64, 64, 2});
    assert_true(lf_range_count(sum) == 65);
}

/* Of many codes at once: what joining them one by one gives. */
static void of_codes(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(8, 0);
    int64_t code[12];
    for (int round = 0; round < 2000; round++) {
        size_t count = lf_rng_below(&rng, LF_COUNT(code) + 1);
        int64_t step = lf_rng_between(&rng, 1, 9), first = lf_rng_between(&rng, -50, 50);
        lf_range want = {0, 0, 1};
        for (size_t i = 0; i < count; i++) {
            code[i] = round % 7 == 0 && i % 3 == 1 ? (i & 1 ? INT64_MIN : INT64_MAX)
                                                   : first + step * lf_rng_between(&rng, -6, 6);
            lf_range one = {code[i], code[i], 1};
            want = i == 0 ? one : lf_range_join(want, one);
        }
        lf_range got = lf_range_of(code, count);
        assert_int_equal(got.lo, want.lo);
        assert_int_equal(got.hi, want.hi);
        assert_int_equal(got.step, want.step);
    }
}

static void of_bytes(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(9, 0);
    for (int round = 0; round < 2000; round++) {
        uint8_t byte[40];
        int64_t code[40];
        size_t count = lf_rng_below(&rng, LF_COUNT(byte) + 1);
        int64_t step = lf_rng_between(&rng, 1, 60);
        for (size_t i = 0; i < count; i++)
            code[i] = byte[i] = (uint8_t)(lf_rng_between(&rng, 0, 255 / step) * step);
        lf_range got = lf_range_of_bytes(byte, count), want = lf_range_of(code, count);
        assert_memory_equal(&got, &want, sizeof got);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_codes),           cmocka_unit_test(of_bytes),         cmocka_unit_test(test_against_sets),
        cmocka_unit_test(test_ends_of_int64), cmocka_unit_test(test_bipolar_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
