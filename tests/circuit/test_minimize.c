#include "../context.h"

#include <stdio.h>

#include "random_circuits.h"
#include "base/run.h"
#include "circuit/minimize.h"

static void assert_same_rows(const lf_circuit *c, const lf_circuit *d, uint64_t seed, int rows) {
    lf_arena *a = lf_arena_new();
    lf_rng r = lf_rng_make(seed, 9);
    size_t words = c->words.count > d->words.count ? c->words.count : d->words.count;
    int64_t *in = LF_NEW_ARRAY(a, int64_t, c->inputs.count + 1), *p = LF_NEW_ARRAY(a, int64_t, c->outputs.count + 1);
    int64_t *q = LF_NEW_ARRAY(a, int64_t, c->outputs.count + 1), *scratch = LF_NEW_ARRAY(a, int64_t, words);
    assert_int_equal(c->inputs.count, d->inputs.count);
    assert_int_equal(c->outputs.count, d->outputs.count);
    for (int row = 0; row < rows; row++) {
        for (size_t i = 0; i < c->inputs.count; i++)
            in[i] = random_value(&r, lf_word_range(c, c->inputs.at[i]));
        lf_circuit_run(c, in, p, scratch);
        lf_circuit_run(d, in, q, scratch);
        for (size_t o = 0; o < c->outputs.count; o++)
            assert_int_equal(p[o], q[o]);
    }
    lf_arena_free(a);
}

/* Nothing but wires, adders, comparisons and LUTs is left, and the values are in the ranges. */
static void assert_mapped(const lf_circuit *d, int k) {
    for (lf_word w = 1; w < d->words.count; w++) {
        const lf_word_def *f = lf_word_at(d, w);
        assert_true(f->op != LF_WORD_TABLE && f->op != LF_WORD_SELECT && f->op != LF_WORD_EQUAL);
        assert_true(f->op != LF_WORD_LUT || f->arg_count <= k);
    }
}

static void test_random_circuits(void **state) {
    size_t corners[CORNERS] = {0}, before = 0, after = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        lf_circuit *c = make_random_circuit(*state, seed, corners);
        lf_minimize_report r;
        int k = seed % 3 ? 6 : 4;
        lf_circuit *d = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = k, .depth = (int)(seed % 4)}, &r);
        if (!d)
            fprintf(stderr, "seed %d: %s\n", (int)seed, lf_diag_at(*state, lf_diag_count(*state) - 1)->text);
        assert_non_null(d);
        assert_true(r.exact);
        assert_mapped(d, k);
        assert_same_rows(c, d, seed, 100);
        before += r.luts_before;
        after += r.luts_after;
        lf_circuit_free(d);
        lf_circuit_free(c);
    }
    assert_true(after < before);
}

/* Codes 0 .. 4 of three bits, two of them, into a table of noise: 25 of 64 index values can occur; with five bits of code less. */
static void test_codes_that_cannot_occur(void **state) {
    size_t luts[2];
    for (int known = 0; known < 2; known++) {
        lf_rng r = lf_rng_make(4, 0);
        lf_circuit *c = lf_circuit_new(*state);
        lf_word bits[9];
        int64_t values[512];
        for (int i = 0; i < 3; i++) {
            lf_word code = lf_circuit_input(c, (lf_range){0, known ? 4 : 7, 1});
            for (int j = 0; j < 3; j++)
                bits[3 * i + j] = lf_circuit_bit(c, code, j);
        }
        for (int i = 0; i < 512; i++)
            values[i] = lf_rng_below(&r, 2);
        lf_circuit_output(c, lf_circuit_table(c, lf_circuit_join(c, bits, 9, false), values, 512, NULL));
        lf_minimize_report rep;
        lf_circuit *d = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6}, &rep);
        assert_non_null(d);
        assert_int_equal(rep.entries, 512);
        assert_int_equal(rep.unreachable, known ? 512 - 125 : 0);
        assert_same_rows(c, d, 1, 500);
        luts[known] = rep.luts_after;
        lf_circuit_free(d);
        lf_circuit_free(c);
    }
    assert_true(luts[1] < luts[0]);
}

