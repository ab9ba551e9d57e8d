/* The folding solver against all foldings there are, on small random graphs with branches; and its budgets. */
#include "folding_nets.h"

#include <time.h>

/* Of at most five layers: each reads earlier ones. */
static void random_graph(lf_rng *r) {
    static const int64_t widths[] = {4, 6, 9, 8};
    enum { MOST = 6 };
    int64_t channels = widths[lf_rng_below(r, 4)];
    lf_id at[MOST] = {picture(1, lf_rng_between(r, 1, 3), channels)};
    int count = (int)lf_rng_between(r, 4, MOST), matrices = 0;
    for (int i = 1; i < count; i++) {
        lf_id a = at[lf_rng_between(r, i > 2 ? i - 2 : 0, i - 1)], b = at[lf_rng_between(r, 0, i - 1)];
        uint32_t kind = lf_rng_below(r, 4);
        if (kind < 2 && matrices < 2) {
            at[i] = matrix(a, channels);
            matrices++;
        } else
            at[i] = kind == 3 ? node("sum_join", (lf_id[]){a, b}, 2) : threshold(a);
    }
    for (int i = 1; i < count; i++)
        if (lf_use_count(g, at[i]) == 0)
            LF_PUSH(g->arena, &g->outputs, (lf_port){lf_tensor_at(g, at[i])->name, at[i], NULL});
    assert_int_equal(lf_graph_sort(g), LF_OK);
    assert_int_equal(lf_infer(g), LF_OK);
}

/* What the folding that stands weighs, and its cycles. */
static double weight_as_it_is(int64_t *cycles) {
    lf_arena *a = lf_arena_new();
    lf_fold_pins *all = LF_NEW_ARRAY(a, lf_fold_pins, g->nodes.count + 1);
    memset(all, LF_PIN_FOLDING | LF_PIN_MAKE, g->nodes.count + 1);
    lf_folding *f;
    lf_folding_total total;
    assert_int_equal(lf_folding_open(g, all, a, &f), LF_OK);
    assert_int_equal(lf_folding_reach(f, &roomy, INT64_MAX, &total), LF_OK);
    *cycles = total.cost.ii_cycles;
    double weight = lf_folding_weight(f);
    lf_folding_close(f);
    lf_arena_free(a);
    return weight;
}

/* The least weight of all foldings that are fast enough. */
static void try_all(size_t at, int64_t ii, double *least) {
    int64_t pe_of, simd_of, cycles;
    while (at < g->order.count && !lf_folding_limits(g, lf_node_at(g, g->order.at[at]), &pe_of, &simd_of))
        at++;
    if (at == g->order.count) {
        double weight = weight_as_it_is(&cycles);
        *least = cycles <= ii && weight < *least ? weight : *least;
        return;
    }
    lf_node *n = lf_node_at(g, g->order.at[at]);
    for (int64_t pe = 1; pe <= pe_of; pe++)
        for (int64_t simd = 1; pe_of % pe == 0 && simd <= simd_of; simd++) {
            if (simd_of % simd)
                continue;
            lf_attr_set_int(n, "PE", pe);
            if (lf_has_attr(n, "SIMD"))
                lf_attr_set_int(n, "SIMD", simd);
            try_all(at + 1, ii, least);
        }
}

