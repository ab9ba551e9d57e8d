/* What the library tries and gives up takes only its own diagnostics back: warnings of before stay. */
#include "../place.h"

#include <lutfisk/lutfisk.h>

#include "api/engine.h"
#include "data/npy.h"

enum { ROWS = 100 };

/* A batch of 2 has no integer program. */
static lf_model_options warned_net(const place *p, int batch) {
    lf_warn(p->ctx, NULL, "of before");
    return (lf_model_options){.model = place_reals_net(p, batch)};
}

static void check_warned(const place *p) {
    assert_int_equal(lf_diag_errors(p->ctx), 0);
    assert_true(lf_diag_count(p->ctx) >= 1);
    assert_int_equal(lf_diag_at(p->ctx, 0)->severity, LF_WARNING);
    assert_string_equal(lf_diag_at(p->ctx, 0)->text, "of before");
}

static void test_engine(void **state) {
    const place *p = *state;
    lf_model_options model = warned_net(p, 2);
    lf_engine *e = lf_engine_open(p->ctx, &model, NULL);
    assert_non_null(e);
    assert_string_equal(lf_engine_name(e), "reference");
    lf_engine_free(e);
    check_warned(p);
    assert_int_equal(lf_diag_count(p->ctx), 2);
    assert_non_null(strstr(lf_diag_at(p->ctx, 1)->text, "the reference engine runs this network"));
}

static void test_info(void **state) {
    const place *p = *state;
    lf_answer answer = {0};
    lf_model_options model = warned_net(p, 2);
    assert_int_equal(lf_info(p->ctx, &model, &answer), LF_OK);
    assert_non_null(strstr(answer.text, "not buildable"));
    lf_answer_free(&answer);
    check_warned(p);
    assert_int_equal(lf_diag_count(p->ctx), 1);
}

/* A file of `columns` numbers below `limit` a row. */
static const char *numbers(const place *p, const char *name, int64_t columns, uint32_t limit, uint32_t step) {
    lf_array x;
    const char *path = lf_path_join(p->a, p->dir, name);
    assert_true(lf_array_new(p->a, LF_ARRAY_F32, lf_shape_make(2, (int64_t[]){ROWS, columns}), &x));
    for (size_t i = 0; i < x.count; i++)
        assert_true(lf_array_set_int(&x, i, (int64_t)(i * step % limit)));
    assert_int_equal(lf_npy_write(p->ctx, path, &x), LF_OK);
    return path;
}

/* Near chance, eval tries scales, some of which give what the declared input cannot hold. */
static void test_eval(void **state) {
    const place *p = *state;
    static const char *const type[] = {"UINT8", NULL};
    lf_answer answer = {0};
    lf_eval_options o = {.model = warned_net(p, 1), .in = numbers(p, "x.npy", 2, 251, 89)};
    o.model.input = type;
    o.labels = numbers(p, "y.npy", 1, 2, 1);
    assert_int_equal(lf_eval(p->ctx, &o, &answer), LF_OK);
    lf_answer_free(&answer);
    check_warned(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_make, place_drop)
int main(void) {
    const struct CMUnitTest tests[] = {T(test_engine), T(test_info), T(test_eval)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