/* A table behind tables: y = T(a, b, c, ...) where the first layer gives only codes with at most one bit set. */
static void test_joint_values_that_cannot_occur(void **state) {
    lf_circuit *c = lf_circuit_new(*state);
    lf_word x = lf_circuit_input(c, (lf_range){0, 15, 1}), bits[8];
    lf_rng r = lf_rng_make(6, 0);
    int64_t values[256];
    for (int j = 0; j < 8; j++) {
        int64_t one[16] = {0};
        one[j] = 1;
        bits[j] = lf_circuit_table(c, x, one, 16, NULL);
    }
    for (int i = 0; i < 256; i++)
        values[i] = lf_rng_below(&r, 2);
    lf_circuit_output(c, lf_circuit_table(c, lf_circuit_join(c, bits, 8, false), values, 256, NULL));
    lf_minimize_report rep;
    lf_circuit *d = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6}, &rep);
    assert_non_null(d);
    assert_int_equal(rep.unreachable, 256 - 9);
    assert_int_equal(rep.luts_after, 1);
    lf_circuit_free(d);
    lf_circuit_free(c);
}

static void test_samples_decide(void **state) {
    lf_circuit *c = lf_circuit_new(*state);
    lf_rng r = lf_rng_make(8, 0);
    lf_word x = lf_circuit_input(c, (lf_range){0, 1023, 1});
    int64_t values[1024], rows[40];
    for (int i = 0; i < 1024; i++)
        values[i] = lf_rng_between(&r, -4, 3);
    for (int i = 0; i < 40; i++)
        rows[i] = i < 20 ? lf_rng_below(&r, 1024) : rows[i - 20];
    rows[39] = 1000; /* once */
    lf_circuit_output(c, lf_circuit_table(c, x, values, 1024, NULL));
    size_t luts[3];
    for (size_t rarity = 0; rarity < 3; rarity++) {
        lf_minimize_report rep;
        lf_minimize_options o = {
            .lut_inputs = 6, .samples = rarity ? rows : NULL, .sample_count = 40, .rarity = rarity};
        lf_circuit *d = lf_circuit_minimize(c, &o, &rep);
        assert_non_null(d);
        assert_int_equal(rep.exact, !rarity);
        assert_int_equal(rep.rows, rarity ? 40 : 1000);
        assert_true(rarity == 2 ? rep.rows_free > 0 && rep.rows_free < 10 : rep.rows_free == 0);
        assert_true(rep.logic.proved > 0 && rep.logic.tested == 0);
        for (int i = 0; i < 39; i++) {
            int64_t out, scratch[200];
            assert_true(d->words.count < 200 || !rarity);
            if (!rarity || rows[i] == rows[19])
                continue;
            lf_circuit_run(d, &rows[i], &out, scratch);
            assert_int_equal(out, values[rows[i]]);
        }
        luts[rarity] = rep.luts_after;
        lf_circuit_free(d);
    }
    assert_true(luts[1] * 4 < luts[0] && luts[2] <= luts[1]);
    lf_circuit_free(c);
}

/* Encoder, core and head are counted for themselves, and adders stay. */
static void test_parts(void **state) {
    lf_circuit *c = lf_circuit_new(*state);
    lf_word x = lf_circuit_input(c, (lf_range){0, 255, 1}), y = lf_circuit_input(c, (lf_range){0, 255, 1}), bit[6];
    c->part = LF_PART_ENCODER;
    for (int i = 0; i < 6; i++)
        bit[i] = lf_circuit_less(c, i % 2 ? x : y, lf_circuit_const(c, 17 + 33 * i));
    c->part = LF_PART_CORE;
    lf_word lut = lf_circuit_lut(c, bit, 6, 0x123456789abcdef1u);
    c->part = LF_PART_HEAD;
    lf_circuit_output(c, lf_circuit_add(c, lf_circuit_add(c, x, y), lut));
    lf_minimize_report rep;
    lf_circuit_stats s;
    lf_circuit *d = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6}, &rep);
    assert_non_null(d);
    lf_circuit_count(d, &s);
    assert_int_equal(s.luts[LF_PART_CORE], 1);
    assert_in_range(s.luts[LF_PART_ENCODER], 6, 12);
    assert_int_equal(s.ops[LF_WORD_ADD], 2);
    assert_int_equal(s.ops[LF_WORD_LESS], 0);
    assert_same_rows(c, d, 2, 1000);
    lf_circuit_free(d);
    lf_circuit_free(c);
}

