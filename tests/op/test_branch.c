/* fork, sum_join, product_join, concat_join, split_fork, frame against cases worked out by hand. */
#include "op_bench.h"

#include "base/rng.h"

static lf_tensor *by_channel(op_bench *b, lf_tensor *t, int axis, const lf_range *r) {
    t->channel_range = lf_copy(b->g->arena, r, (size_t)t->shape.dim[axis] * sizeof *r);
    t->range_axis = axis;
    return t;
}

static void fill(op_bench *b, int operand, const int64_t *code) {
    memcpy(b->in[operand].code, code, b->in[operand].count * sizeof *code);
}

static void expect(const lf_value *v, const int64_t *code, size_t count) {
    assert_int_equal(v->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(v->code[i], code[i]);
}

static void refuses(op_bench *b, const char *words) {
    assert_int_equal(op_infer(b), LF_BAD_INPUT);
    const char *text = lf_diag_at(b->ctx, lf_diag_count(b->ctx) - 1)->text;
    if (!strstr(text, words))
        fail_msg("expected '%s' in: %s", words, text);
}

static void fork_copies(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    b.outs = 3;
    lf_tensor *x = op_codes(&b, "1,2", (lf_range){-4, 5, 3}, 1);
    op_node(&b, "fork", 1, OP_IN(by_channel(&b, x, 1, (lf_range[]){{-4, 2, 3}, {-1, 5, 3}})), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    fill(&b, 0, (int64_t[]){-4, 5});
    assert_int_equal(op_run(&b), LF_OK);
    for (int i = 0; i < 3; i++) {
        expect(&b.out[i], (int64_t[]){-4, 5}, 2);
        assert_range(op_range(&b.out[i], 0), -4, 2, 3);
        assert_range(op_range(&b.out[i], 1), -1, 5, 3);
    }
    op_end(&b);
}

static void sum_has_factors(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,1,2", (lf_range){-4, 5, 3}, 1), *y = op_codes(&b, "1,1,2", (lf_range){0, 7, 1}, 1);
    op_node(&b, "sum_join", 2, OP_IN(by_channel(&b, x, 2, (lf_range[]){{-4, 2, 3}, {-1, 5, 3}}), y), "a_factor", "-4",
            "b_factor", "3", "PE", "2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), -8, 37, 3);
    assert_range(op_range(b.out, 1), -20, 25, 3);
    assert_range(op_y(&b)->range, -20, 37, 3);
    fill(&b, 0, (int64_t[]){2, -1});
    fill(&b, 1, (int64_t[]){7, 1});
    assert_int_equal(op_run(&b), LF_OK);
    expect(b.out, (int64_t[]){13, 7}, 2);
    op_end(&b);
}

static void sum_refuses(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_range r = {-4, 4, 1};
    op_node(&b, "sum_join", 2, OP_IN(op_codes(&b, "1,2", r, 1), op_codes(&b, "1,3", r, 1)), NULL);
    refuses(&b, "equal shapes");
    op_node(&b, "sum_join", 2, OP_IN(op_codes(&b, "1,2", r, 1), op_codes(&b, "1,2", r, 0.5)), NULL);
    refuses(&b, "integers with scale 1");
    op_node(&b, "sum_join", 2, OP_IN(op_codes(&b, "1,2", r, 1), op_const_codes(&b, "1,2", (int64_t[]){1, 2})), NULL);
    refuses(&b, "is a constant");
    op_node(&b, "sum_join", 2, OP_IN(op_codes(&b, "1,6", r, 1), op_codes(&b, "1,6", r, 1)), "PE", "4", NULL);
    refuses(&b, "PE=4 does not divide 6 channels; legal: 1 2 3 6");
    op_node(&b, "sum_join", 2, OP_IN(op_codes(&b, "1,2", r, 1), op_codes(&b, "1,2", r, 1)), "a_factor",
            "4000000000000000000", NULL);
    refuses(&b, "+-2^62");
    op_end(&b);
}

static void product_of_codes(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "product_join", 2,
            OP_IN(op_codes(&b, "1,2", (lf_range){-6, 4, 2}, 1), op_codes(&b, "1,2", (lf_range){-1, 1, 2}, 1)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -6, 6, 2);
    fill(&b, 0, (int64_t[]){-6, 4});
    fill(&b, 1, (int64_t[]){-1, 1});
    assert_int_equal(op_run(&b), LF_OK);
    expect(b.out, (int64_t[]){6, 4}, 2);
    lf_range wide = {-(1LL << 40), 1LL << 40, 1};
    op_node(&b, "product_join", 2, OP_IN(op_codes(&b, "1,2", wide, 1), op_codes(&b, "1,2", wide, 1)), NULL);
    refuses(&b, "+-2^62");
    op_end(&b);
}

static void concat_interleaves_pixels(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x[3] = {op_codes(&b, "1,2,1", (lf_range){-1, 1, 2}, 1), op_codes(&b, "1,2,2", (lf_range){0, 9, 1}, 1),
                       op_codes(&b, "1,2,1", (lf_range){-3, 3, 3}, 1)};
    by_channel(&b, x[1], 2, (lf_range[]){{0, 3, 1}, {5, 9, 2}});
    op_node(&b, "concat_join", 3, x, NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), -1, 1, 2);
    assert_range(op_range(b.out, 1), 0, 3, 1);
    assert_range(op_range(b.out, 2), 5, 9, 2);
    assert_range(op_range(b.out, 3), -3, 3, 3);
    assert_int_equal(lf_dtype_bits(op_y(&b)->dtype), 5);
    fill(&b, 0, (int64_t[]){-1, 1});
    fill(&b, 1, (int64_t[]){0, 5, 3, 9});
    fill(&b, 2, (int64_t[]){-3, 0});
    assert_int_equal(op_run(&b), LF_OK);
    expect(b.out, (int64_t[]){-1, 0, 5, -3, 1, 3, 9, 0}, 8);
    op_node(&b, "concat_join", 2,
            OP_IN(op_codes(&b, "1,2,1", (lf_range){0, 1, 1}, 1), op_codes(&b, "1,3,1", (lf_range){0, 1, 1}, 1)), NULL);
    refuses(&b, "all axes but the last");
    op_node(&b, "concat_join", 2,
            OP_IN(op_codes(&b, "1,2,4", (lf_range){0, 1, 1}, 1), op_codes(&b, "1,2,6", (lf_range){0, 1, 1}, 1)), "PE",
            "4", NULL);
    refuses(&b, "PE=4 does not divide 6 channels");
    op_end(&b);
}

static void split_takes_apart(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    b.outs = 2;
    lf_tensor *x = op_codes(&b, "1,2,3", (lf_range){-3, 9, 1}, 1);
    by_channel(&b, x, 2, (lf_range[]){{0, 3, 1}, {0, 1, 1}, {-3, 9, 1}});
    op_node(&b, "split_fork", 1, OP_IN(x), "sizes", "[2, 1]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(b.out[0].tensor->range, 0, 3, 1);
    assert_int_equal(lf_dtype_bits(b.out[0].tensor->dtype), 2);
    assert_range(op_range(&b.out[0], 1), 0, 1, 1);
    assert_range(b.out[1].tensor->range, -3, 9, 1);
    fill(&b, 0, (int64_t[]){3, 1, -3, 2, 0, 9});
    assert_int_equal(op_run(&b), LF_OK);
    expect(&b.out[0], (int64_t[]){3, 1, 2, 0}, 4);
    expect(&b.out[1], (int64_t[]){-3, 9}, 2);
    op_node(&b, "split_fork", 1, OP_IN(x), "sizes", "[2, 2]", NULL);
    refuses(&b, "output 1 gets 2 channels, but 1 of 3 are left");
    op_node(&b, "split_fork", 1, OP_IN(x), "sizes", "[1, 1]", NULL);
    refuses(&b, "1 of 3 channels go to no output");
    op_node(&b, "split_fork", 1, OP_IN(x), "sizes", "[3]", NULL);
    refuses(&b, "1 entries for 2 outputs");
    op_end(&b);
}

static void run_frame(const char *shape, const char *pads, const char *steps, const char *pad_code, lf_range r,
                      const int64_t *want, size_t count) {
    op_bench b;
    op_begin(&b);
    op_node(&b, "frame", 1, OP_IN(op_codes(&b, shape, (lf_range){1, 100, 1}, 1)), "pads", pads, "steps", steps,
            "pad_code", pad_code, NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, r.lo, r.hi, r.step);
    for (size_t i = 0; i < b.in[0].count; i++)
        b.in[0].code[i] = (int64_t)i + 1;
    assert_int_equal(op_run(&b), LF_OK);
    expect(b.out, want, count);
    op_end(&b);
}

static void frame_moves(void **state) {
    (void)state;
    run_frame("1,2,3,1", "[1, 0, 0, 1]", "[]", "-7", (lf_range){-7, 100, 1},
              (int64_t[]){-7, -7, -7, -7, 1, 2, 3, -7, 4, 5, 6, -7}, 12);
    run_frame("1,3,3,1", "[-1, 0, 0, -1]", "[]", "0", (lf_range){1, 100, 1}, (int64_t[]){4, 5, 7, 8}, 4);
    run_frame("1,3,3,1", "[]", "[2, 2]", "0", (lf_range){1, 100, 1}, (int64_t[]){1, 3, 7, 9}, 4);
    run_frame("1,2,2,2", "[0, 1, 0, 0]", "[2, 2]", "0", (lf_range){0, 100, 1}, (int64_t[]){0, 0, 3, 4}, 4);
    run_frame("1,4,1", "[-1, 2]", "[3]", "0", (lf_range){0, 100, 1}, (int64_t[]){2, 0}, 2);
    run_frame("1,2,1", "[2, -1]", "[1]", "9", (lf_range){1, 100, 1}, (int64_t[]){9, 9, 1}, 3);
}

/* Padding counts where it is written: not when the steps leave it out. */
static void frame_ranges(void **state) {
    (void)state;
    run_frame("1,4,1", "[0, 1]", "[2]", "0", (lf_range){0, 100, 1}, (int64_t[]){1, 3, 0}, 3);
    run_frame("1,3,1", "[0, 1]", "[2]", "0", (lf_range){1, 100, 1}, (int64_t[]){1, 3}, 2);
}

static void frame_refuses(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,3,3,6", (lf_range){0, 3, 1}, 1);
    op_node(&b, "frame", 1, OP_IN(x), "pads", "[1, 1]", NULL);
    refuses(&b, "pads has 2 entries, [1,3,3,6] wants 4");
    op_node(&b, "frame", 1, OP_IN(x), "pads", "[-2, 0, -1, 0]", NULL);
    refuses(&b, "leave nothing of axis 1");
    op_node(&b, "frame", 1, OP_IN(x), "steps", "[0, 1]", NULL);
    refuses(&b, "steps has the entry 0");
    op_node(&b, "frame", 1, OP_IN(x), "SIMD", "4", NULL);
    refuses(&b, "SIMD=4 does not divide 6 channels");
    op_node(&b, "frame", 1, OP_IN(x), "pads", "[536870912, 536870912, 0, 0]", NULL);
    refuses(&b, "more than 2^31 elements");
    op_node(&b, "frame", 1, OP_IN(op_codes(&b, "3,6", (lf_range){0, 3, 1}, 1)), NULL);
    refuses(&b, "not on [3,6]");
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fork_copies),       cmocka_unit_test(sum_has_factors),
        cmocka_unit_test(sum_refuses),       cmocka_unit_test(product_of_codes),
        cmocka_unit_test(split_takes_apart), cmocka_unit_test(concat_interleaves_pixels),
        cmocka_unit_test(frame_moves),       cmocka_unit_test(frame_ranges),
        cmocka_unit_test(frame_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
