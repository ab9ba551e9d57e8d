/* Every op's `circuit` face computes what its exec computes, on random codes and on the ends of their ranges. */
#include "op_bench.h"

#include <stdio.h>

#include "base/rng.h"
#include "circuit/circuit.h"

enum { ROWS = 200, OPERANDS = 8 };

static lf_rng rng = {11, 0, 0};

static int64_t random_code(lf_range r, int row) {
    if (row < 2)
        return row ? r.hi : r.lo;
    return r.lo + r.step * lf_rng_between(&rng, 0, (int64_t)lf_range_count(r) - 1);
}

typedef struct face_bench {
    op_bench *b;
    lf_circuit *c;
    lf_word *in[OPERANDS], *out[OPERANDS];
} face_bench;

/* Every third element comes with a constant added to it. */
static int64_t added(size_t e) {
    return e % 3 == 1 ? -5 : 0;
}

static lf_word operand(lf_circuit *c, lf_range r, size_t e) {
    lf_word w = lf_circuit_input(c, (lf_range){r.lo - added(e), r.hi - added(e), r.step});
    return lf_circuit_add(c, w, lf_circuit_const(c, added(e)));
}

static face_bench build(op_bench *b) {
    face_bench f = {.b = b, .c = lf_circuit_new(b->ctx)};
    assert_int_equal(op_infer(b), LF_OK);
    assert_non_null(b->n->op->circuit);
    for (int i = 0; i < b->n->in_count; i++) {
        const lf_tensor *t = lf_in(b->g, b->n, i);
        if (!t || t->value)
            continue;
        f.in[i] = LF_NEW_ARRAY(b->a, lf_word, b->in[i].count + 1);
        for (size_t e = 0; e < b->in[i].count; e++)
            f.in[i][e] = operand(f.c, op_range(&b->in[i], e), e);
    }
    for (int o = 0; o < b->n->out_count; o++)
        f.out[o] = LF_NEW_ARRAY(b->a, lf_word, b->out[o].count + 1);
    assert_int_equal(b->n->op->circuit(b->g, b->n, f.c, (const lf_word *const *)f.in, f.out), LF_OK);
    assert_int_equal(lf_circuit_ok(f.c), LF_OK);
    for (int o = 0; o < b->n->out_count; o++)
        for (size_t e = 0; e < b->out[o].count; e++)
            lf_circuit_output(f.c, f.out[o][e]);
    return f;
}

static void compare_row(face_bench *f, int row, int64_t *in, int64_t *out, int64_t *scratch) {
    op_bench *b = f->b;
    size_t at = 0;
    for (int i = 0; i < b->n->in_count; i++)
        for (size_t e = 0; f->in[i] && e < b->in[i].count; e++) {
            b->in[i].code[e] = random_code(op_range(&b->in[i], e), row);
            in[at++] = b->in[i].code[e] - added(e);
        }
    assert_int_equal(op_run(b), LF_OK);
    lf_circuit_run(f->c, in, out, scratch);
    at = 0;
    for (int o = 0; o < b->n->out_count; o++)
        for (size_t e = 0; e < b->out[o].count; e++, at++) {
            assert_int_equal(out[at], b->out[o].code[e]);
            assert_true(lf_range_holds(lf_word_range(f->c, f->out[o][e]), out[at]));
        }
}

/* The node of b, and the end of b. */
static void same(op_bench *b) {
    face_bench f = build(b);
    int64_t *in = LF_NEW_ARRAY(b->a, int64_t, f.c->inputs.count + 1),
            *out = LF_NEW_ARRAY(b->a, int64_t, f.c->outputs.count + 1);
    int64_t *scratch = LF_NEW_ARRAY(b->a, int64_t, f.c->words.count);
    for (int row = 0; row < ROWS; row++)
        compare_row(&f, row, in, out, scratch);
    lf_circuit_free(f.c);
    op_end(b);
}

static lf_tensor *random_const(op_bench *b, const char *shape, int64_t lo, int64_t hi) {
    int64_t *v = LF_NEW_ARRAY(b->a, int64_t, lf_shape_count(op_shape(shape)));
    for (int64_t i = 0; i < lf_shape_count(op_shape(shape)); i++)
        v[i] = lf_rng_between(&rng, lo, hi);
    return op_const_codes(b, shape, v);
}

static lf_tensor *ascending(op_bench *b, const char *shape, int64_t from, int64_t step) {
    lf_shape s = op_shape(shape);
    int64_t *v = LF_NEW_ARRAY(b->a, int64_t, lf_shape_count(s));
    for (int64_t i = 0; i < lf_shape_count(s); i++)
        v[i] = i % s.dim[1] ? v[i - 1] + lf_rng_between(&rng, 0, step) : from;
    return op_const_codes(b, shape, v);
}

static void thermometers(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "thermometer", 2,
            OP_IN(op_codes(&b, "2,3", (lf_range){-100, 90, 1}, 1), random_const(&b, "3,9", -120, 120)), NULL);
    same(&b);
}

