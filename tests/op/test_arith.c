/* add, sub, mul, div, relu, clip, batch_norm, pow, sqrt against cases worked out by hand. */
#include "op_bench.h"

static void fill(lf_value *v, const double *x) {
    for (size_t i = 0; i < v->count; i++) {
        if (v->code)
            v->code[i] = (int64_t)x[i];
        else
            v->real[i] = x[i];
    }
}

static void expect(op_bench *b, bool on_grid, const double *want) {
    assert_int_equal(op_run(b), LF_OK);
    assert_int_equal(lf_on_grid(op_y(b)), on_grid);
    for (size_t i = 0; i < b->out->count; i++)
        assert_true(op_value(b->out, i) == want[i]);
}

/* 0.5 and 0.125 are two powers of two apart: codes go to the finer step. */
static void add_aligns(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_range r = {-3, 3, 1};
    op_node(&b, "add", 2, OP_IN(op_codes(&b, "2", r, 0.5), op_codes(&b, "2", (lf_range){0, 6, 2}, -0.125)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale[0] == 0.125);
    assert_range(op_y(&b)->range, -12 - 6, 12, 2);
    fill(&b.in[0], (double[]){-3, 2});
    fill(&b.in[1], (double[]){6, 4});
    expect(&b, true, (double[]){-2.25, 0.5});
    op_end(&b);
    op_begin(&b); /* 1 and 3 have no common step of that kind: real */
    op_node(&b, "add", 2, OP_IN(op_codes(&b, "2", r, 1), op_codes(&b, "2", r, 3)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){1, 2});
    fill(&b.in[1], (double[]){1, -3});
    expect(&b, false, (double[]){4, -7});
    op_end(&b);
}

static void sub_of_constants(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const int64_t c[] = {1, 2, 3};
    lf_tensor *x = op_codes(&b, "1,3,2", (lf_range){0, 7, 1}, 1), *k = op_const_codes(&b, "3,1", c);
    op_node(&b, "sub", 2, OP_IN(x, k), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(op_y(&b)->range_axis, 1);
    assert_range(op_range(b.out, 0), -1, 6, 1);
    assert_range(op_range(b.out, 5), -3, 4, 1);
    assert_range(op_y(&b)->range, -3, 6, 1);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 1, 2), LF_MONO_UP);
    fill(&b.in[0], (double[]){0, 1, 2, 3, 4, 5});
    expect(&b, true, (double[]){-1, 0, 0, 1, 1, 2});
    op_node(&b, "sub", 2, OP_IN(k, x), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 1, 2), LF_MONO_DOWN);
    fill(&b.in[1], (double[]){0, 1, 2, 3, 4, 5});
    expect(&b, true, (double[]){1, 0, 0, -1, -1, -2});
    op_end(&b);
}

/* A constant 0 lies on every grid; other constants only on their own. */
static void add_constant_zero(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    int64_t zero = 0;
    lf_tensor *x = op_codes(&b, "2", (lf_range){-1, 1, 2}, 0.3);
    op_node(&b, "add", 2, OP_IN(x, op_const_codes(&b, "1", &zero)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -1, 1, 2);
    fill(&b.in[0], (double[]){-1, 1});
    expect(&b, true, (double[]){-0.3, 0.3});
    int64_t one = 1;
    op_node(&b, "add", 2, OP_IN(x, op_const_codes(&b, "1", &one)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){-1, 1});
    expect(&b, false, (double[]){-0.3 + 1, 0.3 + 1});
    op_end(&b);
}

/* Scales per channel: each channel has its own ratio. */
static void add_per_channel(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_range r = {0, 3, 1};
    lf_tensor *x = op_codes_by(&b, "2,2", r, 1, (double[]){0.25, 2}), *y = op_codes_by(&b, "2", r, 0, (double[]){1, 1});
    op_node(&b, "add", 2, OP_IN(x, y), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale[0] == 0.25 && op_y(&b)->grid.scale[1] == 1);
    assert_range(op_range(b.out, 0), 0, 15, 1);
    assert_range(op_range(b.out, 1), 0, 9, 1);
    fill(&b.in[0], (double[]){1, 1, 3, 3});
    fill(&b.in[1], (double[]){2, 3});
    expect(&b, true, (double[]){2.25, 5, 2.75, 9});
    op_end(&b);
}

static void add_overflow_is_real(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_range big = {0, (int64_t)1 << 40, 1};
    op_node(&b, "add", 2, OP_IN(op_codes(&b, "1", big, 1), op_codes(&b, "1", big, ldexp(1, -30))), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_false(lf_on_grid(op_y(&b)));
    op_end(&b);
}

static void shapes_must_fit(void **state) {
    (void)state;
    static const char *const ops[] = {"add", "sub", "mul", "div"};
    for (size_t i = 0; i < LF_COUNT(ops); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, ops[i], 2, OP_IN(op_real(&b, "2,3"), op_const(&b, "2", (double[]){1, 2})), NULL);
        assert_int_equal(op_infer(&b), LF_BAD_INPUT);
        op_end(&b);
    }
}

static void broadcasting(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "add", 2, OP_IN(op_real(&b, "2,1,2"), op_const(&b, "3,1", (double[]){10.5, 20.25, 30})), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(lf_shape_text(b.a, op_y(&b)->shape), "[2,3,2]");
    fill(&b.in[0], (double[]){1, 2, 3, 4});
    expect(&b, false, (double[]){11.5, 12.5, 21.25, 22.25, 31, 32, 13.5, 14.5, 23.25, 24.25, 33, 34});
    op_end(&b);
    op_begin(&b); /* an operand that varies along axes that are apart */
    op_node(&b, "mul", 2, OP_IN(op_real(&b, "2,2,2"), op_const(&b, "2,1,2", (double[]){1, 2, 3, 4})), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){1, 1, 1, 1, 1, 1, 1, 1});
    expect(&b, false, (double[]){1, 2, 1, 2, 3, 4, 3, 4});
    op_end(&b);
}

