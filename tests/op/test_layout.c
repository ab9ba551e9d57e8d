/* reshape, transpose, gather, concat, shape, softmax, topk, quantize, dequantize against cases worked out by hand. */
#include "op_bench.h"

#include "num/realfn.h"

static void count_up(lf_value *v) {
    for (size_t i = 0; i < v->count; i++) {
        if (v->code)
            v->code[i] = (int64_t)i;
        else
            v->real[i] = (double)i;
    }
}

static const char *shape_of(op_bench *b) {
    return lf_shape_text(b->a, op_y(b)->shape);
}

static void reshape_sizes(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *want; /* want NULL: refused */
    } cases[] = {
        {"2,3,4", "[0, -1]", "[2,12]"}, {"2,3,4", "[24]", "[24]"}, {"2,3,4", "[-1, 0, 1, 4]", "[2,3,1,4]"},
        {"2,3,4", "[5, -1]", NULL},     {"2,3,4", "[23]", NULL},   {"2,3,4", "[-1, -1]", NULL},
        {"2,3,4", "[-2, 12]", NULL},    {"1", "[]", "[]"},         {"2,3,4", "[2, 3, 4, 1, 1, 1, 1, 1, 1]", NULL},
    };
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "reshape", 1, OP_IN(op_real(&b, cases[i].from)), "shape", cases[i].to, NULL);
        assert_int_equal(op_infer(&b), cases[i].want ? LF_OK : LF_BAD_INPUT);
        if (cases[i].want) {
            assert_string_equal(shape_of(&b), cases[i].want);
            count_up(&b.in[0]);
            assert_int_equal(op_run(&b), LF_OK);
            assert_true(b.out->real[b.out->count - 1] == (double)(b.out->count - 1));
        }
        op_end(&b);
    }
}