static void thresholds(void **state) {
    (void)state;
    static const char *const levels[] = {"1,0", "1,1", "1,2", "1,3", "4,7", "4,8", "1,20", "4,63"};
    static const lf_range range[] = {
        {-200, 131, 1}, {-100, 100, 1}, {-2, 1, 1}, {0, 9, 3}}; /* words of 9, 8, 2 and 4 bits */
    for (size_t i = 0; i < LF_COUNT(levels) * LF_COUNT(range); i++)
        for (int turn = 0; turn < 2; turn++) {
            const char *shape = levels[i % LF_COUNT(levels)];
            lf_range r = range[i / LF_COUNT(levels)];
            op_bench b;
            op_begin(&b);
            lf_tensor *sign = turn ? op_const_codes(&b, "4", (int64_t[]){1, -1, -1, 1}) : NULL;
            op_node(&b, "threshold", turn ? 3 : 2,
                    OP_IN(op_codes(&b, "2,4", r, 1), ascending(&b, shape, -r.hi, 1 + (int)(r.hi / 6)), sign),
                    "out_base", turn ? "-3" : "0", "out_step", turn ? "-5" : "1", NULL);
            same(&b);
        }
}

static void products(void **state) {
    (void)state;
    static const struct {
        const char *x, *w;
        int64_t lo, hi, rows;
        lf_range range;
        bool bias, T;
        const char *groups;
    } cases[] = {{"1,40", "23,40", -1, 1, 23, {-1, 1, 2}, false, true, "1"},
                 {"2,9", "5,9", 0, 1, 5, {0, 1, 1}, true, false, "1"},
                 {"1,12", "7,12", -31, 31, 7, {-8, 7, 1}, true, true, "1"},
                 {"3,4", "6,4", -3, 4, 6, {0, 15, 1}, true, true, "3"},
                 {"1,3", "4,3", -100, 90, 4, {-100, 27, 1}, false, false, "1"}};
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        char rows[32], levels[32];
        op_begin(&b);
        snprintf(rows, sizeof rows, "%d", (int)cases[i].rows);
        snprintf(levels, sizeof levels, "%d,3", (int)cases[i].rows);
        op_node(
            &b, "mvu",
            cases[i].T      ? 4
            : cases[i].bias ? 3
                            : 2,
            OP_IN(op_codes(&b, cases[i].x, cases[i].range, 1), random_const(&b, cases[i].w, cases[i].lo, cases[i].hi),
                  cases[i].bias ? random_const(&b, rows, -20, 20) : NULL,
                  cases[i].T ? ascending(&b, levels, -9, 9) : NULL),
            "groups", cases[i].groups, "out_base", cases[i].T ? "-1" : "0", "out_step", cases[i].T ? "2" : "1", NULL);
        same(&b);
    }
}

static void neurons(void **state) {
    (void)state;
    static const struct {
        const char *inputs, *tables, *care, *bits, *lo;
        lf_range x;
        int64_t most;
    } cases[] = {{"9,6", "9,64", NULL, "1", "0", {0, 1, 1}, 1},  {"9,3", "9,512", NULL, "3", "-4", {-4, 3, 1}, 30},
                 {"9,2", "9,16", NULL, "2", "0", {0, 2, 1}, 1},  {"9,7", "9,128", NULL, "1", "0", {0, 1, 1}, 1},
                 {"9,2", "9,64", "9,8", "3", "0", {0, 7, 1}, 7}, {"9,1", "9,2", NULL, "1", "0", {0, 1, 1}, 1}};
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        op_begin(&b);
        lf_tensor *care = cases[i].care ? random_const(&b, cases[i].care, 255, 255) : NULL;
        op_node(&b, "table_neurons", care ? 4 : 3,
                OP_IN(op_codes(&b, "2,8", cases[i].x, 1), random_const(&b, cases[i].inputs, 0, 7),
                      random_const(&b, cases[i].tables, 0, cases[i].most), care),
                "bits", cases[i].bits, "lo", cases[i].lo, NULL);
        same(&b);
    }
}

/* Fractions from far below to far above the codes' own, tables of 1 to 9 bits, inputs narrow and wide. */
static void edges(void **state) {
    (void)state;
    static const lf_range range[] = {{-8, 7, 1}, {0, 3, 1},    {-2000, 1500, 1},
                                     {3, 5, 1},  {-64, 63, 1}, {-100000, 100000, 25}};
    for (int round = 0; round < 60; round++) {
        enum { EDGES = 12 };
        int64_t edge[EDGES * 6], entries = 0;
        for (int e = 0; e < EDGES; e++) {
            int64_t bits = lf_rng_between(&rng, 1, 9);
            const int64_t one[6] = {lf_rng_between(&rng, 0, 3),
                                    lf_rng_between(&rng, 0, 2),
                                    round < 55 ? lf_rng_between(&rng, -12, 6) : 100 * (57 - round),
                                    bits,
                                    lf_rng_between(&rng, 0, 1),
                                    lf_rng_between(&rng, 0, 5)};
            memcpy(edge + e * 6, one, sizeof one);
            entries += (int64_t)1 << bits;
        }
        op_bench b;
        op_begin(&b);
        char shape[32];
        (void)snprintf(shape, sizeof shape, "%lld", (long long)entries);
        lf_tensor *x = op_codes(&b, "2,4", range[round % (int)LF_COUNT(range)], ldexp(1, round % 3 - 1));
        op_node(
            &b, "table_edges", 4,
            OP_IN(x, op_const_codes(&b, "12,6", edge), random_const(&b, shape, -50, 50), random_const(&b, "3", -9, 9)),
            NULL);
        same(&b);
    }
}

