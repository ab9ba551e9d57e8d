/* Which constants lie on a grid. */
#include "op_bench.h"

#include "ops/const_grid.h"

static lf_tensor *detect(op_bench *b, const double *v, int64_t count) {
    lf_tensor *t = lf_const_reals(b->g, "c", lf_shape_make(1, &count), v);
    lf_const_grid_detect(b->g, t);
    for (int64_t i = 0; i < count; i++)
        assert_true(!lf_on_grid(t) || (double)lf_tensor_code(t, (size_t)i) * t->grid.scale[0] == v[i]);
    return t;
}

static void grids(void **state) {
    (void)state;
    static const struct {
        double v[4];
        double scale; /* 0: none */
        lf_range range;
    } cases[] = {
        {{-1, 1, 1, -1}, 1, {-1, 1, 2}},
        {{0, 3, 9, -6}, 1, {-6, 9, 3}},
        {{0.5, -0.25, 2, 0}, 0.25, {-1, 8, 1}},
        {{7, 7, 7, 7}, 1, {7, 7, 1}},
        {{9007199254740991, 0, 0, 0}, 1, {0, 9007199254740991, 9007199254740991}},
        {{9007199254740992, 0, 0, 0}, 0, {0}},
        {{65535 * 0.5, 0.5, 0, 0}, 0.5, {0, 65535, 1}},
        {{65535 * 0.5, 0.25, 0, 0}, 0, {0}},
        {{65537, 0.5, 0, 0}, 0, {0}},
        {{0.1, 1, 1, 1}, 0, {0}},
        {{INFINITY, 1, 1, 1}, 0, {0}},
        {{NAN, 1, 1, 1}, 0, {0}},
        {{0x1p-40, 0, 0, 0}, 0x1p-40, {0, 1, 1}},
        {{0x1p-41, 0, 0, 0}, 0, {0}},
        {{0x1p-40, 0x1p-25, 0, 0}, 0x1p-40, {0, 32768, 1}},
        {{0x1p-40, 0x1p-24, 0, 0}, 0, {0}},
        {{-0.0, 0.0, 0.0, 0.0}, 1, {0, 0, 1}},
    };
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        op_begin(&b);
        lf_tensor *t = detect(&b, cases[i].v, 4);
        assert_int_equal(lf_on_grid(t), cases[i].scale != 0);
        if (lf_on_grid(t)) {
            assert_true(t->grid.scale[0] == cases[i].scale);
            assert_range(t->range, cases[i].range.lo, cases[i].range.hi, cases[i].range.step);
            assert_true(lf_dtype_equal(t->dtype, lf_dtype_for(t->range, false)));
        }
        op_end(&b);
    }
}

/* 13421773 * 2^-27: any float32 is such a number, but nobody meant a grid. */
static void float32_tenth(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *t = detect(&b, (double[]){(double)0.1f}, 1);
    assert_false(lf_on_grid(t));
    op_end(&b);
}

static void integer_containers(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const uint8_t bytes[] = {200, 4, 8};
    lf_tensor *t = lf_tensor_new(b.g, "c", op_shape("3"), LF_FLOAT32);
    t->value = LF_NEW(b.g->arena, lf_const);
    *t->value = (lf_const){LF_ELEM_U8, 3, bytes};
    lf_const_grid_detect(b.g, t);
    assert_true(lf_is_codes(t));
    assert_range(t->range, 4, 200, 4);
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(grids), cmocka_unit_test(float32_tenth),
                                       cmocka_unit_test(integer_containers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
