/* The text form of circuits: it comes back the same, with parts and stages; what is wrong is named with file and line. */
#include "../context.h"

#include <stdbool.h>
#include <string.h>

#include "circuit/circuit.h"

static const char sample[] = "circuit 1\n"
                             "w1 = input -128..127\n"
                             "w2 = input 0..12/4\n"
                             "part encoder\n"
                             "w3 = const 37\n"
                             "w4 = less w1 w3\n"
                             "w5 = bit w1 0\n"
                             "part core\n"
                             "w6 = lut w4 w5 0x6\n"
                             "w7 = join w6 w5 w4 in 0..6\n"
                             "w8 = table w7 [5 ? -9 0 1 2 3] @1\n"
                             "part head\n"
                             "w9 = sub w8 w2 @1\n"
                             "outputs w9 w6\n"
                             "latency 2\n";

static void test_comes_back(void **state) {
    lf_ctx *ctx = *state;
    lf_text t = {0};
    lf_circuit *c = lf_circuit_parse(ctx, sample, sizeof sample - 1, "sample");
    assert_non_null(c);
    lf_circuit_print(c, &t);
    assert_string_equal(t.at, sample);
    assert_int_equal(c->latency, 2);
    assert_int_equal(lf_word_at(c, 4)->part, LF_PART_ENCODER);
    assert_int_equal(c->stage.at[9], 1);
    lf_circuit_stats s;
    lf_circuit_count(c, &s);
    assert_int_equal(s.luts[LF_PART_ENCODER], 8);
    assert_int_equal(s.luts[LF_PART_CORE], 1 + 5);
    assert_int_equal(s.depth, 2);
    assert_int_equal(s.registers[LF_PART_CORE], 2 + 3 + 2);
    assert_int_equal(s.registers[LF_PART_HEAD], 6);
    lf_text_free(&t);
    lf_circuit_free(c);
}

static void test_wrong_texts(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
        int line;
    } wrong[] = {
        {"", "circuit 1", 1},
        {"circuit 2\n", "circuit 1", 1},
        {"circuit 1\nw2 = input 0..1\n", "numbered in order", 2},
        {"circuit 1\nw1 = input 0..1\nw2 = frob w1\n", "no operation \"frob\"", 3},
        {"circuit 1\nw1 = input 1..0\n", "number here", 2},
        {"circuit 1\nw1 = input 0..3/2\n", "whole step", 2},
        {"circuit 1\nw1 = input 0..2305843009213693952\n", "60 bits", 2},
        {"circuit 1\nw1 = input 0..3\nw2 = add w1 w2\n", "a word above", 3},
        {"circuit 1\nw1 = input 0..3\nw2 = lut w1 0x2\n", "one bit", 3},
        {"circuit 1\nw1 = input 0..1\nw2 = lut w1 2\n", "truth table", 3},
        {"circuit 1\nw1 = input 0..3\nw2 = table w1 [1 2 3]\n", "beyond the table", 3},
        {"circuit 1\nw1 = input 0..3\nw2 = table w1 [1 2 3 4\n", "number here", 3},
        {"circuit 1\nw1 = input 0..1152921504606846975\nw2 = shift w1 1\n", "60 bits", 3},
        {"circuit 1\nw1 = input 0..3 4\noutputs w1\n", "means nothing", 2},
        {"circuit 1\npart tail\n", "no part", 2},
        {"circuit 1\nw1 = input 0..3\n", "outputs", 3},
        {"circuit 1\nw1 = input 0..3\nw2 = shift w1 1 @2\noutputs w2\nlatency 2\n", "before its operands, or after", 6},
        {"circuit 1\nw1 = input 0..3\nw2 = shift w1 1 @1\noutputs w2\n", "latency", 5},
        {"circuit 1\nw1 = input 0..3\nw2 = shift w1 1 @4096\n", "that fits", 3},
    };
    for (size_t i = 0; i < LF_COUNT(wrong); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_circuit *c = lf_circuit_parse(ctx, wrong[i].text, strlen(wrong[i].text), "x.circuit");
        if (c || !strstr(lf_diag_at(ctx, 0)->text, wrong[i].says) || lf_diag_at(ctx, 0)->where.line != wrong[i].line)
            print_message("%s: %s, line %d\n", wrong[i].text, c ? "read" : lf_diag_at(ctx, 0)->text,
                          c ? 0 : lf_diag_at(ctx, 0)->where.line);
        assert_null(c);
        assert_non_null(strstr(lf_diag_at(ctx, 0)->text, wrong[i].says));
        assert_int_equal(lf_diag_at(ctx, 0)->where.line, wrong[i].line);
        assert_string_equal(lf_diag_at(ctx, 0)->where.file, "x.circuit");
        lf_ctx_free(ctx);
    }
}

/* The limit is the same where stages are made, and it is said what to do. */
static void test_too_many_stages(void **state) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_circuit *c = lf_circuit_new(ctx);
    lf_word x = lf_circuit_input(c, (lf_range){0, 1, 1}), y = lf_circuit_input(c, (lf_range){0, 1, 1}), w = x;
    (void)state;
    for (int i = 0; i < LF_CIRCUIT_STAGES + 1; i++)
        w = lf_circuit_lut(c, (lf_word[]){w, i % 2 ? x : y}, 2, i % 3 ? 8 : 6);
    lf_circuit_output(c, w);
    assert_int_equal(lf_circuit_pipeline(c, 2), LF_OK);
    assert_in_range(c->latency, LF_CIRCUIT_STAGES / 2, LF_CIRCUIT_STAGES / 2 + 1);
    assert_int_equal(lf_circuit_pipeline(c, 1), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(ctx, 0)->hint, "--lut-depth"));
    lf_circuit_free(c);
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_comes_back), cmocka_unit_test(test_wrong_texts),
                                       cmocka_unit_test(test_too_many_stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
