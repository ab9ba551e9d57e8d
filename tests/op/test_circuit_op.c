/* The op `circuit`: what exec computes with several ports, and what infer refuses. */
#include "op_bench.h"

static lf_tensor *text(op_bench *b, const char *t) {
    int64_t code[512], count = (int64_t)strlen(t);
    for (int64_t i = 0; i < count; i++)
        code[i] = (uint8_t)t[i];
    return lf_const_codes(b->g, "text", lf_shape_make(1, &count), code);
}

static const char sums[] = "circuit 1\n"
                           "w1 = input 0..3\n"
                           "w2 = input 0..3\n"
                           "w3 = input -4..3\n"
                           "w4 = add w1 w2\n"
                           "w5 = sub w4 w3\n"
                           "w6 = less w1 w2\n"
                           "outputs w5 w4 w6\n";

/* Two inputs, two outputs: elements one tensor after the other. */
static void computes(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    b.outs = 2;
    op_node(
        &b, "circuit", 3,
        OP_IN(op_codes(&b, "1,2", (lf_range){0, 3, 1}, 1), op_codes(&b, "1", (lf_range){-4, 3, 1}, 1), text(&b, sums)),
        "shapes", "[1, 1, 2, 1, 2]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(&b.out[0], 0), -3, 10, 1);
    assert_range(op_range(&b.out[1], 0), 0, 6, 1);
    assert_int_equal(b.out[1].tensor->shape.rank, 2);
    for (int64_t v = 0; v < 128; v++) {
        int64_t x = v % 4, y = v / 4 % 4, z = v / 16 - 4;
        b.in[0].code[0] = x;
        b.in[0].code[1] = y;
        b.in[1].code[0] = z;
        assert_int_equal(op_run(&b), LF_OK);
        assert_int_equal(b.out[0].code[0], x + y - z);
        assert_int_equal(b.out[1].code[0], x + y);
        assert_int_equal(b.out[1].code[1], x < y);
    }
    op_end(&b);
}

typedef struct wrong_use {
    const char *text, *shapes, *x;
    lf_range range;
    const char *words;
} wrong_use;

static const wrong_use wrong[] = {
    {sums, "[1, 3]", "2", {0, 3, 1}, "the circuit has 3 inputs, the node has 2 elements"},
    {sums, "[1, 2]", "3", {0, 3, 1}, "the circuit has 3 outputs, the node has 2 elements"},
    {sums, "[1, 3]", "3", {0, 4, 1}, "element 0 of x has codes 0..4, the circuit takes 0..3"},
    {sums, "[1, 3]", "3", {-1, 3, 1}, "element 0 of x has codes -1..3, the circuit takes 0..3"},
    {sums, "[2, 3]", "3", {0, 3, 1}, "shapes must be"},
    {sums, "[1, 3, 0]", "3", {0, 3, 1}, "shapes must be"},
    {sums, "[1, -3]", "3", {0, 3, 1}, "shapes must be"},
    {sums, "[9, 1, 1, 1, 1, 1, 1, 1, 1, 3]", "3", {0, 3, 1}, "shapes must be"},
    {sums, "[2, 4000000000, 4000000000]", "3", {0, 3, 1}, "elements"},
    {sums, "[]", "3", {0, 3, 1}, "shapes must be"},
    {"circuit 1\nw1 = nonsense\n", "[1, 3]", "3", {0, 3, 1}, "nonsense"},
    {" ", "[1, 3]", "3", {0, 3, 1}, "circuit"},
};

static bool said(const op_bench *b, const char *words) {
    for (size_t i = 0; i < lf_diag_count(b->ctx); i++)
        if (strstr(lf_diag_text(b->a, lf_diag_at(b->ctx, i)), words))
            return true;
    print_message("nothing says: %s\n", words);
    for (size_t i = 0; i < lf_diag_count(b->ctx); i++)
        print_message("%s\n", lf_diag_text(b->a, lf_diag_at(b->ctx, i)));
    return false;
}

static void refuses(void **state) {
    (void)state;
    for (size_t i = 0; i < LF_COUNT(wrong); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "circuit", 2, OP_IN(op_codes(&b, wrong[i].x, wrong[i].range, 1), text(&b, wrong[i].text)), "shapes",
                wrong[i].shapes, NULL);
        assert_int_equal(op_infer(&b), LF_BAD_INPUT);
        assert_true(said(&b, wrong[i].words));
        op_end(&b);
    }
}

/* What is no text, and what is no stream. */
static void refuses_operands(void **state) {
    (void)state;
    lf_range bits = {0, 1, 1};
    const int64_t large[] = {70, 300}, one[] = {1};
    op_bench b;
    op_begin(&b);
    op_node(&b, "circuit", 2, OP_IN(op_codes(&b, "1", bits, 1), op_const_codes(&b, "2", large)), "shapes", "[0]", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "circuit", 2, OP_IN(op_codes(&b, "1", bits, 1), op_codes(&b, "1", bits, 1)), "shapes", "[0]", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "circuit", 2, OP_IN(op_codes(&b, "3", bits, 0.5), text(&b, sums)), "shapes", "[1, 3]", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "circuit", 3, OP_IN(op_codes(&b, "2", bits, 1), op_const_codes(&b, "1", one), text(&b, sums)), "shapes",
            "[1, 3]", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_operands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
