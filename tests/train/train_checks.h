/* What several of the test programs check. Include cmocka.h before. */
#ifndef LF_TESTS_TRAIN_CHECKS_H
#define LF_TESTS_TRAIN_CHECKS_H

#include "exec/exec.h"
#include "train_case.h"

static inline int set_up(void **state) {
    static train_case c;
    train_case_open(&c);
    *state = &c;
    return 0;
}

static inline int tear_down(void **state) {
    train_case_close(*state);
    return 0;
}

static inline void same_for_threads_and_kernels(train_case *c, const char *recipe) {
    lf_train_report first, other;
    char *want = train_text(recipe, &c->options, 1, &first);
    assert_non_null(want);
    for (int threads = 2; threads <= 3; threads++) {
        char *have = train_text(recipe, &c->options, threads, &other);
        assert_string_equal(want, have);
        assert_true(first.valid_accuracy == other.valid_accuracy && first.test_accuracy == other.test_accuracy);
        free(have);
    }
    lf_train_options o = c->options;
    o.kernel = LF_ISA_AVX2;
    char *have = train_text(recipe, &o, 2, &other);
    assert_string_equal(want, have);
    free(have);
    free(want);
}

/* How many of the rows get the class of their label by the reference engine. */
static inline size_t right_of_rows(lf_ctx *ctx, const lf_graph *g, const float *rows, const uint8_t *label,
                                   size_t count) {
    size_t width = (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[0].tensor)->shape), right = 0;
    double *logits = calloc(count * width, sizeof *logits);
    lf_exec *e = lf_exec_new(ctx, g);
    assert_non_null(e);
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F32, rows};
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = logits};
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, count), LF_OK);
    for (size_t i = 0; i < count; i++) {
        size_t best = 0;
        for (size_t k = 1; k < width; k++)
            best = logits[i * width + k] > logits[i * width + best] ? k : best;
        best = width == 1 ? (size_t)logits[i] : best; /* a network that gives the class itself */
        right += best == label[i];
    }
    lf_exec_free(e);
    free(logits);
    return right;
}

/* Bytes as the networks of this folder see them. */
static inline float *rows_of_bytes(const uint8_t *byte, size_t count) {
    float *rows = malloc(count * sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = (float)byte[i] / 255.0f;
    return rows;
}

static inline size_t right_by_engine(lf_ctx *ctx, const lf_graph *g, const train_case *c) {
    float *rows = rows_of_bytes(c->test, (size_t)CASE_TEST * LF_DIGIT_PIXELS);
    size_t right = right_of_rows(ctx, g, rows, c->test_label, CASE_TEST);
    free(rows);
    return right;
}

static inline void check_frozen(train_case *c, const char *recipe, double floor) {
    lf_ctx *ctx = lf_ctx_new(2);
    lf_recipe *r = lf_recipe_parse(ctx, "case.yaml", recipe, strlen(recipe));
    assert_non_null(r);
    lf_train_report report;
    lf_graph *g = NULL;
    if (lf_train(ctx, r, &c->options, &report, &g) != LF_OK)
        print_diags(ctx);
    assert_non_null(g);
    size_t right = right_by_engine(ctx, g, c);
    printf("%zu of %d right, %.2f s, %s\n", right, CASE_TEST, report.seconds, report.kernel);
    assert_true((double)right / CASE_TEST == report.test_accuracy);
    assert_true(report.test_accuracy >= floor && report.valid_accuracy >= floor);
    lf_graph_free(g);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
}

/* A text that is no recipe. */
static inline void refused_text(const char *text, const char *says) {
    lf_ctx *ctx = lf_ctx_new(1);
    assert_null(lf_recipe_parse(ctx, "case.yaml", text, strlen(text)));
    assert_true(lf_diag_errors(ctx) > 0);
    if (!strstr(lf_diag_at(ctx, 0)->text, says))
        fail_msg("says '%s', not '%s'", lf_diag_at(ctx, 0)->text, says);
    lf_ctx_free(ctx);
}

static inline void refused_recipe(const char *recipe, const lf_train_options *o, lf_status status, const char *says) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_recipe *r = lf_recipe_parse(ctx, "case.yaml", recipe, strlen(recipe));
    lf_train_report report;
    lf_graph *g = NULL;
    assert_int_equal(lf_train(ctx, r, o, &report, &g), status);
    assert_null(g);
    assert_int_equal(lf_diag_errors(ctx), 1);
    if (!strstr(lf_diag_at(ctx, 0)->text, says))
        fail_msg("says '%s', not '%s'", lf_diag_at(ctx, 0)->text, says);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
}

#endif
