/* The mvu op: its definition, exact ranges, refusals, closed-form cycles; products as bits for every pair of types. */
#include "../context.h"
#include "../op/op_bench.h"
#include "mvu_case.h"

static lf_tensor *random_matrix(op_bench *b, lf_rng *r, const char *shape, lf_range of) {
    lf_shape s = op_shape(shape);
    int64_t n = lf_shape_count(s), *v = LF_NEW_ARRAY(b->a, int64_t, n);
    for (int64_t i = 0; i < n; i++)
        v[i] = of.lo + of.step * lf_rng_between(r, 0, (of.hi - of.lo) / of.step);
    return op_const_codes(b, shape, v);
}

static void test_definition(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,2,3", (lf_range){-8, 7, 1}, 1);
    lf_tensor *w = op_const_codes(&b, "2,3", (int64_t[]){1, -2, 3, 0, 4, -1}),
              *bias = op_const_codes(&b, "2", (int64_t[]){10, -1});
    op_node(&b, "mvu", 3, OP_IN(x, w, bias), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    memcpy(b.in[0].code, (int64_t[]){1, 2, 3, -8, 7, -8}, 6 * sizeof(int64_t));
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out[0].code[0], 10 + 1 - 4 + 9);
    assert_int_equal(b.out[0].code[1], -1 + 8 - 3);
    assert_int_equal(b.out[0].code[2], 10 - 8 - 14 - 24);
    assert_int_equal(b.out[0].code[3], -1 + 28 + 8);
    assert_range(op_range(&b.out[0], 0), 10 - 8 - 14 - 24, 10 + 7 + 16 + 21, 1);
    op_end(&b);
}

static void test_thresholds(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,2", (lf_range){-1, 1, 2}, 1),
              *w = op_const_codes(&b, "3,2", (int64_t[]){1, 1, 1, -1, -1, -1});
    lf_tensor *T = op_const_codes(&b, "3,2", (int64_t[]){-2, 1, 0, 0, -9, 9});
    op_node(&b, "mvu", 4, OP_IN(x, w, NULL, T), "out_base", "-1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    memcpy(b.in[0].code, (int64_t[]){1, 1}, 2 * sizeof(int64_t));
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out[0].code[0], 1);
    assert_int_equal(b.out[0].code[1], 1);
    assert_int_equal(b.out[0].code[2], 0);
    assert_range(op_range(&b.out[0], 0), 0, 1, 1);
    assert_range(op_range(&b.out[0], 1), -1, 1, 1);
    assert_range(op_range(&b.out[0], 2), 0, 0, 1);
    op_end(&b);
}