static void test_against_all(void **state) {
    enum { GRAPHS = 40 };
    int exact = 0, branches = 0;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        lf_rng r = lf_rng_make(seed, 3);
        random_graph(&r);
        lf_folding *f;
        lf_folding_total total;
        assert_int_equal(lf_folding_open(g, NULL, g->arena, &f), LF_OK);
        int64_t ii = lf_folding_fastest(f) * lf_rng_between(&r, 1, 6);
        assert_int_equal(lf_folding_reach(f, &roomy, ii, &total), LF_OK);
        assert_true(total.cost.ii_cycles <= ii);
        double found = lf_folding_weight(f), least = found;
        int64_t cycles;
        lf_folding_close(f);
        assert_true(weight_as_it_is(&cycles) == found && cycles == total.cost.ii_cycles);
        try_all(0, ii, &least);
        if (found > least * 1.05)
            fail_msg("graph %d: weight %d, the best is %d", (int)seed, (int)found, (int)least);
        exact += found <= least + 1e-6;
        for (size_t i = 0; i < g->order.count; i++)
            branches += !strcmp(lf_node_at(g, g->order.at[i])->op->name, "sum_join");
        tear_down(state);
        set_up(state);
    }
    print_message("%d of %d are the best there is, %d joins\n", exact, GRAPHS, branches);
    assert_true(exact > GRAPHS / 2 && branches > 20);
}

static int64_t fastest(void) {
    lf_folding *f;
    lf_folding_total total;
    assert_int_equal(lf_graph_sort(g), LF_OK);
    assert_int_equal(lf_infer(g), LF_OK);
    assert_int_equal(lf_folding_open(g, NULL, g->arena, &f), LF_OK);
    int64_t ii = lf_folding_fastest(f);
    assert_int_equal(lf_folding_reach(f, &roomy, ii, &total), LF_OK);
    lf_folding_close(f);
    return ii;
}

/* Windows read by columns can be given whole, one for every column with padding; others give pixels. Before a product and a depthwise one. */
static void test_columns(void **state) {
    static const struct {
        const char *order;
        int64_t ii, simd;
    } cases[] = {{"rows", 64 * 9, 4}, {"columns", 8 * 10, 36}};
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        lf_node *w = window(picture(8, 8, 4), cases[i].order, 0);
        (void)matrix(w->out[0], 5);
        assert_int_equal(fastest(), cases[i].ii);
        assert_int_equal(lf_attr_int(w, "SIMD"), cases[i].simd);
        tear_down(state);
        set_up(state);
        w = window(picture(8, 8, 4), cases[i].order, 1);
        int64_t code[36] = {1, 1, 2};
        (void)node("vvu", (lf_id[]){w->out[0], lf_const_codes(g, "w", lf_shape_make(2, (int64_t[]){4, 9}), code)->id},
                   2);
        assert_int_equal(fastest(), cases[i].ii);
        assert_int_equal(lf_attr_int(w, "SIMD"), cases[i].simd);
        tear_down(state);
        set_up(state);
    }
}

/* What a layer's own PE does, whatever the one before it has. */
static void test_threshold_alone(void **state) {
    (void)state;
    lf_id x = matrix(picture(1, 3, 8), 16);
    lf_node *t = lf_node_at(g, lf_tensor_at(g, threshold(x))->producer);
    lf_cost c;
    lf_attr_set_int(t, "PE", 4);
    assert_int_equal(t->op->cost(g, t, &c), LF_OK);
    assert_int_equal(c.ii_cycles, 3 * 16 / 4);
}

/* A part with few LUTs gets a folding that fits when there is one, and what does not fit is said. */
static void test_part(void **state) {
    (void)state;
    lf_id x = picture(1, 1, 64);
    for (int i = 0; i < 3; i++)
        x = threshold(matrix(x, 64));
    LF_PUSH(g->arena, &g->outputs, (lf_port){"y", x, NULL});
    lf_folding *f;
    lf_folding_total free, tight;
    const char *what;
    assert_int_equal(lf_folding_open(g, NULL, g->arena, &f), LF_OK);
    assert_int_equal(lf_folding_reach(f, &roomy, 1024, &free), LF_OK);
    lf_part part = roomy;
    part.bram = 0;
    assert_int_equal(lf_folding_reach(f, &part, 1024, &tight), LF_OK);
    assert_true(lf_folding_fits(&part, &tight.cost, g->arena, &what));
    part.lut = 100;
    assert_int_equal(lf_folding_reach(f, &part, 1024, &tight), LF_OK);
    assert_false(lf_folding_fits(&part, &tight.cost, g->arena, &what));
    assert_non_null(strstr(what, "LUT"));
    assert_int_equal(lf_folding_reach(f, &roomy, lf_folding_fastest(f) - 1, &tight), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_text(g->arena, lf_diag_at(ctx, lf_diag_count(ctx) - 1)), "cannot be met"));
    lf_folding_close(f);
}

