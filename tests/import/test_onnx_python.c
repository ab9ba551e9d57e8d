/* Models written by ONNX's own Python package, one per element type and payload place, have the elements that it was
 * given. */
#include "../context.h"

#include "base/file.h"
#include "base/run.h"
#include "onnx_make.h"

static void expect_model(lf_arena *a, const char *dir, char *line) {
    char *rest = NULL, *name = strtok_r(line, " ", &rest);
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import(ctx, lf_format(a, "%s/%s.onnx", dir, name));
    if (!g)
        fail_msg("%s", make_complaints(a, ctx));
    const lf_tensor *w = lf_find_tensor(g, "w");
    assert_non_null(w);
    for (size_t i = 0; i < 4; i++) {
        double want, have = lf_tensor_real(w, i);
        assert_true(lf_parse_double(strtok_r(NULL, " ", &rest), &want));
        if (strncmp(name, "FLOAT_", 6) == 0)
            want = (double)(float)want;
        if (have != want)
            fail_msg("%s, element %zu: %.17g, not %.17g", name, i, have, want);
    }
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

static void every_type_and_place(void **state) {
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    char *dir = NULL, *rest = NULL;
    const char *const probe[] = {"/usr/bin/python3", "-c", "import onnx", NULL};
    lf_run_result r;
    bool python = lf_tool_run(ctx, a, probe, NULL, &r) == LF_OK && r.exit_code == 0;
    int models = 0;
    if (python) {
        assert_int_equal(lf_temp_dir(ctx, a, "/tmp", &dir), LF_OK);
        const char *const argv[] = {"/usr/bin/python3", "tests/import/payloads.py", dir, NULL};
        assert_int_equal(lf_tool_run(ctx, a, argv, NULL, &r), LF_OK);
        if (r.exit_code)
            fail_msg("%s", r.out);
        for (char *line = strtok_r(r.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), models++)
            expect_model(a, dir, line);
        assert_int_equal(models, 12 * 3);
        lf_remove_tree(dir);
    } else
        print_message("skipped: Debian's python3-onnx is not installed\n");
    lf_arena_free(a);
    if (!python)
        skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(every_type_and_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
