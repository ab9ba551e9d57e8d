/* matmul against cases worked out by hand and a triple loop; exact ranges; the kernel's narrow, mixed and wide paths. */
#include "op_bench.h"

#include <stdio.h>

#include "base/rng.h"

static void integer_product(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const int64_t w[] = {1, -2, 3, 0, -1, 2}; /* [3, 2] */
    op_node(&b, "matmul", 2, OP_IN(op_codes(&b, "2,3", (lf_range){-1, 2, 1}, 0.1), op_const_codes(&b, "3,2", w)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale[0] == 0.1);
    /* column 0: x0 + 3 x1 - x2, column 1: -2 x0 + 2 x2 */
    assert_range(op_range(b.out, 0), -1 - 3 - 2, 2 + 6 + 1, 1);
    assert_range(op_range(b.out, 1), -4 - 2, 2 + 4, 2);
    assert_range(op_y(&b)->range, -6, 9, 1);
    static const int64_t x[] = {1, 2, -1, 2, 0, 1}, want[] = {8, -4, 1, -2};
    memcpy(b.in[0].code, x, sizeof x);
    assert_int_equal(op_run(&b), LF_OK);
    assert_memory_equal(b.out->code, want, sizeof want);
    op_end(&b);
}

static void bipolar_sum(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    int64_t w[64];
    for (int i = 0; i < 64; i++)
        w[i] = i % 3 ? 1 : -1;
    op_node(&b, "matmul", 2, OP_IN(op_codes(&b, "1,64", (lf_range){-1, 1, 2}, 1), op_const_codes(&b, "64,1", w)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -64, 64, 2);
    op_end(&b);
}

static void scales(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const int64_t w[] = {1, 2, 3, 4};
    lf_tensor *x = op_codes(&b, "3,2", (lf_range){0, 3, 1}, 0.1), *c = op_const_codes(&b, "2,2", w);
    c->grid = (lf_grid){.scale = (const double[]){0.3, -0.7}, .scale_count = 2, .axis = 1};
    op_node(&b, "matmul", 2, OP_IN(x, c), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    const lf_grid *g = &op_y(&b)->grid;
    assert_true(g->scale_count == 2 && g->axis == 1 && g->scale[0] == 0.1 * 0.3 && g->scale[1] == 0.1 * -0.7);
    /* a scale per row */
    lf_tensor *rows = op_codes_by(&b, "3,2", (lf_range){0, 3, 1}, 0, (double[]){1, 2, 3});
    op_node(&b, "matmul", 2, OP_IN(rows, op_const_codes(&b, "2,2", w)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale_count == 3 && op_y(&b)->grid.axis == 0);
    /* scales along the summed axis: real, in ascending order */
    lf_tensor *inner = op_codes_by(&b, "1,2", (lf_range){0, 3, 1}, 1, (double[]){0.1, 0.2});
    op_node(&b, "matmul", 2, OP_IN(inner, op_const_codes(&b, "2,2", w)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_false(lf_on_grid(op_y(&b)));
    b.in[0].code[0] = b.in[0].code[1] = 3;
    assert_int_equal(op_run(&b), LF_OK);
    assert_true(b.out->real[0] == 3 * 0.1 * 1 + 3 * 0.2 * 3 && b.out->real[1] == 3 * 0.1 * 2 + 3 * 0.2 * 4);
    op_end(&b);
}

/* 1e16 + 1 - 1e16 is 0 only when added from the left. */
static void real_order(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "matmul", 2, OP_IN(op_real(&b, "1,3"), op_const(&b, "3,1", (double[]){1e16, 1, -1e16})), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    for (int i = 0; i < 3; i++)
        b.in[0].real[i] = 1;
    assert_int_equal(op_run(&b), LF_OK);
    assert_true(b.out->real[0] == 0);
    op_end(&b);
}

static void shapes(void **state) {
    (void)state;
    static const struct {
        const char *a, *b, *y;
    } good[] = {{"4", "4", "[]"},        {"2,4", "4", "[2]"},         {"4", "4,3", "[3]"},
                {"2,4", "4,3", "[2,3]"}, {"5,2,4", "4,3", "[5,2,3]"}, {"5,1,2,4", "6,4,3", "[5,6,2,3]"}};
    for (size_t i = 0; i < LF_COUNT(good); i++) {
        op_bench b;
        op_begin(&b);
        op_node(
            &b, "matmul", 2,
            OP_IN(op_codes(&b, good[i].a, (lf_range){-1, 1, 1}, 1), op_codes(&b, good[i].b, (lf_range){0, 2, 1}, 1)),
            NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        assert_string_equal(lf_shape_text(b.a, op_y(&b)->shape), good[i].y);
        assert_range(op_y(&b)->range, -8, 8, 1);
        for (size_t k = 0; k < b.in[0].count; k++)
            b.in[0].code[k] = -1;
        for (size_t k = 0; k < b.in[1].count; k++)
            b.in[1].code[k] = 2;
        assert_int_equal(op_run(&b), LF_OK);
        for (size_t k = 0; k < b.out->count; k++)
            assert_int_equal(b.out->code[k], -8);
        op_end(&b);
    }
    static const char *const bad[][2] = {{"2,4", "3,4"}, {"", "4"}, {"2,2,4", "3,4,4"}};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "matmul", 2, OP_IN(op_real(&b, bad[i][0]), op_real(&b, bad[i][1])), NULL);
        assert_int_equal(op_infer(&b), LF_BAD_INPUT);
        op_end(&b);
    }
}

static void too_large(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_range big = {0, (int64_t)1 << 40, 1};
    static const int64_t w[] = {1 << 22};
    op_node(&b, "matmul", 2, OP_IN(op_codes(&b, "1,1", big, 1), op_const_codes(&b, "1,1", w)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

/* Every path against a triple loop, and the ends of the exact ranges reached by the inputs that make them. */
static void random_products(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(7, 1);
    for (int round = 0; round < 60; round++) {
        static const int64_t most_x[] = {1, 7, 127, 40000, (int64_t)1 << 33}, most_w[] = {1, 7, 127, 30000, 70000};
        int64_t mx = most_x[round % 5], mw = most_w[round / 5 % 5], k = lf_rng_between(&rng, 1, 70),
                n = lf_rng_between(&rng, 1, 9);
        op_bench b;
        op_begin(&b);
        int64_t *w = LF_NEW_ARRAY(b.a, int64_t, k * n);
        for (int64_t i = 0; i < k * n; i++)
            w[i] = lf_rng_between(&rng, -mw, mw);
        char xs[32], ws[32];
        snprintf(xs, sizeof xs, "1,%lld", (long long)k);
        snprintf(ws, sizeof ws, "%lld,%lld", (long long)k, (long long)n);
        lf_range r = {-mx, mx, 1};
        op_node(&b, "matmul", 2, OP_IN(op_codes(&b, xs, r, 1), op_const_codes(&b, ws, w)), NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        for (int64_t c = -1; c < n; c++) {
            for (int64_t i = 0; i < k; i++)
                b.in[0].code[i] = c < 0 ? lf_rng_between(&rng, -mx, mx) : w[i * n + c] > 0 ? mx : -mx;
            assert_int_equal(op_run(&b), LF_OK);
            for (int64_t j = 0; j < n; j++) {
                int64_t sum = 0;
                for (int64_t i = 0; i < k; i++)
                    sum += b.in[0].code[i] * w[i * n + j];
                assert_int_equal(b.out->code[j], sum);
                assert_true(lf_range_holds(op_range(b.out, (size_t)j), sum));
                if (j == c)
                    assert_int_equal(op_range(b.out, (size_t)j).hi, sum);
            }
        }
        op_end(&b);
    }
}

/* Weights on the left, and ranges known per element of the summed axis. */
static void constant_on_the_left(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const int64_t w[] = {2, -1, 0, 3};
    lf_tensor *x = op_codes(&b, "2,3", (lf_range){0, 9, 1}, 1);
    x->channel_range = (const lf_range[]){{0, 1, 1}, {0, 9, 3}};
    x->range_axis = 0;
    op_node(&b, "matmul", 2, OP_IN(op_const_codes(&b, "2,2", w), x), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(op_y(&b)->range_axis, 0);
    assert_range(op_range(b.out, 0), -9, 2, 1);
    assert_range(op_range(b.out, 3), 0, 27, 9);
    static const int64_t in[] = {1, 0, 1, 3, 9, 0}, want[] = {-1, -9, 2, 9, 27, 0};
    memcpy(b.in[1].code, in, sizeof in);
    assert_int_equal(op_run(&b), LF_OK);
    assert_memory_equal(b.out->code, want, sizeof want);
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_product), cmocka_unit_test(bipolar_sum),
        cmocka_unit_test(scales),          cmocka_unit_test(real_order),
        cmocka_unit_test(shapes),          cmocka_unit_test(too_large),
        cmocka_unit_test(random_products), cmocka_unit_test(constant_on_the_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