static void sums_and_heads(void **state) {
    (void)state;
    static const char *const functions[] = {"sum", "max", "min"};
    for (size_t i = 0; i < LF_COUNT(functions); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "reduce", 1, OP_IN(op_codes(&b, "2,3,10", (lf_range){0, 1, 1}, 1)), "function", functions[i],
                "axes", "[-1]", "keepdims", "false", NULL);
        same(&b);
        op_begin(&b);
        op_node(&b, "reduce", 1, OP_IN(op_codes(&b, "2,3,4", (lf_range){-7, 9, 2}, 1)), "function", functions[i],
                "axes", "[0, 2]", NULL);
        same(&b);
    }
    for (int i = 0; i < 6; i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "argmax", 1,
                OP_IN(op_codes(&b,
                               i < 2   ? "2,5"
                               : i < 4 ? "2,3,4"
                                       : "1,1",
                               (lf_range){-2, 2, 1}, 1)),
                "axis", i < 2 || i > 3 ? "-1" : "1", "select_last_index", i % 2 ? "true" : "false", NULL);
        same(&b);
    }
}

static void arithmetic(void **state) {
    (void)state;
    static const char *const factors[] = {"1", "-1", "0", "7", "-12", "100"};
    for (size_t i = 0; i < LF_COUNT(factors); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "sum_join", 2,
                OP_IN(op_codes(&b, "2,4", (lf_range){-9, 5, 1}, 1), op_codes(&b, "2,4", (lf_range){0, 30, 3}, 1)),
                "a_factor", factors[i], "b_factor", factors[LF_COUNT(factors) - 1 - i], NULL);
        same(&b);
        op_begin(&b);
        op_node(&b, "requantize", 3,
                OP_IN(op_codes(&b, "2,4", (lf_range){-1000, 1000, 1}, 1), random_const(&b, i % 2 ? "4" : "1", -90, 90),
                      random_const(&b, "4", -5000, 5000)),
                "shift", i % 3 ? "7" : "0", "lo", "-100", "hi", "90", NULL);
        same(&b);
        op_begin(&b);
        op_node(&b, "table", 2,
                OP_IN(op_codes(&b, "2,4", (lf_range){-9, 20, 1}, 1), random_const(&b, i % 2 ? "4,32" : "1,32", -30, 3)),
                "lo", "-10", NULL);
        same(&b);
    }
    static const double bound[][2] = {{-3, 4}, {-100, 2}, {5, 3}, {200, 300}, {-300, -200}, {30, -30}};
    for (size_t i = 0; i < LF_COUNT(bound); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "clip", 3,
                OP_IN(op_codes(&b, "2,4", (lf_range){-50, 50, 1}, 1), op_number(&b, bound[i][0]),
                      i == 1 ? NULL : op_number(&b, bound[i][1])),
                NULL);
        same(&b);
    }
}

static void moves(void **state) {
    (void)state;
    const lf_range r = {-3, 4, 1};
    op_bench b;
    op_begin(&b);
    op_node(&b, "reshape", 1, OP_IN(op_codes(&b, "2,6", r, 1)), "shape", "[3, 4]", NULL);
    same(&b);
    op_begin(&b);
    op_node(&b, "transpose", 1, OP_IN(op_codes(&b, "2,3,4", r, 1)), "perm", "[2, 0, 1]", NULL);
    same(&b);
    op_begin(&b);
    op_node(&b, "concat_join", 3,
            OP_IN(op_codes(&b, "2,3", r, 1), op_codes(&b, "2,1", r, 1), op_codes(&b, "2,5", r, 1)), NULL);
    same(&b);
    op_begin(&b);
    b.outs = 2;
    op_node(&b, "split_fork", 1, OP_IN(op_codes(&b, "2,5", r, 1)), "sizes", "[2, 3]", NULL);
    same(&b);
    op_begin(&b);
    b.outs = 3;
    op_node(&b, "fork", 1, OP_IN(op_codes(&b, "2,5", r, 1)), NULL);
    same(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thermometers), cmocka_unit_test(thresholds), cmocka_unit_test(products),
        cmocka_unit_test(neurons),      cmocka_unit_test(edges),      cmocka_unit_test(sums_and_heads),
        cmocka_unit_test(arithmetic),   cmocka_unit_test(moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
