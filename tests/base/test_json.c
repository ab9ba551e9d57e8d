#include "../context.h"

#include <string.h>

#include "base/json.h"

static json_t *parse(lf_ctx *ctx, const char *s) {
    json_t *v;
    return lf_json_parse(ctx, "x.json", s, strlen(s), &v) == LF_OK ? v : NULL;
}

static void test_print_is_canonical(void **state) {
    lf_ctx *ctx = *state;
    json_t *v =
        parse(ctx, "{\"z\":0.1,\"a\":[1,2,  3],\"e\":{},\"n\":[],\"l\":[{\"x\":null,\"y\":true},{\"s\":\"q\\n\"}]}");
    assert_non_null(v);
    lf_text t = {0};
    lf_json_print(&t, v);
    assert_string_equal(t.at, "{\n  \"z\": 0.1,\n  \"a\": [1, 2, 3],\n  \"e\": {},\n  \"n\": [],\n  \"l\": [\n"
                              "    {\"x\": null, \"y\": true},\n    {\"s\": \"q\\n\"}\n  ]\n}");
    json_t *again = parse(ctx, t.at);
    assert_true(json_equal(v, again));
    json_decref(v);
    json_decref(again);
    lf_text_free(&t);
}

static void test_integers_are_exact(void **state) {
    lf_ctx *ctx = *state;
    json_t *v = parse(ctx, "[9007199254740993, -9223372036854775808]");
    lf_text t = {0};
    lf_json_print(&t, v);
    assert_string_equal(t.at, "[9007199254740993, -9223372036854775808]");
    json_decref(v);
    lf_text_free(&t);
}

static void test_errors_have_places(void **state) {
    lf_ctx *ctx = *state;
    assert_null(parse(ctx, "{\"a\": 1,\n \"b\": }"));
    assert_int_equal(lf_diag_at(ctx, 0)->where.line, 2);
    assert_string_equal(lf_diag_at(ctx, 0)->where.file, "x.json");
    static const char *const bad[] = {"", "{\"a\":1,\"a\":2}", "[1] 2", "\"\\u0000\"", "nan", "[1,]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse(ctx, bad[i]))
            fail_msg("accepted: %s", bad[i]);
    json_t *v;
    assert_int_equal(lf_json_load(ctx, "/nowhere/x.json", 0, &v), LF_BAD_INPUT);
    assert_null(v);
}

static void test_depth(void **state) {
    lf_ctx *ctx = *state;
    static char deep[200001];
    memset(deep, '[', sizeof deep - 1);
    assert_null(parse(ctx, deep));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CONTEXT(test_print_is_canonical),
        WITH_CONTEXT(test_integers_are_exact),
        WITH_CONTEXT(test_errors_have_places),
        WITH_CONTEXT(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