/* The codes stay, the scale takes the constant. */
static void mul_by_constant(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "2,2", (lf_range){-2, 2, 1}, 0.1), *c = op_const(&b, "2", (double[]){3, -0.5});
    op_node(&b, "mul", 2, OP_IN(c, x), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    const lf_grid *g = &op_y(&b)->grid;
    assert_true(g->scale_count == 2 && g->axis == 1 && g->scale[0] == 0.1 * 3 && g->scale[1] == 0.1 * -0.5);
    assert_range(op_y(&b)->range, -2, 2, 1);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 1, 0), LF_MONO_UP);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 1, 1), LF_MONO_DOWN);
    fill(&b.in[1], (double[]){1, 1, -2, -2});
    expect(&b, true, (double[]){0.1 * 3, 0.1 * -0.5, -2 * (0.1 * 3), -2 * (0.1 * -0.5)});
    op_end(&b);
}

/* No scale can say 0: real, unless a constant is masked. */
static void mul_by_zero(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *c = op_const(&b, "2", (double[]){3, 0});
    op_node(&b, "mul", 2, OP_IN(op_codes(&b, "2", (lf_range){-2, 2, 1}, 0.1), c), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 0, 1), LF_MONO_CONST);
    fill(&b.in[0], (double[]){2, -1});
    expect(&b, false, (double[]){2 * 0.1 * 3, 0});
    lf_tensor *w = op_const_codes(&b, "2", (int64_t[]){2, -1});
    w->grid = (lf_grid){.scale = (const double[]){0.1}, .scale_count = 1};
    op_node(&b, "mul", 2, OP_IN(w, c), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale[0] == 0.1 * 3 && op_y(&b)->grid.scale[1] == 0.1);
    assert_range(op_y(&b)->range, 0, 2, 2);
    expect(&b, true, (double[]){2 * (0.1 * 3), 0});
    op_end(&b);
}

static void div_by_constant(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "2", (lf_range){-2, 2, 1}, 0.1);
    op_node(&b, "div", 2, OP_IN(x, op_number(&b, -3)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale[0] == 0.1 / -3);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 0, 0), LF_MONO_DOWN);
    op_node(&b, "div", 2, OP_IN(x, op_number(&b, 0)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "div", 2, OP_IN(op_number(&b, 1), op_real(&b, "2")), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[1], (double[]){3, 0});
    assert_int_equal(op_run(&b), LF_BAD_INPUT); /* 1 / 0 */
    fill(&b.in[1], (double[]){3, -8});
    expect(&b, false, (double[]){1.0 / 3, -0.125});
    op_end(&b);
}

static void mul_of_codes(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "mul", 2,
            OP_IN(op_codes(&b, "4", (lf_range){-1, 1, 2}, 0.3), op_codes(&b, "4", (lf_range){-1, 1, 2}, -0.7)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale[0] == 0.3 * -0.7);
    assert_range(op_y(&b)->range, -1, 1, 2);
    fill(&b.in[0], (double[]){1, 1, -1, -1});
    fill(&b.in[1], (double[]){1, -1, 1, -1});
    expect(&b, true, (double[]){0.3 * -0.7, -(0.3 * -0.7), -(0.3 * -0.7), 0.3 * -0.7});
    op_end(&b);
    op_begin(&b);
    op_node(&b, "mul", 2, OP_IN(op_codes(&b, "1", (lf_range){-4, 6, 2}, 1), op_codes(&b, "1", (lf_range){3, 9, 3}, 1)),
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -36, 54, 6);
    op_end(&b);
}

/* A quotient grid counts as real in elementwise arithmetic: code / 255, one division. */
static void quotient_grid(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "3", (lf_range){0, 255, 1}, 1.0 / 255);
    x->grid.divisor = 255;
    op_node(&b, "mul", 2, OP_IN(x, op_number(&b, 3)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){3, 77, 200});
    expect(&b, false, (double[]){3.0 / 255 * 3, 77.0 / 255 * 3, 200.0 / 255 * 3});
    op_node(&b, "relu", 1, OP_IN(x), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){3, 77, 200});
    expect(&b, true, (double[]){3.0 / 255, 77.0 / 255, 200.0 / 255});
    op_end(&b);
}

