/* LUTs that carry chains compute: which ones, that they count nothing, that they are where their adder is, and what a popcount takes. */
#include "../context.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "circuit/add_bits.h"

enum { BITS = 107 };

static lf_word bit_in(lf_circuit *c) {
    return lf_circuit_input(c, (lf_range){0, 1, 1});
}

/* A word of `count` LUTs of `inputs` new bits each. */
static lf_word lut_word(lf_circuit *c, int count, int inputs, lf_word *lut) {
    for (int k = 0; k < count; k++) {
        lf_word in[LF_LUT_INPUTS];
        for (int j = 0; j < inputs; j++)
            in[j] = bit_in(c);
        lut[k] = lf_circuit_lut(c, in, inputs, 0x8000000000000001u | (uint64_t)1 << ((1 << inputs) - 1));
    }
    return lf_circuit_join(c, lut, count, false);
}

/* Beside a LUT of `widest` inputs: a sum of a word of `width` bits and one of `count` LUTs: so many of them are absorbed, and LUTs are counted as said. */
static void check_sum(lf_ctx *ctx, int widest, int width, int count, int inputs, bool shared, bool first, int absorbed,
                      size_t luts) {
    lf_circuit *c = lf_circuit_new(ctx);
    lf_word lut[8], a = 0, x;
    if (!first)
        a = lf_circuit_input(c, (lf_range){0, ((int64_t)1 << width) - 1, 1});
    x = lut_word(c, count, inputs, lut);
    if (first)
        a = lf_circuit_input(c, (lf_range){0, ((int64_t)1 << width) - 1, 1});
    lf_circuit_output(c, lf_circuit_add(c, a, x));
    lf_word wide[1];
    lf_circuit_output(c, lut_word(c, 1, widest, wide));
    if (shared)
        lf_circuit_output(c, lut[0]);
    lf_arena *scratch = lf_arena_new();
    const uint8_t *mark = lf_circuit_absorbed(c, scratch);
    int found = 0;
    for (int k = 0; k < count; k++)
        found += mark[lut[k]];
    assert_int_equal(found, absorbed);
    assert_int_equal(lf_word_absorbs(c, mark, x), absorbed);
    assert_int_equal(lf_circuit_luts(c), luts);
    lf_arena_free(scratch);
    lf_circuit_free(c);
}

static void test_which(void **state) {
    lf_ctx *ctx = *state;
    check_sum(ctx, 6, 3, 3, 5, false, false, 3, 4);
    check_sum(ctx, 6, 3, 3, 5, false, true, 3, 4);  /* whichever operand it is */
    check_sum(ctx, 6, 3, 3, 6, false, false, 0, 7); /* no input to spare */
    check_sum(ctx, 6, 3, 3, 5, true, false, 2, 5);  /* something else reads one */
    check_sum(ctx, 6, 2, 3, 5, false, false, 2, 4); /* the third meets no bit */
    check_sum(ctx, 6, 5, 3, 2, false, false, 3, 4); /* the carry goes on by itself */
    check_sum(ctx, 4, 5, 3, 2, false, false, 0, 7); /* LUTs of four inputs */
}

/* Absorbed LUTs are in the stage of their adder, and nothing is longer than it may be. */
static void check_stages(const lf_circuit *c, const uint8_t *mark) {
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        for (int side = 0; d->op == LF_WORD_ADD && side < 2; side++) {
            lf_word operand = side ? d->b : d->a;
            const lf_word_def *x = lf_word_at(c, operand);
            assert_true(!lf_word_absorbs(c, mark, operand) || c->stage.at[operand] == c->stage.at[w]);
            for (int k = 0; x->op == LF_WORD_JOIN && k < x->arg_count; k++)
                assert_true(!mark[x->args[k]] || c->stage.at[x->args[k]] == c->stage.at[w]);
        }
    }
}