/* Ends of every row's range are reached by some input, the step is right, nothing lies outside. */
static void test_exact_ranges(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(3, 3);
    static const lf_range inputs[] = {{-1, 1, 2}, {0, 3, 1}, {-5, 7, 4}, {-8, 7, 1}, {4, 4, 1}};
    for (int round = 0; round < 40; round++) {
        op_bench b;
        op_begin(&b);
        lf_tensor *x = op_codes(&b, "1,5", inputs[round % 5], 1);
        lf_range *by = LF_NEW_ARRAY(b.g->arena, lf_range, 5);
        for (int c = 0; c < 5; c++)
            by[c] = c == 2 ? (lf_range){x->range.hi, x->range.hi, 1} : x->range;
        x->channel_range = by;
        x->range_axis = 1;
        lf_tensor *w = random_matrix(&b, &r, "4,5", (lf_range){-3, 4, 1}),
                  *bias = random_matrix(&b, &r, "4", (lf_range){-9, 9, 1});
        op_node(&b, "mvu", 3, OP_IN(x, w, bias), NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        for (int64_t row = 0; row < 4; row++)
            for (int end = 0; end < 2; end++) {
                for (int c = 0; c < 5; c++) {
                    bool up = (lf_tensor_code(w, (size_t)(row * 5 + c)) > 0) == (end == 1);
                    b.in[0].code[c] = up ? by[c].hi : by[c].lo;
                }
                assert_int_equal(op_run(&b), LF_OK);
                lf_range range = op_range(&b.out[0], (size_t)row);
                assert_int_equal(b.out[0].code[row], end ? range.hi : range.lo);
                for (int k = 0; k < 4; k++)
                    assert_true(lf_range_holds(op_range(&b.out[0], (size_t)k), b.out[0].code[k]));
            }
        op_end(&b);
    }
}

static void refuses(op_bench *b, lf_status s, const char *words) {
    assert_int_equal(s, LF_BAD_INPUT);
    const char *text = lf_diag_at(b->ctx, lf_diag_count(b->ctx) - 1)->text;
    if (!strstr(text, words))
        fail_msg("expected '%s' in: %s", words, text);
    op_end(b);
}

static void test_refuses_operands(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(
        &b, "mvu", 2,
        OP_IN(op_codes(&b, "1,4", (lf_range){0, 3, 1}, 1), op_const_codes(&b, "2,3", (int64_t[]){1, 2, 3, 4, 5, 6})),
        NULL);
    refuses(&b, op_infer(&b), "the last axis must have 3 elements");
    op_begin(&b);
    op_node(
        &b, "mvu", 2,
        OP_IN(op_codes(&b, "1,3", (lf_range){0, 3, 1}, 0.5), op_const_codes(&b, "2,3", (int64_t[]){1, 2, 3, 4, 5, 6})),
        NULL);
    refuses(&b, op_infer(&b), "scale 1");
    op_begin(&b);
    op_node(&b, "mvu", 3,
            OP_IN(op_codes(&b, "1,3", (lf_range){0, 3, 1}, 1), op_const_codes(&b, "2,3", (int64_t[]){1, 2, 3, 4, 5, 6}),
                  op_const_codes(&b, "3", (int64_t[]){1, 2, 3})),
            NULL);
    refuses(&b, op_infer(&b), "the bias must be 2 constant integers");
    op_begin(&b);
    op_node(&b, "mvu", 4,
            OP_IN(op_codes(&b, "1,1", (lf_range){0, 3, 1}, 1), op_const_codes(&b, "1,1", (int64_t[]){5}), NULL,
                  op_const_codes(&b, "1,3", (int64_t[]){1, 3, 2})),
            NULL);
    refuses(&b, op_infer(&b), "not ascending: 3 stands before 2");
    op_begin(&b);
    op_node(&b, "mvu", 2,
            OP_IN(op_codes(&b, "1,1", (lf_range){0, INT64_C(1) << 40, 1}, 1),
                  op_const_codes(&b, "1,1", (int64_t[]){INT64_C(1) << 40})),
            NULL);
    refuses(&b, op_infer(&b), "may leave 62 bits");
}

static void test_refuses_foldings(void **state) {
    (void)state;
    op_bench b;
    int64_t weight[6 * 4];
    for (int i = 0; i < 24; i++)
        weight[i] = i % 3 - 1;
    op_begin(&b);
    op_node(&b, "mvu", 2, OP_IN(op_codes(&b, "1,4", (lf_range){0, 3, 1}, 1), op_const_codes(&b, "6,4", weight)), "PE",
            "4", NULL);
    refuses(&b, op_infer(&b), "PE=4 does not divide 6 rows; legal: 1 2 3 6");
    op_begin(&b);
    op_node(&b, "mvu", 2, OP_IN(op_codes(&b, "1,4", (lf_range){0, 3, 1}, 1), op_const_codes(&b, "6,4", weight)), "SIMD",
            "3", NULL);
    refuses(&b, op_infer(&b), "SIMD=3 does not divide 4 columns; legal: 1 2 4");
    lf_cost cost;
    op_begin(&b);
    op_node(&b, "mvu", 2, OP_IN(op_codes(&b, "1,4", (lf_range){0, 3, 1}, 1), op_const_codes(&b, "6,4", weight)),
            "structure", "tall", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    refuses(&b, b.n->op->cost(b.g, b.n, &cost), "PE must be 6");
    op_begin(&b);
    op_node(&b, "mvu", 4,
            OP_IN(op_codes(&b, "1,4", (lf_range){0, 3, 1}, 1), op_const_codes(&b, "6,4", weight), NULL,
                  op_const_codes(&b, "6,4", (int64_t[24]){0})),
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    refuses(&b, b.n->op->cost(b.g, b.n, &cost), "at most 3");
    op_begin(&b);
    op_node(&b, "mvu", 2, OP_IN(op_codes(&b, "1,4", (lf_range){0, 1 << 20, 1}, 1), op_const_codes(&b, "6,4", weight)),
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    refuses(&b, b.n->op->cost(b.g, b.n, &cost), "1 to 16 bits");
}

/* multiplier * (product bits) + constant of the weight is the product, whatever the types. */
static void test_products(void **state) {
    static const char *const types[] = {"BIPOLAR", "TERNARY", "INT1", "UINT1", "INT2", "UINT2",
                                        "INT3",    "UINT3",   "INT5", "UINT4", "INT8", "UINT8"};
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    for (size_t i = 0; i < LF_COUNT(types); i++)
        for (size_t j = 0; j < LF_COUNT(types); j++) {
            lf_range wr = lf_dtype_range(mvu_dtype(types[i])), xr = lf_dtype_range(mvu_dtype(types[j]));
            int64_t weight[2] = {wr.lo, wr.hi};
            lf_mvu_spec s = {
                .name = "m", .mw = 2, .mh = 1, .pe = 1, .simd = 1, .x = mvu_dtype(types[j]), .w = wr, .weight = weight};
            s.out = lf_int(32);
            lf_mvu_plan p;
            assert_int_equal(lf_mvu_plan_outline(ctx, NULL, a, &s, &p), LF_OK);
            for (int64_t w = wr.lo; w <= wr.hi; w += wr.step) {
                int64_t constant = 0;
                for (int64_t x = xr.lo; x <= xr.hi; x += xr.step) {
                    int64_t sum = 0;
                    for (int k = 0; k < p.bit_count; k++)
                        sum += (int64_t)lf_mvu_gate_value(&p.bit[k], lf_mvu_weight_bits(&p, w), lf_code_to_bits(s.x, x))
                               << p.bit[k].power;
                    if (x == xr.lo)
                        constant = w * x - p.multiplier * sum;
                    assert_int_equal(w * x, p.multiplier * sum + constant);
                }
            }
        }
    lf_arena_free(a);
}

/* Frames back to back without stalls: cycles between the last outputs of vectors, and of the first one. */
static void run_twin(lf_unit *u, int64_t vectors, int64_t per_vector, int64_t *interval, int64_t *latency) {
    int64_t given = 0, last = 0;
    bool yes = true;
    for (int64_t cycle = 0; given < vectors * per_vector; cycle++) {
        bool out = u->kind->valid(u->state, 0);
        (void)u->kind->ready(u->state, 0, &yes, &yes);
        u->kind->clock(u->state, &yes, &yes);
        given += out;
        if (!out || given % per_vector)
            continue;
        if (given == per_vector)
            *latency = cycle;
        *interval = cycle - last;
        last = cycle;
        assert_true(cycle < 1000000);
    }
}

static void test_cycles(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(5, 5);
    static const char *const folds[][2] = {{"1", "1"}, {"12", "1"}, {"1", "20"}, {"3", "4"}, {"12", "20"}, {"6", "5"}};
    for (size_t i = 0; i < LF_COUNT(folds); i++)
        for (int levels = 0; levels < 2; levels++) {
            op_bench b;
            op_begin(&b);
            lf_tensor *x = op_codes(&b, "1,20", (lf_range){-1, 1, 2}, 1),
                      *w = random_matrix(&b, &r, "12,20", (lf_range){-1, 1, 2});
            lf_tensor *T = random_matrix(&b, &r, "12,1", (lf_range){-3, 3, 1});
            op_node(&b, "mvu", levels ? 4 : 2, OP_IN(x, w, NULL, levels ? T : NULL), "PE", folds[i][0], "SIMD",
                    folds[i][1], NULL);
            assert_int_equal(op_infer(&b), LF_OK);
            lf_cost cost;
            lf_unit u;
            assert_int_equal(b.n->op->cost(b.g, b.n, &cost), LF_OK);
            assert_int_equal(b.n->op->unit(b.g, b.n, b.a, &u), LF_OK);
            int64_t interval = 0, latency = 0, steps = 12 / atoi(folds[i][0]) * (20 / atoi(folds[i][1]));
            assert_int_equal(u.in_beats[0], 20 / atoi(folds[i][1]));
            assert_int_equal(u.out_beats[0], 12 / atoi(folds[i][0]));
            run_twin(&u, 5, u.out_beats[0], &interval, &latency);
            assert_int_equal(interval, steps);
            assert_int_equal(cost.ii_cycles, steps);
            assert_in_range(latency, steps, steps + 12);
            assert_true(cost.lut > 0 && cost.ff > 0);
            op_end(&b);
        }
}

/* Weights lie where they cost least: few words as logic, more in LUT RAM, many in block RAM; or where they are told to. */
static void test_memories(void **state) {
    (void)state;
    static const struct {
        const char *x, *w, *style;
        bool block;
    } of[] = {{"1,8", "8,8", "auto", false},
              {"1,16", "16,16", "auto", false},
              {"1,64", "256,64", "auto", true},
              {"1,64", "256,64", "distributed", false},
              {"1,16", "16,16", "block", true}};
    for (size_t i = 0; i < LF_COUNT(of); i++) {
        op_bench b;
        op_begin(&b);
        lf_rng r = lf_rng_make(9, i);
        lf_tensor *x = op_codes(&b, of[i].x, (lf_range){0, 3, 1}, 1),
                  *w = random_matrix(&b, &r, of[i].w, (lf_range){-8, 7, 1});
        lf_cost cost;
        op_node(&b, "mvu", 2, OP_IN(x, w), "ram_style", of[i].style, NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        assert_int_equal(b.n->op->cost(b.g, b.n, &cost), LF_OK);
        assert_int_equal(cost.bram > 0, of[i].block);
        op_end(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),       cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_exact_ranges),     cmocka_unit_test(test_refuses_operands),
        cmocka_unit_test(test_refuses_foldings), WITH_CONTEXT(test_products),
        cmocka_unit_test(test_cycles),           cmocka_unit_test(test_memories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