static void relu_both_signs(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "relu", 1, OP_IN(op_codes_by(&b, "2,2", (lf_range){-3, 2, 1}, 1, (double[]){0.5, -0.5})), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), 0, 2, 1);
    assert_range(op_range(b.out, 1), -3, 0, 1);
    fill(&b.in[0], (double[]){-3, -3, 2, 2});
    expect(&b, true, (double[]){0, 1.5, 1, 0});
    op_end(&b);
    op_begin(&b); /* no code is 0: 0 comes in between */
    op_node(&b, "relu", 1, OP_IN(op_codes(&b, "2", (lf_range){-3, 3, 2}, 1)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, 0, 3, 1);
    op_node(&b, "relu", 1, OP_IN(op_real(&b, "3")), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){-0.5, 0, 7.5});
    expect(&b, false, (double[]){0, 0, 7.5});
    op_end(&b);
}

static void clip_on_and_off_the_grid(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "3", (lf_range){-8, 7, 1}, -0.25);
    op_node(&b, "clip", 3, OP_IN(x, op_number(&b, -0.5), op_number(&b, 1)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -4, 2, 1);
    fill(&b.in[0], (double[]){-8, 1, 7});
    expect(&b, true, (double[]){1, -0.25, -0.5});
    op_node(&b, "clip", 3, OP_IN(x, NULL, op_number(&b, 0.3)), NULL); /* 0.3 is no multiple of 0.25 */
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){-8, 1, 7});
    expect(&b, false, (double[]){0.3, -0.25, -1.75});
    op_node(&b, "clip", 2, OP_IN(x, op_number(&b, 0)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){-8, 1, 7});
    expect(&b, true, (double[]){2, 0, 0});
    op_node(&b, "clip", 2, OP_IN(x, op_const(&b, "2", (double[]){0, 1})), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

static void norm(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *v[4];
    static const double p[4][3] = {{2, -1, 0}, {0.1, 0.2, 0.3}, {1, 2, 3}, {4, 0.25, 9}};
    for (int i = 0; i < 4; i++)
        v[i] = op_const(&b, "3", p[i]);
    op_node(&b, "batch_norm", 5, OP_IN(op_codes(&b, "1,3", (lf_range){-5, 5, 1}, 1), v[0], v[1], v[2], v[3]), "epsilon",
            "0.001", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){5, -3, 1});
    double want[3];
    for (int c = 0; c < 3; c++) {
        double d = ((double)b.in[0].code[c] - p[2][c]) / sqrt(p[3][c] + 0.001);
        want[c] = d * p[0][c] + p[1][c];
    }
    expect(&b, false, want);
    static const lf_monotone moves[] = {LF_MONO_UP, LF_MONO_DOWN, LF_MONO_CONST};
    for (int c = 0; c < 3; c++)
        assert_int_equal(b.n->op->monotone(b.g, b.n, 1, c), moves[c]);
    v[3] = op_const(&b, "3", (double[]){1, -1, 1});
    op_node(&b, "batch_norm", 5, OP_IN(op_real(&b, "1,3"), v[0], v[1], v[2], v[3]), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "batch_norm", 5, OP_IN(op_real(&b, "1,4"), v[0], v[1], v[2], v[0]), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

static void powers_and_roots(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "pow", 2, OP_IN(op_real(&b, "3"), op_number(&b, 3)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){-2, 0.5, 10});
    expect(&b, false, (double[]){-8, 0.125, 1000});
    op_node(&b, "pow", 2, OP_IN(op_real(&b, "1"), op_number(&b, 0.5)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){2});
    expect(&b, false, (double[]){sqrt(2)});
    op_node(&b, "sqrt", 1, OP_IN(op_codes(&b, "2", (lf_range){0, 100, 1}, 0.25)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){8, 100});
    expect(&b, false, (double[]){sqrt(2), 5});
    op_node(&b, "sqrt", 1, OP_IN(op_real(&b, "1")), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b.in[0], (double[]){-1});
    assert_int_equal(op_run(&b), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(b.ctx, lf_diag_count(b.ctx) - 1)->text, "domain"));
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_aligns),
        cmocka_unit_test(sub_of_constants),
        cmocka_unit_test(add_constant_zero),
        cmocka_unit_test(add_per_channel),
        cmocka_unit_test(add_overflow_is_real),
        cmocka_unit_test(shapes_must_fit),
        cmocka_unit_test(broadcasting),
        cmocka_unit_test(mul_by_constant),
        cmocka_unit_test(div_by_constant),
        cmocka_unit_test(mul_by_zero),
        cmocka_unit_test(mul_of_codes),
        cmocka_unit_test(quotient_grid),
        cmocka_unit_test(relu_both_signs),
        cmocka_unit_test(clip_on_and_off_the_grid),
        cmocka_unit_test(norm),
        cmocka_unit_test(powers_and_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
