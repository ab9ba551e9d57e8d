/* quant, bipolar_quant, sign, multi_threshold against cases worked out by hand. */
#include "op_bench.h"

static void set_reals(op_bench *b, const double *x, size_t count) {
    memcpy(b->in[0].real, x, count * sizeof *x);
}

static void expect_codes(op_bench *b, const int64_t *want, size_t count) {
    assert_int_equal(op_run(b), LF_OK);
    assert_non_null(b->out->code);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(b->out->code[i], want[i]);
}

static void rounding_modes(void **state) {
    (void)state;
    static const double x[] = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.25, 2.75, -2.25, -2.75};
    static const struct {
        const char *mode;
        int64_t want[10];
    } cases[] = {
        {"ROUND", {-2, -2, 0, 0, 2, 2, 2, 3, -2, -3}},       {"CEIL", {-2, -1, 0, 1, 2, 3, 3, 3, -2, -2}},
        {"FLOOR", {-3, -2, -1, 0, 1, 2, 2, 2, -3, -3}},      {"UP", {-3, -2, -1, 1, 2, 3, 3, 3, -3, -3}},
        {"DOWN", {-2, -1, 0, 0, 1, 2, 2, 2, -2, -2}},        {"HALF_UP", {-3, -2, -1, 1, 2, 3, 2, 3, -2, -3}},
        {"HALF_DOWN", {-2, -1, 0, 0, 1, 2, 2, 3, -2, -3}},   {"HALF_PLUS", {-2, -1, 0, 1, 2, 3, 2, 3, -2, -3}},
        {"HALF_MINUS", {-3, -2, -1, 0, 1, 2, 2, 3, -2, -3}},
    };
    for (size_t c = 0; c < LF_COUNT(cases); c++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "quant", 4, OP_IN(op_real(&b, "10"), op_number(&b, 1), op_number(&b, 0), op_number(&b, 8)),
                "signed", "true", "rounding_mode", cases[c].mode, NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        set_reals(&b, x, 10);
        expect_codes(&b, cases[c].want, 10);
        op_end(&b);
    }
}

/* Ends of the code range, and the datatype that results. */
static void ends_and_types(void **state) {
    (void)state;
    static const double x[] = {-1000, -2.6, -1.9, 0.6, 1.2, 1000};
    static const struct {
        const char *is_signed, *narrow;
        double bits;
        int64_t want[6];
        lf_range range;
        const char *type;
    } cases[] = {
        {"true", "false", 2, {-2, -2, -2, 1, 1, 1}, {-2, 1, 1}, "INT2"},
        {"true", "true", 2, {-1, -1, -1, 1, 1, 1}, {-1, 1, 1}, "INT2"},
        {"false", "false", 2, {0, 0, 0, 1, 1, 3}, {0, 3, 1}, "UINT2"},
        {"false", "true", 2, {0, 0, 0, 1, 1, 2}, {0, 2, 1}, "UINT2"},
        {"true", "false", 1, {-1, -1, -1, 1, 1, 1}, {-1, 1, 2}, "BIPOLAR"},
        {"false", "false", 1, {0, 0, 0, 1, 1, 1}, {0, 1, 1}, "UINT1"},
        {"false", "false", 16, {0, 0, 0, 1, 1, 1000}, {0, 65535, 1}, "UINT16"},
    };
    for (size_t c = 0; c < LF_COUNT(cases); c++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "quant", 4,
                OP_IN(op_real(&b, "6"), op_number(&b, 1), op_number(&b, 0), op_number(&b, cases[c].bits)), "signed",
                cases[c].is_signed, "narrow", cases[c].narrow, NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        assert_range(op_y(&b)->range, cases[c].range.lo, cases[c].range.hi, cases[c].range.step);
        assert_string_equal(lf_dtype_name(b.a, op_y(&b)->dtype), cases[c].type);
        set_reals(&b, x, 6);
        expect_codes(&b, cases[c].want, 6);
        op_end(&b);
    }
}

