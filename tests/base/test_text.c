#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rng.h"
#include "base/text.h"

static const char *shown(lf_text *t, double v) {
    lf_text_free(t);
    lf_text_double(t, v);
    return t->at;
}

static void test_known_doubles(void **state) {
    (void)state;
    static const struct {
        double v;
        const char *s;
    } known[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {1e22, "1e+22"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1e-310, "1e-310"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {-NAN, "nan"},
        {0.00390625, "0.00390625"},
    };
    lf_text t = {0};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_string_equal(shown(&t, known[i].v), known[i].s);
    lf_text_free(&t);
}

static int significant_digits(const char *s) {
    int n = 0;
    for (; *s && *s != 'e'; s++)
        n += *s >= '0' && *s <= '9' && (n > 0 || *s != '0');
    return n;
}

/* No printed double has a shorter decimal that reads back, and all read back with every bit. */
static void test_random_doubles(void **state) {
    (void)state;
    lf_text t = {0};
    lf_rng r = lf_rng_make(5, 1);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = lf_rng_u64(&r);
        double v, back;
        if (i % 4 == 0)
            bits &= ~(0x7ffull << 52); /* subnormal */
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        assert_true(lf_parse_double(shown(&t, v), &back));
        assert_memory_equal(&v, &back, sizeof v);
        char shorter[400];
        int digits = significant_digits(t.at);
        snprintf(shorter, sizeof shorter, "%.*g", digits - 1, v);
        if (digits > 1 && strtod(shorter, NULL) == v)
            fail_msg("%s is longer than %s", t.at, shorter);
    }
    lf_text_free(&t);
}

/* Debian without locales has only C; so the test makes do with what there is, and checks that it set one. */
static void test_other_locale(void **state) {
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    const char *set = NULL;
    for (size_t i = 0; !set && i < sizeof commas / sizeof commas[0]; i++)
        set = setlocale(LC_NUMERIC, commas[i]);
    lf_text t = {0};
    double v = 0;
    assert_string_equal(shown(&t, 1.5), "1.5");
    assert_true(lf_parse_double("1.5", &v) && v == 1.5);
    assert_false(lf_parse_double("1,5", &v));
    lf_text_free(&t);
    setlocale(LC_NUMERIC, "C");
}

static void test_parse_double(void **state) {
    (void)state;
    static const char *const bad[] = {"",  " 1", "1 ", "1x",    "0x",     "--1", "+",
                                      ".", "e5", "1e", "1e999", "nan(1)", "1,5", "one"};
    double v;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (lf_parse_double(bad[i], &v))
            fail_msg("\"%s\" was read as %g", bad[i], v);
    assert_true(lf_parse_double("0x1p-3", &v) && v == 0.125);
    assert_true(lf_parse_double("-1e-400", &v) && v == 0 && signbit(v));
    assert_true(lf_parse_double("+.5", &v) && v == 0.5);
    assert_true(lf_parse_double("5e-324", &v) && v == 5e-324);
    assert_true(lf_parse_double("inf", &v) && isinf(v) && v > 0);
    assert_true(lf_parse_double("-inf", &v) && isinf(v) && v < 0);
    assert_true(lf_parse_double("nan", &v) && isnan(v));
}

static void test_parse_i64(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "-", "+", " 1", "1 ", "0x10", "1.0", "9223372036854775808", "-9223372036854775809"};
    int64_t v;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (lf_parse_i64(bad[i], &v))
            fail_msg("\"%s\" was read", bad[i]);
    assert_true(lf_parse_i64("9223372036854775807", &v) && v == INT64_MAX);
    assert_true(lf_parse_i64("-9223372036854775808", &v) && v == INT64_MIN);
    assert_true(lf_parse_i64("+007", &v) && v == 7);
}

static void test_growing(void **state) {
    (void)state;
    lf_text t = {0};
    for (int i = 0; i < 3000; i++)
        lf_text_addf(&t, "%d,", i);
    lf_text_addn(&t, "", 0);
    lf_text_add(&t, "end");
    assert_int_equal(t.len, strlen(t.at));
    assert_memory_equal(t.at, "0,1,2,", 6);
    assert_string_equal(t.at + t.len - 8, "2999,end");
    lf_text_free(&t);
    lf_text_free(&t);
    assert_null(t.at);
    lf_text_add(&t, "");
    assert_string_equal(t.at, "");
    lf_text_free(&t);
}

static void test_json_strings(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } known[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\r\t\x01\x7f", "\"\\n\\r\\t\\u0001\\u007f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        lf_text t = {0};
        lf_text_json(&t, known[i].in);
        assert_string_equal(t.at, known[i].out);
        lf_text_free(&t);
    }
}

/* Any bytes make a string that a JSON reader accepts. */
static void test_json_random_bytes(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(9, 9);
    for (int i = 0; i < 3000; i++) {
        char s[20] = {0};
        for (int k = 0; k < 19; k++)
            s[k] = (char)lf_rng_between(&r, 1, 255);
        lf_text t = {0};
        lf_text_json(&t, s);
        json_t *v = json_loadb(t.at, t.len, JSON_DECODE_ANY, NULL);
        assert_non_null(v);
        json_decref(v);
        lf_text_free(&t);
    }
}

static void test_endings(void **state) {
    (void)state;
    static const struct {
        const char *s, *end;
        bool is;
    } cases[] = {{"a.lf", ".lf", true}, {".lf", ".lf", true},    {"lf", ".lf", false},    {"", ".lf", false},
                 {"a.lf", "", true},    {"a.lfw", ".lf", false}, {"a.lf.lf", ".lf", true}};
    for (size_t i = 0; i < LF_COUNT(cases); i++)
        assert_int_equal(lf_ends_with(cases[i].s, cases[i].end), cases[i].is);
}

static void test_order(void **state) {
    (void)state;
    const char *word[] = {"b", "", "ab", "a", "\xc3", "B"};
    static const char *const want[] = {"", "B", "a", "ab", "b", "\xc3"};
    qsort(word, LF_COUNT(word), sizeof *word, lf_by_text);
    for (size_t i = 0; i < LF_COUNT(word); i++)
        assert_string_equal(word[i], want[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_doubles), cmocka_unit_test(test_random_doubles),
        cmocka_unit_test(test_other_locale),  cmocka_unit_test(test_parse_double),
        cmocka_unit_test(test_parse_i64),     cmocka_unit_test(test_growing),
        cmocka_unit_test(test_json_strings),  cmocka_unit_test(test_json_random_bytes),
        cmocka_unit_test(test_endings),       cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
