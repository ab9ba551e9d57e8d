/* Rounding modes against their definitions, fixed point casts against exact rational arithmetic. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "num/dtype.h"

enum { MODES = LF_ROUND_HALF_MINUS + 1 };

/* The definition, on the exact rational n / 2^shift: of the two integers around it the one the mode names; ties by mode. */
static int64_t defined(int64_t n, int shift, lf_round mode) {
    int64_t unit = (int64_t)1 << shift;
    int64_t below = n / unit - (n % unit < 0), rest = n - below * unit;
    int64_t above = below + 1;
    int64_t inward = n < 0 ? above : below, outward = n < 0 ? below : above;
    if (rest == 0)
        return below;
    switch (mode) {
    case LF_ROUND_UP: return outward;
    case LF_ROUND_DOWN: return inward;
    case LF_ROUND_CEIL: return above;
    case LF_ROUND_FLOOR: return below;
    default: break;
    }
    if (2 * rest != unit)
        return 2 * rest < unit ? below : above;
    switch (mode) {
    case LF_ROUND_HALF_EVEN: return below % 2 == 0 ? below : above;
    case LF_ROUND_HALF_UP: return outward;
    case LF_ROUND_HALF_DOWN: return inward;
    case LF_ROUND_HALF_PLUS: return above;
    default: return below;
    }
}

static void test_round_known(void **state) {
    (void)state;
    static const double v[] = {-2.5, -1.5, -1.25, -0.5, -0.25, 0.0, 0.25, 0.5, 1.5, 1.75, 2.5};
    static const int64_t want[MODES][11] = {
        [LF_ROUND_HALF_EVEN] = {-2, -2, -1, 0, 0, 0, 0, 0, 2, 2, 2},
        [LF_ROUND_HALF_UP] = {-3, -2, -1, -1, 0, 0, 0, 1, 2, 2, 3},
        [LF_ROUND_HALF_DOWN] = {-2, -1, -1, 0, 0, 0, 0, 0, 1, 2, 2},
        [LF_ROUND_UP] = {-3, -2, -2, -1, -1, 0, 1, 1, 2, 2, 3},
        [LF_ROUND_DOWN] = {-2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2},
        [LF_ROUND_CEIL] = {-2, -1, -1, 0, 0, 0, 1, 1, 2, 2, 3},
        [LF_ROUND_FLOOR] = {-3, -2, -2, -1, -1, 0, 0, 0, 1, 1, 2},
        [LF_ROUND_HALF_PLUS] = {-2, -1, -1, 0, 0, 0, 0, 1, 2, 2, 3},
        [LF_ROUND_HALF_MINUS] = {-3, -2, -1, -1, 0, 0, 0, 0, 1, 2, 2},
    };
    for (int m = 0; m < MODES; m++)
        for (int i = 0; i < 11; i++)
            assert_true(lf_round_to_int(v[i], (lf_round)m) == want[m][i]);
}

static void test_round_definition(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(1, 1);
    for (int i = 0; i < 200000; i++) {
        int shift = (int)lf_rng_below(&r, 50);
        int64_t n = lf_rng_between(&r, -((int64_t)1 << 52), (int64_t)1 << 52) >> lf_rng_below(&r, 52);
        for (int m = 0; m < MODES; m++)
            assert_true(lf_round_to_int(ldexp((double)n, -shift), (lf_round)m) == defined(n, shift, (lf_round)m));
    }
}

static void test_round_extremes(void **state) {
    (void)state;
    for (int m = 0; m < MODES; m++) {
        assert_true(lf_round_to_int(0x1p62, (lf_round)m) == (int64_t)1 << 62);
        assert_true(lf_round_to_int(-0x1p62, (lf_round)m) == -((int64_t)1 << 62));
        assert_true(lf_round_to_int(-0.0, (lf_round)m) == 0);
        bool up = m == LF_ROUND_UP || m == LF_ROUND_CEIL, down = m == LF_ROUND_UP || m == LF_ROUND_FLOOR;
        assert_true(lf_round_to_int(5e-324, (lf_round)m) == up);
        assert_true(lf_round_to_int(-5e-324, (lf_round)m) == -(int64_t)down);
    }
    assert_true(lf_round_to_int(0x1.fffffffffffffp-2, LF_ROUND_HALF_UP) == 0);
    assert_true(lf_round_to_int(-0x1.fffffffffffffp-2, LF_ROUND_HALF_UP) == 0);
    assert_true(lf_round_to_int(0x1.0000000000001p-1, LF_ROUND_HALF_DOWN) == 1);
    assert_true(lf_round_to_int(4503599627370495.5, LF_ROUND_HALF_EVEN) == 4503599627370496);
}

