#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/pool.h"

static int make(void **state) {
    *state = lf_ctx_new(3);
    return *state ? 0 : -1;
}

static int drop(void **state) {
    lf_ctx_free(*state);
    return 0;
}

static const char *text_at(lf_ctx *ctx, size_t i) {
    return lf_diag_text(lf_ctx_arena(ctx), lf_diag_at(ctx, i));
}

static void test_fail_returns_and_records(void **state) {
    char node[] = "conv3";
    lf_where where = {.file = "m.onnx", .node = node, .line = 7, .column = 2};
    assert_int_equal(lf_fail(*state, LF_BAD_INPUT, &where, "pe=%d does not divide %d", 3, 64), LF_BAD_INPUT);
    lf_hint(*state, "legal: %s", "1 2 4");
    lf_hint(*state, "see folding.json");
    memset(node, 'x', sizeof node - 1);
    assert_int_equal(lf_diag_count(*state), 1);
    assert_int_equal(lf_diag_errors(*state), 1);
    assert_int_equal(lf_diag_at(*state, 0)->severity, LF_ERROR);
    assert_string_equal(text_at(*state, 0),
                        "m.onnx:7:2: conv3: pe=3 does not divide 64\n  legal: 1 2 4\n  see folding.json");
    assert_null(lf_diag_at(*state, 1));
}

static void test_places(void **state) {
    lf_warn(*state, NULL, "a");
    lf_note(*state, &(lf_where){.node = "fc1"}, "b");
    lf_warn(*state, &(lf_where){.file = "x.json"}, "c");
    lf_warn(*state, &(lf_where){.line = 4}, "d");
    lf_warn(*state, &(lf_where){.file = "x.json", .line = 4}, "e");
    static const char *const expected[] = {"a", "fc1: b", "x.json: c", "line 4: d", "x.json:4: e"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(text_at(*state, i), expected[i]);
    assert_int_equal(lf_diag_errors(*state), 0);
    assert_int_equal(lf_diag_at(*state, 1)->severity, LF_NOTE);
}

static void test_hint_without_diagnostic(void **state) {
    lf_hint(*state, "nothing to hang it on");
    assert_int_equal(lf_diag_count(*state), 0);
}

static void test_limit(void **state) {
    for (int i = 0; i < 1500; i++)
        lf_fail(*state, LF_FAILED, NULL, "number %d", i);
    lf_hint(*state, "belongs to a dropped one");
    assert_int_equal(lf_diag_count(*state), 1000);
    assert_int_equal(lf_diag_errors(*state), 1500);
    assert_string_equal(lf_diag_at(*state, 999)->text, "number 999");
    assert_null(lf_diag_at(*state, 999)->hint);
    lf_diag_clear(*state);
    assert_int_equal(lf_diag_count(*state), 0);
    assert_int_equal(lf_diag_errors(*state), 0);
    lf_hint(*state, "x");
    lf_note(*state, NULL, "again");
    assert_string_equal(text_at(*state, 0), "again");
}

static void test_take_back(void **state) {
    lf_fail(*state, LF_FAILED, NULL, "of before");
    lf_warn(*state, NULL, "too");
    size_t first = lf_diag_count(*state);
    for (int i = 0; i < 1500; i++)
        lf_fail(*state, LF_FAILED, NULL, "tried");
    lf_diag_take_back(*state, first);
    lf_hint(*state, "belongs to none of them");
    assert_int_equal(lf_diag_count(*state), 2);
    assert_int_equal(lf_diag_errors(*state), 1);
    assert_string_equal(text_at(*state, 1), "too");
    lf_diag_take_back(*state, 7);
    assert_int_equal(lf_diag_count(*state), 2);
    for (int i = 0; i < 1500; i++)
        lf_fail(*state, LF_FAILED, NULL, "more");
    lf_diag_take_back(*state, lf_diag_count(*state));
    assert_int_equal(lf_diag_errors(*state), 1501);
}

static void complain(void *arg, size_t index, int worker) {
    (void)worker;
    lf_fail(arg, LF_FAILED, NULL, "task %zu", index);
    lf_hint(arg, "of many");
    lf_progress(arg, "work", index, 500);
}

static void count_call(void *user, const char *what, uint64_t done, uint64_t total) {
    assert_string_equal(what, "work");
    assert_true(done < total);
    ++*(int *)user; /* without a lock: the library promises one call at a time */
}

static void test_threads(void **state) {
    int calls = 0;
    assert_int_equal(lf_ctx_threads(*state), 3);
    lf_ctx_on_progress(*state, count_call, &calls);
    assert_ptr_equal(lf_ctx_pool(*state), lf_ctx_pool(*state));
    lf_pool_run(lf_ctx_pool(*state), 500, complain, *state);
    assert_int_equal(lf_diag_errors(*state), 500);
    assert_int_equal(calls, 500);
    unsigned char seen[500] = {0};
    for (size_t i = 0; i < 500; i++)
        seen[atoi(lf_diag_at(*state, i)->text + 5)]++;
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(seen[i], 1);
}

static void test_all_cores(void **state) {
    (void)state;
    lf_ctx *ctx = lf_ctx_new(0);
    assert_true(lf_ctx_threads(ctx) >= 1);
    lf_progress(ctx, "nobody listens", 1, 2);
    lf_ctx_free(ctx);
    lf_ctx_free(NULL);
}

static void test_nearest(void **state) {
    (void)state;
    static const char *const known[] = {"simd", "pe", "ram_style", "mem_mode", "folding"};
    assert_string_equal(lf_nearest("smid", known, 5), "simd");
    assert_string_equal(lf_nearest("SIMD", known, 5), "simd");
    assert_string_equal(lf_nearest("PE", known, 5), "pe");
    assert_string_equal(lf_nearest("ramstyle", known, 5), "ram_style");
    assert_string_equal(lf_nearest("fold", known, 5) ? "some" : "none", "none");
    assert_string_equal(lf_nearest("foldign", known, 5), "folding");
    assert_null(lf_nearest("zzzzzz", known, 5));
    assert_null(lf_nearest("", known, 5));
    assert_null(lf_nearest("x", known, 0));
    char huge[10000];
    memset(huge, 'p', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    assert_null(lf_nearest(huge, known, 5));
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_fail_returns_and_records),
        T(test_places),
        T(test_hint_without_diagnostic),
        T(test_limit),
        T(test_take_back),
        T(test_threads),
        T(test_all_cores),
        T(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