static void test_popcount(void **state) {
    lf_ctx *ctx = *state;
    lf_circuit *c = lf_circuit_new(ctx);
    lf_weighted_bit bits[BITS] = {0};
    for (size_t i = 0; i < BITS; i++)
        bits[i].bit = bit_in(c);
    lf_circuit_output(c, lf_circuit_add_bits(c, bits, BITS));
    lf_arena *scratch = lf_arena_new();
    const uint8_t *mark = lf_circuit_absorbed(c, scratch);
    printf("%d bits: %zu LUTs\n", BITS, lf_circuit_luts(c));
    assert_true(lf_circuit_luts(c) <= 76); /* counters of six bits and carry chains: 106 */
    for (int depth = 1; depth <= 3; depth++) {
        lf_circuit_stats s;
        assert_int_equal(lf_circuit_pipeline(c, depth), LF_OK);
        lf_circuit_count(c, &s);
        assert_true(s.depth <= depth && s.registers[LF_PART_CORE] > 0);
        check_stages(c, mark);
    }
    lf_arena_free(scratch);
    lf_circuit_free(c);
}

/* As many and as heavy bits as 60 bits hold: counters of counters say more than the sum can be. */
static void test_heavy_bits(void **state) {
    enum { MANY = 32767, POWER = 44 };
    for (int adders = 0; adders < 2; adders++) {
        lf_circuit *c = lf_circuit_new(*state);
        lf_arena *a = lf_arena_new();
        lf_weighted_bit *bits = LF_NEW_ARRAY(a, lf_weighted_bit, MANY);
        int64_t *in = LF_NEW_ARRAY(a, int64_t, MANY), sum, want = 0;
        for (size_t i = 0; i < MANY; i++)
            bits[i] = (lf_weighted_bit){bit_in(c), POWER};
        c->count_with_adders = adders;
        lf_circuit_output(c, lf_circuit_add_bits(c, bits, MANY));
        assert_int_equal(lf_circuit_ok(c), LF_OK);
        int64_t *scratch = LF_NEW_ARRAY(a, int64_t, c->words.count);
        for (int row = 0; row < 3; row++, want = 0) {
            for (size_t i = 0; i < MANY; i++)
                want += in[i] = row == 0 || (i * 7 / 3 + i / 5) % 3 < (size_t)row;
            lf_circuit_run(c, in, &sum, scratch);
            assert_int_equal(sum >> POWER, want);
        }
        lf_arena_free(a);
        lf_circuit_free(c);
    }
}

/* Built stage by stage: a register between LUTs and adder keeps them apart; copies and texts keep the stages, but not what nobody needs. */
static void test_by_stages(void **state) {
    lf_ctx *ctx = *state;
    lf_circuit *c = lf_circuit_new(ctx), *layer = lf_circuit_new(ctx);
    lf_word lut[3], x[2], sum, apart;
    x[0] = lf_circuit_input(c, (lf_range){0, 7, 1});
    x[1] = lut_word(c, 3, 5, lut);
    lf_circuit_stage_rest(c, 0);
    apart = lf_circuit_add(layer, lf_circuit_input(layer, (lf_range){0, 7, 1}),
                           lf_circuit_input(layer, (lf_range){0, 7, 1}));
    lf_circuit_output(layer, apart);
    layer->words.at[apart].part = LF_PART_HEAD;
    lf_circuit_append(c, layer, x, &sum);
    (void)lf_circuit_shift(c, x[0], 3); /* nobody needs it */
    lf_circuit_stage_rest(c, 1);
    lf_circuit_output(c, sum);
    lf_circuit *clean = lf_circuit_clean_staged(c);
    assert_int_equal(clean->latency, 2);
    assert_int_equal(clean->words.count, c->words.count - 1);
    assert_int_equal(lf_circuit_luts(clean), 6); /* three and three: absorbed, they would be three */
    lf_circuit_stats s;
    lf_circuit_count(clean, &s);
    assert_int_equal(s.luts[LF_PART_HEAD], 3);
    assert_int_equal(s.depth, 1);
    lf_text t = {0}, again = {0};
    lf_circuit_print(clean, &t);
    lf_circuit *back = lf_circuit_parse(ctx, t.at, t.len, "t");
    assert_non_null(back);
    lf_circuit_print(back, &again);
    assert_string_equal(t.at, again.at);
    assert_int_equal(lf_circuit_pipeline(clean, 1), LF_OK); /* stages found anew: one adder with its LUTs */
    assert_int_equal(clean->latency, 1);
    assert_int_equal(lf_circuit_luts(clean), 3);
    lf_text_free(&t);
    lf_text_free(&again);
    lf_circuit_free(back);
    lf_circuit_free(clean);
    lf_circuit_free(layer);
    lf_circuit_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_which), WITH_CONTEXT(test_popcount),
                                       WITH_CONTEXT(test_heavy_bits), WITH_CONTEXT(test_by_stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
