/* The first rows of a run by the network itself: a program that computes something else is found, in every way that its outputs are
 * asked for. */
#include "../context.h"

#include <stdio.h>
#include <string.h>

#include "api/answer.h"
#include "api/first_rows.h"
#include "ir/lftext.h"
#include "ops/ops.h"

enum { ROWS = 3, IN = 3, OUT = 2 };

/* Sums of signs, and their shares. */
static const char network[] = "lutfisk 1\n"
                              "graph \"signs\"\n"
                              "input \"x\" = %%x : FLOAT32[1,3]\n"
                              "const %%one : UINT1[] range {1,1,1} as f32 = [1]\n"
                              "const %%w : BIPOLAR[3,2] = [1, -1, %d, 1, 1, -1]\n"
                              "%%q : BIPOLAR[1,3] = bipolar_quant(%%x, %%one) \"q\"\n"
                              "%%s : INT3[1,2] range {-3,3,2} = matmul(%%q, %%w) \"fc\"\n"
                              "%%y : FLOAT32[1,2] = softmax(%%s) \"shares\"\n"
                              "output \"sums\" = %%s\n"
                              "output \"shares\" = %%y\n";

typedef struct bench {
    lf_ctx *ctx;
    lf_graph *program;
    lf_plan *plan;
    lf_first_rows *check;
} bench;

static lf_graph *parse(lf_ctx *ctx, int weight) {
    char text[1024];
    snprintf(text, sizeof text, network, weight);
    lf_graph *g = lf_graph_parse(ctx, "signs.lf", text, strlen(text), NULL, 0, lf_op_find);
    assert_non_null(g);
    assert_int_equal(lf_infer(g), LF_OK);
    return g;
}

static bench make(int weight_of_network, int weight_of_program) {
    bench b = {.ctx = lf_ctx_new(2)};
    b.program = parse(b.ctx, weight_of_program);
    assert_int_equal(lf_to_integers(b.program), LF_OK);
    b.plan = lf_plan_new(b.ctx, b.program);
    b.check = lf_first_rows_new(parse(b.ctx, weight_of_network), b.program);
    return b;
}

static void drop(bench *b) {
    lf_first_rows_free(b->check);
    lf_plan_free(b->plan);
    lf_graph_free(b->program);
    lf_ctx_free(b->ctx);
}

static const float rows[ROWS * IN] = {1, -2, 3, 4, 5, -6, -7, 8, 9};

static lf_status run(bench *b, const lf_row_out *out, size_t count) {
    lf_row_in in = {b->program->inputs.at[0].tensor, LF_ROW_F32, rows};
    lf_row_io io = {&in, 1, out, count};
    assert_int_equal(lf_plan_rows(b->plan, &io, ROWS), LF_OK);
    return lf_first_rows_check(b->check, b->plan, &io, ROWS);
}

static void expect_found(bench *b, const lf_row_out *out, size_t count, const char *what) {
    assert_int_equal(run(b, out, count), LF_FAILED);
    assert_int_equal(lf_diag_errors(b->ctx), 1);
    const char *text = lf_diag_at(b->ctx, 0)->text;
    if (!strstr(text, what) || !strstr(text, "the network says"))
        fail_msg("%s", text);
    assert_int_equal(run(b, out, count), LF_OK); /* once */
    drop(b);
}

static lf_id output(const bench *b, size_t i) {
    return b->program->outputs.at[i].tensor;
}

static void test_same(void **state) {
    (void)state;
    double sums[ROWS * OUT];
    float shares[ROWS * OUT];
    for (int weight = -1; weight <= 1; weight += 2) {
        bench b = make(weight, weight);
        lf_row_out out[] = {{.tensor = output(&b, 0), .real = sums}, {.tensor = output(&b, 1), .single = shares}};
        assert_int_equal(run(&b, out, 2), LF_OK);
        assert_int_equal(lf_diag_count(b.ctx), 0);
        drop(&b);
    }
}

static void test_differs(void **state) {
    (void)state;
    double sums[ROWS * OUT];
    bench b = make(1, -1); /* row 0: signs 1, -1, 1 */
    expect_found(&b, &(lf_row_out){.tensor = output(&b, 0), .real = sums}, 1,
                 "output sums, element 0 of row 0 is 3, the network says 1");
}

/* What was written is looked at, not another run: here one value of the second row was spoiled behind the plan. */
static void test_what_was_written(void **state) {
    (void)state;
    float shares[ROWS * OUT];
    bench b = make(1, 1);
    lf_row_in in = {b.program->inputs.at[0].tensor, LF_ROW_F32, rows};
    lf_row_out out = {.tensor = output(&b, 1), .single = shares};
    lf_row_io io = {&in, 1, &out, 1};
    assert_int_equal(lf_plan_rows(b.plan, &io, ROWS), LF_OK);
    shares[OUT + 1] += 0.25F;
    assert_int_equal(lf_first_rows_check(b.check, b.plan, &io, ROWS), LF_FAILED);
    assert_non_null(strstr(lf_diag_at(b.ctx, 0)->text, "output shares, element 1 of row 1"));
    drop(&b);
}

/* Where only integers before a scale are asked for, the outputs are computed once more. */
static void test_codes(void **state) {
    (void)state;
    int64_t codes[ROWS * OUT];
    bench b = make(1, -1);
    lf_id raw = 0;
    for (size_t i = 1; i <= b.program->tensors.count; i++) {
        const lf_tensor *t = lf_tensor_at(b.program, (lf_id)i);
        if (t && t->producer && !strcmp(lf_node_at(b.program, t->producer)->op->name, "mvu"))
            raw = t->id;
    }
    assert_true(raw != 0);
    expect_found(&b, &(lf_row_out){.tensor = raw, .code = codes}, 1, "output sums, element 0 of row 0");
}

static void test_too_large(void **state) {
    lf_ctx *ctx = *state;
    char text[2048];
    int at = snprintf(text, sizeof text, "lutfisk 1\ngraph \"large\"\ninput \"x\" = %%t0 : FLOAT32[1,100000,3000]\n");
    for (int i = 0; i < 20; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%%t%d : FLOAT32[1,100000,3000] = relu(%%t%d) \"r%d\"\n",
                       i + 1, i, i);
    snprintf(text + at, sizeof text - (size_t)at, "output \"y\" = %%t20\n");
    lf_graph *g = lf_graph_parse(ctx, "large.lf", text, strlen(text), NULL, 0, lf_op_find);
    assert_non_null(g);
    lf_graph *program = lf_graph_clone(g);
    lf_first_rows *check = lf_first_rows_new(g, program);
    assert_int_equal(lf_first_rows_check(check, NULL, &(lf_row_io){0}, 1), LF_OK);
    assert_int_equal(lf_diag_count(ctx), 1);
    assert_non_null(strstr(lf_diag_at(ctx, 0)->text, "was not held against the network, which takes 6.0 billion"));
    lf_first_rows_free(check);
    lf_graph_free(program);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_differs),
                                       cmocka_unit_test(test_what_was_written), cmocka_unit_test(test_codes),
                                       WITH_CONTEXT(test_too_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