/* [1,2,2] with a scale per channel flattened to [1,4]: the scale goes on as one per element. */
static void reshape_keeps_channels(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const double s[] = {0.5, 2};
    lf_tensor *x = op_codes_by(&b, "1,2,2", (lf_range){0, 9, 1}, 1, s);
    x->channel_range = (const lf_range[]){{0, 3, 1}, {0, 9, 3}};
    x->range_axis = 1;
    static const int64_t to[] = {0, -1};
    op_node(&b, "reshape", 2, OP_IN(x, op_const_codes(&b, "2", to)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(op_y(&b)->grid.scale_count, 4);
    assert_range(op_range(b.out, 1), 0, 3, 1);
    assert_range(op_range(b.out, 2), 0, 9, 3);
    count_up(&b.in[0]);
    assert_int_equal(op_run(&b), LF_OK);
    assert_true(op_value(b.out, 1) == 0.5 && op_value(b.out, 3) == 6);
    op_node(&b, "reshape", 1, OP_IN(x), "shape", "[4, 1]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(op_y(&b)->grid.axis, 0);
    /* [4] with four scales does not fold into [2, 2] along one axis: real */
    op_node(&b, "reshape", 1, OP_IN(op_codes_by(&b, "4", (lf_range){0, 9, 1}, 0, (double[]){1, 2, 3, 4})), "shape",
            "[2, 2]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_false(lf_on_grid(op_y(&b)));
    count_up(&b.in[0]);
    assert_int_equal(op_run(&b), LF_OK);
    assert_true(b.out->real[3] == 12);
    op_end(&b);
}

static void transposes(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const double s[] = {1, 2, 3};
    op_node(&b, "transpose", 1, OP_IN(op_codes_by(&b, "1,2,3", (lf_range){0, 9, 1}, 2, s)), "perm", "[0, 2, 1]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,3,2]");
    assert_int_equal(op_y(&b)->grid.axis, 1);
    count_up(&b.in[0]);
    assert_int_equal(op_run(&b), LF_OK);
    static const int64_t want[] = {0, 3, 1, 4, 2, 5};
    assert_memory_equal(b.out->code, want, sizeof want);
    int64_t source[6];
    b.n->op->positions(b.g, b.n, source);
    assert_memory_equal(source, want, sizeof want);
    op_node(&b, "transpose", 1, OP_IN(op_real(&b, "2,3")), NULL); /* reversed */
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[3,2]");
    static const char *const bad[] = {"[0]", "[0, 0]", "[0, 2]", "[-1, 0]"};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        op_node(&b, "transpose", 1, OP_IN(op_real(&b, "2,3")), "perm", bad[i], NULL);
        assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    }
    op_end(&b);
}

static void gathers(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const int64_t pick[] = {2, -3};
    op_node(&b, "gather", 2,
            OP_IN(op_codes_by(&b, "2,3", (lf_range){0, 9, 1}, 1, (double[]){1, 2, 3}), op_const_codes(&b, "2", pick)),
            "axis", "1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[2,2]");
    assert_true(op_y(&b)->grid.scale[0] == 3 && op_y(&b)->grid.scale[1] == 1);
    count_up(&b.in[0]);
    assert_int_equal(op_run(&b), LF_OK);
    static const int64_t want[] = {2, 0, 5, 3};
    assert_memory_equal(b.out->code, want, sizeof want);
    static const int64_t scalar[] = {1}, far[] = {3};
    op_node(&b, "gather", 2, OP_IN(op_real(&b, "3,2"), op_const_codes(&b, "", scalar)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[2]");
    count_up(&b.in[0]);
    assert_int_equal(op_run(&b), LF_OK);
    assert_true(b.out->real[0] == 2 && b.out->real[1] == 3);
    op_node(&b, "gather", 2, OP_IN(op_real(&b, "3,2"), op_const_codes(&b, "1", far)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "gather", 2, OP_IN(op_real(&b, "3,2"), op_codes(&b, "2", (lf_range){-9, 9, 1}, 1)),
            NULL); /* computed indices */
    assert_int_equal(op_infer(&b), LF_OK);
    b.in[1].code[0] = 2;
    b.in[1].code[1] = -4;
    assert_int_equal(op_run(&b), LF_BAD_INPUT);
    op_end(&b);
}

static void concats(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "concat", 2,
            OP_IN(op_codes(&b, "2,1", (lf_range){0, 3, 1}, 0.5), op_codes(&b, "2,2", (lf_range){-1, 1, 2}, 0.3)),
            "axis", "-1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[2,3]");
    assert_range(op_range(b.out, 0), 0, 3, 1);
    assert_range(op_range(b.out, 4), -1, 1, 2);
    static const int64_t x0[] = {3, 2}, x1[] = {-1, 1, 1, -1};
    memcpy(b.in[0].code, x0, sizeof x0);
    memcpy(b.in[1].code, x1, sizeof x1);
    assert_int_equal(op_run(&b), LF_OK);
    static const double want[] = {1.5, -0.3, 0.3, 1, 0.3, -0.3};
    for (size_t i = 0; i < 6; i++)
        assert_true(op_value(b.out, i) == want[i]);
    op_node(&b, "concat", 2, OP_IN(op_real(&b, "2,1"), op_codes(&b, "2,1", (lf_range){0, 3, 1}, 0.5)), "axis", "0",
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_false(lf_on_grid(op_y(&b)));
    op_node(&b, "concat", 2, OP_IN(op_real(&b, "2,1"), op_real(&b, "3,1")), "axis", "1", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "concat", 2, OP_IN(op_real(&b, "2,1"), op_real(&b, "3,1")), "axis", "2", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

static void shapes(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "shape", 1, OP_IN(op_real(&b, "1,28,4")), "start", "-2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, 4, 28, 24);
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out->code[0], 28);
    assert_int_equal(b.out->code[1], 4);
    op_end(&b);
}

static void softmaxes(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "softmax", 1, OP_IN(op_real(&b, "2,3,2")), "axis", "1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    count_up(&b.in[0]);
    b.in[0].real[1] = 1000; /* does not overflow */
    assert_int_equal(op_run(&b), LF_OK);
    double e[3] = {lf_exp(-4), lf_exp(-2), 1};
    double sum = e[0] + e[1] + e[2];
    for (int i = 0; i < 3; i++)
        assert_true(b.out->real[2 * i] == e[i] / sum);
    assert_true(b.out->real[1] == 1 && b.out->real[3] == 0);
    assert_int_equal(op_infer(&b), LF_OK);
    op_node(&b, "softmax", 1, OP_IN(op_real(&b, "2")), "axis", "1", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

static void topk_ties(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const double x[] = {3, 7, 7, 1, 7, 3};
    op_node(&b, "topk", 1, OP_IN(op_codes(&b, "1,6", (lf_range){0, 9, 1}, 0.5)), "k", "4", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(b.out[1].tensor->range, 0, 5, 1);
    for (int i = 0; i < 6; i++)
        b.in[0].code[i] = (int64_t)x[i];
    assert_int_equal(op_run(&b), LF_OK);
    static const int64_t index[] = {1, 2, 4, 0};
    assert_memory_equal(b.out[1].code, index, sizeof index);
    assert_true(op_value(&b.out[0], 0) == 3.5 && op_value(&b.out[0], 3) == 1.5);
    /* a negative scale turns the order */
    op_node(&b, "topk", 1, OP_IN(op_codes(&b, "1,6", (lf_range){0, 9, 1}, -0.5)), "k", "1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    for (int i = 0; i < 6; i++)
        b.in[0].code[i] = (int64_t)x[i];
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out[1].code[0], 3);
    /* the smallest, along another axis, k as an operand */
    op_node(&b, "topk", 2, OP_IN(op_real(&b, "3,2"), op_number(&b, 2)), "axis", "0", "largest", "false", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    memcpy(b.in[0].real, x, sizeof x);
    assert_int_equal(op_run(&b), LF_OK);
    static const double want[] = {3, 1, 7, 3};
    static const int64_t at[] = {0, 1, 1, 2};
    assert_memory_equal(b.out[0].real, want, sizeof want);
    assert_memory_equal(b.out[1].code, at, sizeof at);
    static const char *const bad[] = {"0", "7", "-1"};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        op_node(&b, "topk", 1, OP_IN(op_real(&b, "1,6")), "k", bad[i], NULL);
        assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    }
    op_end(&b);
}

static void host_ends(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "quantize", 1, OP_IN(op_codes(&b, "2", (lf_range){-4, 4, 2}, -0.3)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(lf_is_codes(op_y(&b)));
    assert_range(op_y(&b)->range, -4, 4, 2);
    b.in[0].code[1] = -4;
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out->code[1], -4);
    op_node(&b, "quantize", 1, OP_IN(op_real(&b, "2")), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "dequantize", 2,
            OP_IN(op_codes(&b, "1,2", (lf_range){-4, 4, 2}, 1), op_const(&b, "2", (double[]){0.1, -7})), "axis", "1",
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    b.in[0].code[0] = 4;
    b.in[0].code[1] = 2;
    assert_int_equal(op_run(&b), LF_OK);
    assert_true(op_value(b.out, 0) == 4 * 0.1 && op_value(b.out, 1) == -14);
    op_node(&b, "dequantize", 2,
            OP_IN(op_codes(&b, "1,2", (lf_range){-4, 4, 2}, 1), op_const(&b, "3", (double[]){1, 2, 3})), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "dequantize", 2, OP_IN(op_codes(&b, "1,2", (lf_range){-4, 4, 2}, 1), op_number(&b, 0)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshape_sizes), cmocka_unit_test(reshape_keeps_channels),
        cmocka_unit_test(transposes),    cmocka_unit_test(gathers),
        cmocka_unit_test(concats),       cmocka_unit_test(shapes),
        cmocka_unit_test(softmaxes),     cmocka_unit_test(topk_ties),
        cmocka_unit_test(host_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