static void zero_point_and_negative_scale(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "quant", 4, OP_IN(op_real(&b, "4"), op_number(&b, -0.5), op_number(&b, 3), op_number(&b, 3)), "signed",
            "false", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -3, 4, 1); /* 0..7 less 3 */
    static const double x[] = {0, 1, -2, 0.25};
    static const int64_t want[] = {0, -2, 4, -1}; /* x / -0.5 + 3 = 3, 1, 7, 2.5 (to even: 2) */
    set_reals(&b, x, 4);
    expect_codes(&b, want, 4);
    assert_true(op_value(b.out, 2) == -2.0);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 0, 0), LF_MONO_UP);
    op_end(&b);
}

static void scale_per_channel(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const double s[] = {0.5, -2, 4};
    op_node(&b, "quant", 4, OP_IN(op_real(&b, "1,3,2"), op_const(&b, "3,1", s), op_number(&b, 0), op_number(&b, 4)),
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(op_y(&b)->grid.scale_count, 3);
    assert_int_equal(op_y(&b)->grid.axis, 1);
    static const double x[] = {1, 100, 6, -6, 2, 6};
    static const int64_t want[] = {2, 7, -3, 3, 0, 2}; /* 2 / 4 and 6 / 4 are ties */
    set_reals(&b, x, 6);
    expect_codes(&b, want, 6);
    assert_true(op_value(b.out, 3) == -6.0);
    op_end(&b);
}

/* Scales along two axes have no grid; the values are the same. */
static void scale_per_element(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const double s[] = {1, 0.5, 0.25, 0.125};
    op_node(&b, "quant", 4, OP_IN(op_real(&b, "2,2"), op_const(&b, "2,2", s), op_number(&b, 0), op_number(&b, 4)),
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_false(lf_on_grid(op_y(&b)));
    static const double x[] = {1.2, 1.2, 1.2, 1.2};
    set_reals(&b, x, 4);
    assert_int_equal(op_run(&b), LF_OK);
    assert_true(b.out->real[0] == 1 && b.out->real[1] == 1 && b.out->real[2] == 1.25 && b.out->real[3] == 0.875);
    op_end(&b);
}

/* An operand on the grid is taken by value, and its range narrows the result's. */
static void quantizes_codes(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(
        &b, "quant", 4,
        OP_IN(op_codes(&b, "5", (lf_range){-4, 6, 2}, -0.25), op_number(&b, 0.5), op_number(&b, 0), op_number(&b, 8)),
        NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -3, 2, 1);
    for (int i = 0; i < 5; i++)
        b.in[0].code[i] = -4 + 2 * i + (i == 4 ? 2 : 0);
    static const int64_t want[] = {2, 1, 0, -1, -3};
    expect_codes(&b, want, 5);
    op_end(&b);
}

static void quant_refuses(void **state) {
    (void)state;
    static const struct {
        double scale, zeropt, bits;
    } bad[] = {{0, 0, 4}, {NAN, 0, 4}, {INFINITY, 0, 4}, {1, NAN, 4}, {1, 0, 0}, {1, 0, 2.5}, {1, 0, 33}};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "quant", 4,
                OP_IN(op_real(&b, "2"), op_number(&b, bad[i].scale), op_number(&b, bad[i].zeropt),
                      op_number(&b, bad[i].bits)),
                NULL);
        assert_int_equal(op_infer(&b), LF_BAD_INPUT);
        assert_true(lf_diag_count(b.ctx) > 0);
        op_end(&b);
    }
    op_bench b;
    op_begin(&b);
    op_node(&b, "quant", 4, OP_IN(op_real(&b, "2"), op_real(&b, ""), op_number(&b, 0), op_number(&b, 4)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

static void bipolar(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const double s[] = {0.5, -3};
    op_node(&b, "bipolar_quant", 2, OP_IN(op_real(&b, "2,2"), op_const(&b, "2", s)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -1, 1, 2);
    static const double x[] = {-0.0, 0, -1e-300, 5};
    static const int64_t want[] = {1, 1, -1, 1};
    set_reals(&b, x, 4);
    expect_codes(&b, want, 4);
    assert_true(op_value(b.out, 1) == -3);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 1, 0), LF_MONO_UP);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 1, 1), LF_MONO_DOWN);
    assert_int_equal(b.n->op->monotone(b.g, b.n, 0, 0), LF_MONO_NONE);
    op_end(&b);
}

