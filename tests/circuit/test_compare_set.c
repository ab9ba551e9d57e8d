/* Comparisons of a word with many constants: the same function, on every value, and fewer LUTs than one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "circuit/compare_set.h"

enum { MOST = 60 };

static lf_ctx *ctx;

static lf_circuit *comparisons(lf_rng *rng, lf_range r, int count, int64_t near) {
    lf_circuit *c = lf_circuit_new(ctx);
    lf_word x = lf_circuit_input(c, r);
    for (int i = 0; i < count; i++) {
        int64_t T = near ? lf_rng_between(rng, -near, near) : lf_rng_between(rng, r.lo - 2, r.hi + 2);
        lf_word k = lf_circuit_const(c, T);
        lf_circuit_output(c, i % 3 ? lf_circuit_less(c, k, x) : lf_circuit_less(c, x, k));
    }
    return c;
}

static void same(const lf_circuit *a, const lf_circuit *b, lf_range r) {
    int64_t *scratch = calloc(a->words.count + b->words.count, sizeof *scratch), x[MOST], y[MOST];
    for (int64_t v = r.lo; v <= r.hi; v += r.step) {
        lf_circuit_run(a, &v, x, scratch);
        lf_circuit_run(b, &v, y, scratch);
        for (size_t o = 0; o < a->outputs.count; o++)
            if (x[o] != y[o])
                fail_msg("value %lld, comparison %zu", (long long)v, o);
    }
    free(scratch);
}

static size_t widest_lut(const lf_circuit *c) {
    size_t most = 0;
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        assert_int_not_equal(d->op, LF_WORD_LESS);
        if (d->op == LF_WORD_LUT && d->arg_count > most)
            most = d->arg_count;
    }
    return most;
}

static void test_every_value(void **state) {
    lf_rng rng = lf_rng_make(9, 0);
    (void)state;
    for (int i = 0; i < 200; i++) {
        int bits = 7 + i % 8, k = i % 2 ? 6 : 4;
        bool is_signed = i % 3 == 0;
        int64_t count = (int64_t)1 << bits;
        lf_range r = {is_signed ? -count / 2 : 0, is_signed ? count / 2 - 1 : count - 1, 1};
        if (i % 5 == 0)
            r.hi -= 3;
        lf_circuit *c = comparisons(&rng, r, 1 + (int)lf_rng_below(&rng, MOST - 1), i % 4 == 1 ? 40 : 0);
        lf_circuit *shared = lf_circuit_share_comparisons(c, k);
        assert_non_null(shared);
        assert_true(widest_lut(shared) <= (size_t)k);
        same(c, shared, r);
        lf_circuit_free(shared);
        lf_circuit_free(c);
    }
}

/* 48 neighbours of 8 bits: a LUT each, and what 16 values at a time share. */
static void test_neighbours_share(void **state) {
    (void)state;
    lf_circuit *c = lf_circuit_new(ctx);
    lf_word x = lf_circuit_input(c, (lf_range){-128, 127, 1});
    for (int64_t T = -24; T < 24; T++)
        lf_circuit_output(c, lf_circuit_less(c, lf_circuit_const(c, T), x));
    lf_circuit *shared = lf_circuit_share_comparisons(c, 6), *clean = lf_circuit_clean(shared);
    lf_circuit_stats s;
    lf_circuit_count(clean, &s);
    assert_true(s.luts[LF_PART_CORE] <= 48 + 2);
    lf_circuit_free(clean);
    lf_circuit_free(shared);
    lf_circuit_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_value), cmocka_unit_test(test_neighbours_share)};
    ctx = lf_ctx_new(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lf_ctx_free(ctx);
    return failed;
}