/* 250 layers with a join every fifth. */
static void test_size(void **state) {
    (void)state;
    lf_id x = picture(1, 14, 256), side = x;
    for (int i = 0; i < 50; i++) {
        lf_id y = threshold(matrix(threshold(matrix(x, 64)), 256));
        x = node("sum_join", (lf_id[]){y, threshold(side)}, 2);
        side = x = threshold(x);
    }
    LF_PUSH(g->arena, &g->outputs, (lf_port){"y", x, NULL});
    lf_folding *f;
    lf_folding_total total;
    clock_t start = clock();
    assert_int_equal(lf_folding_open(g, NULL, g->arena, &f), LF_OK);
    double opened = (double)(clock() - start) / CLOCKS_PER_SEC;
    for (int64_t ii = lf_folding_fastest(f); ii < 1000000; ii *= 4)
        assert_int_equal(lf_folding_reach(f, &roomy, ii, &total), LF_OK);
    print_message("%zu layers: table %.2f s, all targets %.2f s\n", g->order.count, opened,
                  (double)(clock() - start) / CLOCKS_PER_SEC - opened);
    lf_folding_close(f);
}

/* A row of layers that are alike: each takes as much per clock as the one before gives, whatever the target, and no converter is needed but
 * before the last, which is free at its other side. */
static void test_widths(void **state) {
    (void)state;
    enum { LAYERS = 4, WIDTH = 16 };
    lf_id at = picture(1, 1, WIDTH);
    const lf_node *of[LAYERS];
    for (int i = 0; i < LAYERS; i++) {
        at = matrix(at, WIDTH);
        of[i] = lf_node_at(g, lf_tensor_at(g, at)->producer);
    }
    LF_PUSH(g->arena, &g->outputs, (lf_port){"y", at, NULL});
    assert_int_equal(lf_graph_sort(g), LF_OK);
    assert_int_equal(lf_infer(g), LF_OK);
    for (int64_t ii = 4; ii <= 128; ii *= 2) {
        lf_folding *f;
        lf_folding_total total;
        assert_int_equal(lf_folding_open(g, NULL, g->arena, &f), LF_OK);
        assert_int_equal(lf_folding_reach(f, &roomy, ii, &total), LF_OK);
        lf_folding_close(f);
        for (int i = 1; i + 1 < LAYERS; i++)
            assert_int_equal(lf_attr_int(of[i - 1], "PE"), lf_attr_int(of[i], "SIMD"));
    }
}

/* Every resource of a part is a limit of its own, and named. */
static void test_fits(void **state) {
    (void)state;
    static const lf_part part = {.name = "small", .lut = 100, .ff = 200, .bram = 5, .uram = 4, .dsp = 3};
    static const lf_cost full = {.lut = 100, .ff = 200, .bram = 5, .uram = 4, .dsp = 3};
    static const char *const names[] = {"101 LUT, the part has 100", "201 flip-flops, the part has 200",
                                        "6 BRAM36, the part has 5", "5 UltraRAM, the part has 4",
                                        "4 DSP, the part has 3"};
    const char *what = NULL;
    assert_true(lf_folding_fits(&part, &full, g->arena, &what));
    for (size_t i = 0; i < LF_COUNT(names); i++) {
        lf_cost more = full;
        double *const of[] = {&more.lut, &more.ff, &more.bram, &more.uram, &more.dsp};
        *of[i] += 0.5;
        assert_false(lf_folding_fits(&part, &more, g->arena, &what));
        assert_string_equal(what, names[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_against_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_widths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threshold_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
