/* The search for a multiply-add-shift form of thresholds: what it finds counts like the thresholds for every value of the range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "pass/requantize_find.h"

enum { LEVELS = 255, CHANNELS = 3 };

static int64_t clip(int64_t v, int64_t hi) {
    return v < 0 ? 0 : v > hi ? hi : v;
}

static int64_t count(const lf_thresholds *t, int64_t c, int64_t x) {
    int64_t n = 0;
    for (int64_t l = 0; l < t->levels; l++)
        n += t->sign[c] * x >= t->at[c * t->levels + l];
    return n;
}

static void holds_everywhere(const lf_thresholds *t, const lf_range *r, const lf_requantizer *q) {
    for (int64_t c = 0; c < t->elements; c++)
        for (int64_t x = r[c].lo; x <= r[c].hi; x += r[c].step)
            assert_int_equal(clip((x * q->mul[c] + q->add[c]) >> q->shift, t->levels), count(t, c, x));
}

/* Thresholds of round(x * slope + offset), ties up, for codes of a range with a step. */
static void even_steps(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    lf_rng rng = lf_rng_make(7, 1);
    int found = 0, falling = 0, stepped = 0;
    for (int net = 0; net < 200; net++) {
        int64_t at[CHANNELS * LEVELS];
        int8_t sign[CHANNELS];
        lf_range r[CHANNELS];
        lf_thresholds t = {.elements = CHANNELS, .levels = 1 + lf_rng_below(&rng, LEVELS), .at = at, .sign = sign};
        for (int c = 0; c < CHANNELS; c++) {
            int64_t step = 1 + lf_rng_below(&rng, 2), half = 50 + lf_rng_below(&rng, 3000);
            r[c] = (lf_range){-half * step, half * step, step};
            sign[c] = lf_rng_below(&rng, 2) ? 1 : -1;
            falling += sign[c] < 0;
            stepped += step > 1;
            double slope = 0.02 + 0.5 * lf_rng_double(&rng), offset = 40 * lf_rng_double(&rng) - 20;
            for (int64_t l = 0; l < t.levels; l++)
                at[c * t.levels + l] = (int64_t)ceil(((double)l + 0.5 - offset) / slope);
        }
        lf_requantizer q;
        if (!lf_requantize_find(&t, r, a, &q))
            continue;
        found++;
        holds_everywhere(&t, r, &q);
    }
    assert_int_equal(found, 200);
    assert_true(falling > 50 && stepped > 50);
    lf_arena_free(a);
}

/* One threshold out of line has no such form. */
static void uneven_steps_are_not_found(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    int64_t at[5] = {0, 100, 200, 201, 400};
    int8_t sign = 1;
    lf_range r = {-1000, 1000, 1};
    lf_requantizer q;
    assert_false(lf_requantize_find(&(lf_thresholds){.elements = 1, .levels = 5, .at = at, .sign = &sign}, &r, a, &q));
    lf_arena_free(a);
}

/* Thresholds beyond the range ask for nothing. */
static void out_of_reach(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    int64_t at[4] = {-150, -50, 50, 150};
    int8_t sign = 1;
    lf_range r = {-100, 100, 1};
    lf_requantizer q;
    lf_thresholds t = {.elements = 1, .levels = 4, .at = at, .sign = &sign};
    assert_true(lf_requantize_find(&t, &r, a, &q));
    holds_everywhere(&t, &r, &q);
    lf_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(even_steps), cmocka_unit_test(uneven_steps_are_not_found),
                                       cmocka_unit_test(out_of_reach)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
