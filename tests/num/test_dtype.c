/* Datatypes: names, ranges, wire patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "num/dtype.h"

static lf_dtype parsed(const char *s) {
    lf_dtype t = {0};
    if (!lf_dtype_parse(s, &t))
        print_message("%s is not read\n", s);
    assert_true(lf_dtype_parse(s, &t));
    return t;
}

static void test_names(void **state) {
    (void)state;
    static const struct {
        const char *read, *printed;
    } names[] = {
        {"INT4", "INT4"},
        {"UINT2", "UINT2"},
        {"INT64", "INT64"},
        {"UINT1", "UINT1"},
        {"BINARY", "UINT1"},
        {"BIPOLAR", "BIPOLAR"},
        {"TERNARY", "TERNARY"},
        {"FLOAT16", "FLOAT16"},
        {"FLOAT32", "FLOAT32"},
        {"FLOAT64", "FLOAT64"},
        {"ap_int<8>", "INT8"},
        {"ap_uint<8>", "UINT8"},
        {"int<3>", "INT3"},
        {"uint<3>", "UINT3"},
        {"FIXED<8,3>", "FIXED<8,3>"},
        {"FIXED< 8 , 3 >", "FIXED<8,3>"},
        {"FIXED<8,-3>", "FIXED<8,-3>"},
        {"FIXED<8,12>", "FIXED<8,12>"},
        {"fixed<16,6>", "FIXED<16,6>"},
        {"ufixed<16,6>", "UFIXED<16,6>"},
        {"ap_fixed<16,6>", "FIXED<16,6>"},
        {"ap_fixed<16,6,TRN,WRAP>", "FIXED<16,6>"},
        {"ap_fixed<16,6,RND>", "FIXED<16,6,RND,WRAP>"},
        {"ap_fixed<16,6,AP_RND_CONV,AP_SAT>", "FIXED<16,6,RND_CONV,SAT>"},
        {"ap_fixed<16,6,TRN_ZERO,SAT_SYM,0>", "FIXED<16,6,TRN_ZERO,SAT_SYM>"},
        {"ap_ufixed<16,6,RND_INF,SAT>", "UFIXED<16,6,RND_INF,SAT>"},
        {"UFIXED<8,3,RND_ZERO,WRAP>", "UFIXED<8,3,RND_ZERO,WRAP>"},
        {"FIXED<8,3,RND_MIN_INF,SAT>", "FIXED<8,3,RND_MIN_INF,SAT>"},
        {"FIXED<8,3,UP,SAT>", "FIXED<8,3,UP,SAT>"},
        {"FIXED<8,3,CEIL,SAT>", "FIXED<8,3,CEIL,SAT>"},
    };
    lf_arena *a = lf_arena_new();
    for (size_t i = 0; i < LF_COUNT(names); i++) {
        lf_dtype t = parsed(names[i].read);
        assert_string_equal(lf_dtype_name(a, t), names[i].printed);
        assert_true(lf_dtype_equal(t, parsed(names[i].printed)));
    }
    lf_arena_free(a);
}

static void test_not_names(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "INT",
                                        "INT0",
                                        "INT65",
                                        "INT-4",
                                        "INT4x",
                                        "INT 4 x",
                                        "UINT65",
                                        "int8",
                                        "FLOAT",
                                        "FLOAT8",
                                        "FIXED",
                                        "FIXED<8>",
                                        "FIXED<8,3",
                                        "FIXED<8,3>>",
                                        "FIXED<0,3>",
                                        "FIXED<65,3>",
                                        "UFIXED<64,3>",
                                        "FIXED<8,300>",
                                        "FIXED<8,3,RNDX>",
                                        "FIXED<8,3,RND,SATURATE>",
                                        "FIXED<8,3,RND,SAT,1>",
                                        "FIXED<8,3,,>",
                                        "FIXED<8,3,RND,SAT,0,0>",
                                        "ap_int<8",
                                        "ap_int8",
                                        "BIPOLAR2",
                                        "FIXED<99999999999999999999,1>",
                                        "ap_fixed<8,3,VERY_LONG_ROUNDING_MODE_NAME>",
                                        "INT9999999999"};
    lf_dtype t = LF_TERNARY;
    for (size_t i = 0; i < LF_COUNT(wrong); i++) {
        if (lf_dtype_parse(wrong[i], &t))
            print_message("%s is read\n", wrong[i]);
        assert_false(lf_dtype_parse(wrong[i], &t));
    }
    assert_int_equal(t.kind, LF_KIND_TERNARY);
}

static void range_is(lf_dtype t, int64_t lo, int64_t hi, int64_t step) {
    lf_range r = lf_dtype_range(t);
    assert_true(r.lo == lo && r.hi == hi && r.step == step);
}

static void test_ranges(void **state) {
    (void)state;
    range_is(lf_int(1), -1, 0, 1);
    range_is(lf_int(8), -128, 127, 1);
    range_is(lf_int(64), INT64_MIN, INT64_MAX, 1);
    range_is(lf_uint(1), 0, 1, 1);
    range_is(lf_uint(63), 0, INT64_MAX, 1);
    range_is(lf_uint(64), 0, INT64_MAX, 1);
    range_is(LF_BIPOLAR, -1, 1, 2);
    range_is(LF_TERNARY, -1, 1, 1);
    range_is(parsed("FIXED<8,3>"), -128, 127, 1);
    range_is(parsed("UFIXED<8,3>"), 0, 255, 1);
    assert_true(lf_dtype_step(parsed("FIXED<8,3>")) == 0.03125);
    assert_true(lf_dtype_step(parsed("FIXED<8,10>")) == 4.0);
    assert_true(lf_dtype_step(parsed("UFIXED<63,-128>")) == 0x1p-191);
    assert_true(lf_dtype_step(lf_int(3)) == 1.0);
}

/* The bits that a search finds: the first width whose range holds both ends. */
static void test_widths(void **state) {
    (void)state;
    for (int64_t lo = -70; lo <= 70; lo++)
        for (int64_t hi = lo; hi <= 70; hi++) {
            int bits = 1;
            while (lf_dtype_range(lf_int(bits)).lo > lo || lf_dtype_range(lf_int(bits)).hi < hi)
                bits++;
            assert_int_equal(lf_bits_signed(lo, hi), bits);
            lf_dtype t = lf_dtype_for((lf_range){lo, hi, 1}, false);
            assert_int_equal(t.kind, lo >= 0 ? LF_KIND_UINT : LF_KIND_INT);
            assert_true(lf_dtype_range(t).lo <= lo && lf_dtype_range(t).hi >= hi);
            if (lo >= 0)
                assert_int_equal(t.bits, lf_bits_unsigned((uint64_t)hi));
        }
    assert_int_equal(lf_bits_unsigned(0), 1);
    assert_int_equal(lf_bits_unsigned(255), 8);
    assert_int_equal(lf_bits_unsigned(256), 9);
    assert_int_equal(lf_bits_unsigned(UINT64_MAX), 64);
    assert_int_equal(lf_bits_signed(INT64_MIN, 0), 64);
    assert_int_equal(lf_bits_signed(0, INT64_MAX), 64);
    assert_true(lf_dtype_equal(lf_dtype_for((lf_range){-1, 1, 2}, false), LF_BIPOLAR));
    assert_true(lf_dtype_equal(lf_dtype_for((lf_range){-1, 1, 1}, true), LF_TERNARY));
    assert_true(lf_dtype_equal(lf_dtype_for((lf_range){-1, 1, 1}, false), lf_int(2)));
}