static void test_round_names(void **state) {
    (void)state;
    static const char *const qonnx[] = {"ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "HALF_EVEN"};
    lf_round m = LF_ROUND_UP;
    for (size_t i = 0; i < LF_COUNT(qonnx); i++)
        assert_true(lf_round_parse(qonnx[i], &m));
    assert_int_equal(m, LF_ROUND_HALF_EVEN);
    for (int i = 0; i < MODES; i++) {
        assert_true(lf_round_parse(lf_round_name((lf_round)i), &m));
        assert_int_equal(m, i);
    }
    assert_false(lf_round_parse("HALF", &m));
    assert_false(lf_round_parse("", &m));
}

/* The cast on n / 2^shift; all numbers here stay below 2^40. */
static int64_t cast_by_definition(int64_t n, int shift, lf_dtype t) {
    int frac = t.bits - t.int_bits;
    int64_t q = frac >= shift ? n * ((int64_t)1 << (frac - shift)) : defined(n, shift - frac, (lf_round)t.round);
    lf_range r = lf_dtype_range(t);
    if (t.overflow == LF_OVERFLOW_WRAP) {
        int64_t span = (int64_t)1 << t.bits, low = ((q % span) + span) % span;
        return low > r.hi ? low - span : low;
    }
    if (t.overflow == LF_OVERFLOW_SAT_SYM && t.kind == LF_KIND_FIXED)
        r.lo = -r.hi;
    return q < r.lo ? r.lo : q > r.hi ? r.hi : q;
}

static void test_cast_every_mode(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(2, 1);
    for (int i = 0; i < 60000; i++) {
        lf_dtype t = {(uint8_t)(lf_rng_below(&r, 2) ? LF_KIND_FIXED : LF_KIND_UFIXED), 0, 0, 0, 0};
        t.bits = (uint8_t)(1 + lf_rng_below(&r, 16));
        t.int_bits = (int8_t)((int)t.bits - (int)lf_rng_below(&r, 14) + 2);
        int shift = 6 + (int)lf_rng_below(&r, 14);
        int64_t n = lf_rng_between(&r, -((int64_t)1 << 26), (int64_t)1 << 26) >> lf_rng_below(&r, 26);
        for (int mode = 0; mode < MODES; mode++)
            for (int over = 0; over < 3; over++) {
                t.round = (uint8_t)mode;
                t.overflow = (uint8_t)over;
                assert_true(lf_fixed_cast(ldexp((double)n, -shift), t) == cast_by_definition(n, shift, t));
            }
    }
}

static lf_dtype type(const char *s) {
    lf_dtype t = {0};
    assert_true(lf_dtype_parse(s, &t));
    return t;
}

static void test_cast_extremes(void **state) {
    (void)state;
    assert_true(lf_fixed_cast(1e300, type("FIXED<8,3,RND,SAT>")) == 127);
    assert_true(lf_fixed_cast(-1e300, type("FIXED<8,3,RND,SAT>")) == -128);
    assert_true(lf_fixed_cast(-1e300, type("FIXED<8,3,RND,SAT_SYM>")) == -127);
    assert_true(lf_fixed_cast(-1e300, type("UFIXED<8,3,RND,SAT_SYM>")) == 0);
    assert_true(lf_fixed_cast(1e300, type("FIXED<8,3>")) == 0); /* a multiple of 2^900 */
    assert_true(lf_fixed_cast(0x1p63, type("FIXED<64,64,TRN,SAT>")) == INT64_MAX);
    assert_true(lf_fixed_cast(0x1p63, type("FIXED<64,64>")) == INT64_MIN);
    assert_true(lf_fixed_cast(-0x1p63, type("FIXED<64,64,TRN,SAT>")) == INT64_MIN);
    assert_true(lf_fixed_cast(5e-324, type("FIXED<8,3>")) == 0);
    assert_true(lf_fixed_cast(-5e-324, type("FIXED<8,3>")) == -1);
    assert_true(lf_fixed_cast(-5e-324, type("FIXED<8,3,RND,WRAP>")) == 0);
    assert_true(lf_fixed_cast(-5e-324, type("UFIXED<8,3,TRN,WRAP>")) == 255);
    assert_true(lf_fixed_cast(5e-324, type("FIXED<8,3,CEIL,SAT>")) == 1);
    assert_true(lf_fixed_cast(-0.0, type("FIXED<8,3>")) == 0);
    assert_true(lf_fixed_cast(0x1p-1074, type("FIXED<8,-128>")) == 0);
    assert_true(lf_fixed_cast(0x1.8p-1, type("FIXED<8,8,RND,SAT>")) == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_known),     cmocka_unit_test(test_round_definition),
        cmocka_unit_test(test_round_extremes),  cmocka_unit_test(test_round_names),
        cmocka_unit_test(test_cast_every_mode), cmocka_unit_test(test_cast_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