static void signs(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "sign", 1, OP_IN(op_codes(&b, "4", (lf_range){-3, 3, 2}, -0.1)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -1, 1, 2); /* odd codes are never 0 */
    for (int i = 0; i < 4; i++)
        b.in[0].code[i] = 2 * i - 3;
    static const int64_t want[] = {1, 1, -1, -1};
    expect_codes(&b, want, 4);
    op_end(&b);
    op_begin(&b);
    op_node(&b, "sign", 1, OP_IN(op_real(&b, "3")), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(lf_dtype_name(b.a, op_y(&b)->dtype), "TERNARY");
    static const double x[] = {-2, 0, 1e-9};
    static const int64_t want2[] = {-1, 0, 1};
    set_reals(&b, x, 3);
    expect_codes(&b, want2, 3);
    op_end(&b);
}

/* Thresholds are reached at equality; rows belong to channels. */
static void thresholds(void **state) {
    (void)state;
    static const double t[] = {-1, 0.5, 2, 10, 11, 12};
    static const double x[] = {-1, -1.5, 2, 100, 10, 9, 11.5, 12};
    static const struct {
        const char *scale, *bias;
        bool on_grid;
        double grid;
        lf_range range;
        double want[8];
    } cases[] = {
        {"1", "0", true, 1, {0, 3, 1}, {1, 0, 3, 3, 1, 0, 2, 3}},
        {"2", "-1", true, 1, {-1, 5, 2}, {1, -1, 5, 5, 1, -1, 3, 5}},
        {"-1", "2", true, 1, {-1, 2, 1}, {1, 2, -1, -1, 1, 2, 0, -1}},
        {"0.25", "-0.5", true, 0.25, {-2, 1, 1}, {-0.25, -0.5, 0.25, 0.25, -0.25, -0.5, 0, 0.25}},
        {"0.3", "0.1", false, 0, {0}, {0.4, 0.1, 0, 0, 0.4, 0.1, 0, 0}},
    };
    for (size_t c = 0; c < LF_COUNT(cases); c++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "multi_threshold", 2, OP_IN(op_real(&b, "1,2,4"), op_const(&b, "2,3", t)), "out_scale",
                cases[c].scale, "out_bias", cases[c].bias, NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        assert_int_equal(lf_on_grid(op_y(&b)), cases[c].on_grid);
        set_reals(&b, x, 8);
        assert_int_equal(op_run(&b), LF_OK);
        if (cases[c].on_grid) {
            assert_true(op_y(&b)->grid.scale[0] == cases[c].grid);
            assert_range(op_y(&b)->range, cases[c].range.lo, cases[c].range.hi, cases[c].range.step);
            for (size_t i = 0; i < 8; i++)
                assert_true(op_value(b.out, i) == cases[c].want[i]);
        } else {
            assert_true(b.out->real[0] == 0.3 * 1 + 0.1);
        }
        op_end(&b);
    }
}

static void threshold_layouts(void **state) {
    (void)state;
    static const double t[] = {0, 1, 5};
    op_bench b;
    op_begin(&b);
    op_node(&b, "multi_threshold", 2, OP_IN(op_real(&b, "1,2,3"), op_const(&b, "3,1", t)), "data_layout", "\"NHWC\"",
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    static const double x[] = {0, 0, 0, 1, 1, 6};
    static const int64_t want[] = {1, 0, 0, 1, 1, 1};
    set_reals(&b, x, 6);
    expect_codes(&b, want, 6);
    op_end(&b);
    op_begin(&b); /* three rows for two channels */
    op_node(&b, "multi_threshold", 2, OP_IN(op_real(&b, "1,2,3"), op_const(&b, "3,1", t)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
    op_begin(&b); /* bipolar, and codes narrow the range */
    op_node(&b, "multi_threshold", 2, OP_IN(op_codes(&b, "1,3", (lf_range){-9, -3, 1}, 0.5), op_const(&b, "3,1", t)),
            "out_scale", "2", "out_bias", "-1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -1, -1, 1);
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_modes),
        cmocka_unit_test(ends_and_types),
        cmocka_unit_test(zero_point_and_negative_scale),
        cmocka_unit_test(scale_per_channel),
        cmocka_unit_test(scale_per_element),
        cmocka_unit_test(quantizes_codes),
        cmocka_unit_test(quant_refuses),
        cmocka_unit_test(bipolar),
        cmocka_unit_test(signs),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(threshold_layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