static void test_wire_patterns(void **state) {
    (void)state;
    static const char *const types[] = {"INT1",    "INT2",    "INT7",       "UINT1",      "UINT5",
                                        "BIPOLAR", "TERNARY", "FIXED<6,2>", "UFIXED<6,2>"};
    for (size_t i = 0; i < LF_COUNT(types); i++) {
        lf_dtype t = parsed(types[i]);
        lf_range r = lf_dtype_range(t);
        for (int64_t v = r.lo; v <= r.hi; v += r.step) {
            uint64_t bits = lf_code_to_bits(t, v);
            assert_true(bits >> lf_dtype_bits(t) == 0);
            assert_true(lf_code_from_bits(t, bits) == v);
            assert_true(lf_code_from_bits(t, bits | ~(UINT64_MAX >> (64 - t.bits))) ==
                        v); /* higher bits mean nothing */
        }
    }
    assert_true(lf_code_to_bits(LF_BIPOLAR, -1) == 0 && lf_code_to_bits(LF_BIPOLAR, 1) == 1);
    assert_true(lf_code_to_bits(lf_int(4), -1) == 15);
    assert_true(lf_code_from_bits(lf_int(64), UINT64_MAX) == -1);
    assert_true(lf_code_to_bits(lf_int(64), INT64_MIN) == (uint64_t)1 << 63);
}

static void test_equal(void **state) {
    (void)state;
    lf_dtype a = lf_int(4), b = lf_int(4);
    b.round = LF_ROUND_CEIL; /* means nothing for integers */
    assert_true(lf_dtype_equal(a, b));
    assert_false(lf_dtype_equal(lf_int(4), lf_uint(4)));
    assert_false(lf_dtype_equal(lf_int(4), lf_int(5)));
    assert_false(lf_dtype_equal(parsed("FIXED<8,3>"), parsed("FIXED<8,4>")));
    assert_false(lf_dtype_equal(parsed("FIXED<8,3>"), parsed("FIXED<8,3,RND,WRAP>")));
    assert_false(lf_dtype_equal(parsed("FIXED<8,3,RND,WRAP>"), parsed("FIXED<8,3,RND,SAT>")));
    assert_true(lf_dtype_is_code(lf_int(4)) && !lf_dtype_is_code(LF_FLOAT32) && !lf_dtype_is_code((lf_dtype){0}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),  cmocka_unit_test(test_not_names),     cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_widths), cmocka_unit_test(test_wire_patterns), cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
