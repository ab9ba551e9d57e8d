/* requantize and table: values, exact ranges, what is refused. */
#include "op_bench.h"

static void refuses(op_bench *b, const char *words) {
    assert_int_equal(op_infer(b), LF_BAD_INPUT);
    const char *text = lf_diag_at(b->ctx, lf_diag_count(b->ctx) - 1)->text;
    if (!strstr(text, words))
        fail_msg("expected '%s' in: %s", words, text);
}

static void expect(const op_bench *b, const int64_t *code) {
    for (size_t i = 0; i < b->out->count; i++)
        assert_int_equal(b->out->code[i], code[i]);
}

static void shifts_down_and_clips(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,2,3", (lf_range){-10, 10, 1}, 1);
    op_node(&b, "requantize", 3,
            OP_IN(x, op_const_codes(&b, "3", (int64_t[]){3, -1, 0}), op_const_codes(&b, "3", (int64_t[]){1, 0, 9})),
            "shift", "2", "lo", "-4", "hi", "5", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), -4, 5, 1);
    assert_range(op_range(b.out, 1), -3, 2, 1);
    assert_range(op_range(b.out, 2), 2, 2, 1);
    memcpy(b.in[0].code, (int64_t[]){-1, -10, 4, 10, 1, -4}, 6 * sizeof(int64_t));
    assert_int_equal(op_run(&b), LF_OK);
    expect(&b, (int64_t[]){-1, 2, 2, 5, -1, 2});
    op_node(&b, "requantize", 3,
            OP_IN(x, op_const_codes(&b, "1", (int64_t[]){-2}), op_const_codes(&b, "1", (int64_t[]){1})), "lo", "-100",
            "hi", "100", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -19, 21, 2);
    op_end(&b);
}

static void requantize_refuses(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,3", (lf_range){-10, 10, 1}, 1), *one = op_const_codes(&b, "1", (int64_t[]){1});
    op_node(&b, "requantize", 3, OP_IN(x, op_const_codes(&b, "2", (int64_t[]){3, -1}), one), "lo", "0", "hi", "1",
            NULL);
    refuses(&b, "mul must be 1 or 3 integers");
    op_node(&b, "requantize", 3, OP_IN(x, one, one), "lo", "2", "hi", "1", NULL);
    refuses(&b, "lo=2 is greater than hi=1");
    op_node(&b, "requantize", 3, OP_IN(x, op_const_codes(&b, "1", (int64_t[]){1LL << 60}), one), "lo", "0", "hi", "1",
            NULL);
    refuses(&b, "channel 0 leaves +-2^62");
    op_node(&b, "requantize", 3, OP_IN(x, x, one), "lo", "0", "hi", "1", NULL);
    refuses(&b, "is not a constant");
    op_node(&b, "requantize", 3, OP_IN(x, one, one), "lo", "0", "hi", "1", "PE", "2", NULL);
    refuses(&b, "PE=2 does not divide 3 channels");
    op_end(&b);
}

static void table_looks_up(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,2", (lf_range){-2, 2, 2}, 1);
    op_node(&b, "table", 2,
            OP_IN(x, op_const_codes(&b, "2,6", (int64_t[]){99, 7, 99, 1, 99, 4, 99, -5, 99, -5, 99, 0})), "lo", "-3",
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), 1, 7, 3);
    assert_range(op_range(b.out, 1), -5, 0, 5);
    memcpy(b.in[0].code, (int64_t[]){-2, 2}, 2 * sizeof(int64_t));
    assert_int_equal(op_run(&b), LF_OK);
    expect(&b, (int64_t[]){7, 0});
    op_end(&b);
}

static void table_refuses(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,2", (lf_range){-2, 2, 1}, 1);
    op_node(&b, "table", 2, OP_IN(x, op_const_codes(&b, "1,4", (int64_t[]){1, 2, 3, 4})), "lo", "-2", NULL);
    refuses(&b, "-2..2 leave the table, which has 4 entries from -2");
    op_node(&b, "table", 2, OP_IN(x, op_const_codes(&b, "3,5", (int64_t[15]){0})), "lo", "-2", NULL);
    refuses(&b, "[1, N] or [2, N]");
    op_node(&b, "table", 2,
            OP_IN(op_codes(&b, "1,2", (lf_range){0, 5000, 1}, 1), op_const_codes(&b, "1,1", (int64_t[]){1})), NULL);
    refuses(&b, "13 bits");
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shifts_down_and_clips),
        cmocka_unit_test(requantize_refuses),
        cmocka_unit_test(table_looks_up),
        cmocka_unit_test(table_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