/* A table with entries that do not matter: equal wherever they are not read, smaller than without. */
static void test_entries_that_do_not_matter(void **state) {
    lf_rng r = lf_rng_make(12, 0);
    int64_t values[512];
    uint8_t care[64] = {0};
    size_t luts[2];
    for (int i = 0; i < 512; i++) {
        values[i] = lf_rng_below(&r, 4);
        if (lf_rng_below(&r, 8) == 0)
            care[i / 8] |= (uint8_t)(1 << i % 8);
    }
    for (int some = 0; some < 2; some++) {
        lf_circuit *c = lf_circuit_new(*state);
        lf_word x = lf_circuit_input(c, (lf_range){0, 511, 1});
        lf_circuit_output(c, lf_circuit_table(c, x, values, 512, some ? care : NULL));
        lf_minimize_report rep;
        lf_circuit *d = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6}, &rep);
        assert_non_null(d);
        for (int64_t i = 0; i < 512; i++) {
            int64_t out, scratch[200];
            lf_circuit_run(d, &i, &out, scratch);
            assert_true((some && !(care[i / 8] >> i % 8 & 1)) || out == values[i]);
        }
        luts[some] = rep.luts_after;
        lf_circuit_free(d);
        lf_circuit_free(c);
    }
    assert_true(luts[1] * 2 < luts[0]);
}

/* Two neurons whose tables are each other's opposite, read by different others: the second costs nothing. */
static void test_opposite_tables(void **state) {
    size_t luts[2];
    for (int both = 0; both < 2; both++) {
        lf_circuit *c = lf_circuit_new(*state);
        lf_rng r = lf_rng_make(77, 0);
        int64_t f[512], g[512];
        for (int i = 0; i < 512; i++)
            g[i] = !(f[i] = lf_rng_below(&r, 2));
        lf_word x = lf_circuit_input(c, (lf_range){0, 511, 1}), y[6];
        for (int i = 0; i < 6; i++)
            y[i] = lf_circuit_input(c, (lf_range){0, 1, 1});
        lf_word one = lf_circuit_table(c, x, f, 512, NULL), two = both ? lf_circuit_table(c, x, g, 512, NULL) : y[5];
        lf_circuit_output(c, lf_circuit_lut(c, (lf_word[]){one, y[0], y[1]}, 3, 0x6a));
        lf_circuit_output(c, lf_circuit_lut(c, (lf_word[]){two, y[2], y[3], y[4]}, 4, 0x7e91));
        lf_minimize_report rep;
        lf_circuit *d = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6, .effort = 1}, &rep);
        assert_non_null(d);
        assert_same_rows(c, d, 5, 2000);
        luts[both] = rep.luts_after;
        lf_circuit_free(d);
        lf_circuit_free(c);
    }
    assert_int_equal(luts[0], luts[1]);
}

static void test_abc(void **state) {
    size_t corners[CORNERS] = {0};
    if (!lf_tool_found("berkeley-abc") && !lf_tool_found("yosys-abc"))
        skip();
    for (uint64_t seed = 0; seed < 3; seed++) {
        lf_circuit *c = make_random_circuit(*state, seed, corners);
        lf_minimize_report own, both;
        lf_circuit *d = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6}, &own);
        lf_circuit *e = lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6, .abc = true}, &both);
        assert_non_null(d);
        assert_non_null(e);
        assert_true(both.luts_after <= own.luts_after);
        assert_true(both.luts_by_abc > 0 || both.luts_after == own.luts_after);
        assert_same_rows(c, e, seed, 200);
        lf_circuit_free(d);
        lf_circuit_free(e);
        lf_circuit_free(c);
    }
    assert_int_equal(lf_diag_count(*state), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CONTEXT(test_random_circuits),
        WITH_CONTEXT(test_codes_that_cannot_occur),
        WITH_CONTEXT(test_joint_values_that_cannot_occur),
        WITH_CONTEXT(test_samples_decide),
        WITH_CONTEXT(test_parts),
        WITH_CONTEXT(test_entries_that_do_not_matter),
        WITH_CONTEXT(test_opposite_tables),
        WITH_CONTEXT(test_abc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
