/* LUT networks found by search: same bits for any number of threads and any kernel, the frozen graph is what the
 * report speaks of, a known circuit is found again, fewer comparisons where they cost, wrong recipes are refused; codes of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "data/scaling.h"
#include "train/lut_search.h"
#include "train_checks.h"

#define CASE_SEARCH "data: digits\ninput: {shape: [1, 28, 28]}\nfamily: luts\n"
#define SHORT "training: {epochs: 3, batch: 64, validation: 300}\n"

static const char digits[] =
    CASE_SEARCH "thermometer: {values: '0.5'}\nlayers: [40, 30]\nluts: {method: search}\n" SHORT;
static const char levels[] =
    CASE_SEARCH "thermometer: {levels: 3}\nlayers: [20]\nluts: {method: search, inputs: 4, argmax: false}\n" SHORT;

static void test_same_bits(void **state) {
    same_for_threads_and_kernels(*state, digits);
    same_for_threads_and_kernels(*state, levels);
}

static void test_frozen(void **state) {
    check_frozen(*state, digits, 0.5);
    check_frozen(*state, levels, 0.3);
}

/* -- a hidden circuit --------------------------------------------------------------------------------------------------- */

enum { ROWS = 1500, FEATURES = 9 };

typedef struct hidden {
    float x[ROWS][FEATURES];
    uint8_t y[ROWS];
} hidden;

/* Classes of rows of numbers 0 .. 15. */
static void draw_hidden(hidden *h) {
    lf_rng rng = lf_rng_make(7, 0);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < FEATURES; k++)
            h->x[i][k] = (float)lf_rng_below(&rng, 16);
        bool a = h->x[i][0] > 6 || h->x[i][1] > 11, b = h->x[i][2] > 7 && h->x[i][3] < 13;
        h->y[i] = (uint8_t)((a ? 1 : 0) ^ (b || h->x[i][4] > 9 ? 1 : 0));
    }
}

static lf_train_options hidden_options(const hidden *h) {
    lf_train_options o = lf_train_defaults();
    o.features = FEATURES;
    o.classes = 2;
    o.train = (lf_train_data){NULL, &h->x[0][0], h->y, ROWS};
    return o;
}

#define HIDDEN "data: x\nfamily: luts\ntable: {scaling: rank, bits: 4}\nthermometer: {levels: 15}\n"
#define LONG "training: {epochs: 40, batch: 64, validation: 300}\n"

static void test_hidden_circuit(void **state) {
    (void)state;
    static hidden h;
    draw_hidden(&h);
    lf_train_options o = hidden_options(&h);
    lf_train_report one, votes;
    free(train_text(HIDDEN "layers: [6, 1]\nluts: {method: search}\n" LONG, &o, 2, &one));
    free(train_text(HIDDEN "layers: [8, 4]\nluts: {method: search}\n" LONG, &o, 1, &votes));
    printf("held out: one LUT %g, four votes %g\n", one.valid_accuracy, votes.valid_accuracy);
    assert_true(one.valid_accuracy >= 0.98 && votes.valid_accuracy >= 0.98);
}

static size_t count_read(const hidden *h, const char *recipe) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_recipe *r = lf_recipe_parse(ctx, "case.yaml", recipe, strlen(recipe));
    lf_train_options o = hidden_options(h);
    lf_train_report report;
    lf_graph *g = NULL;
    size_t read = 0;
    bool seen[FEATURES * 15] = {0};
    assert_non_null(r);
    assert_int_equal(lf_train(ctx, r, &o, &report, &g), LF_OK);
    const lf_tensor *t = lf_find_tensor(g, "layer0_inputs");
    for (size_t i = 0; i < t->value->count; i++) {
        read += !seen[lf_const_int(t->value, i)];
        seen[lf_const_int(t->value, i)] = true;
    }
    lf_graph_free(g);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
    return read;
}

static void test_cost_of_comparisons(void **state) {
    (void)state;
    static hidden h;
    draw_hidden(&h);
    size_t free_of = count_read(&h, HIDDEN "layers: [6, 1]\nluts: {method: search}\n" LONG);
    size_t costly = count_read(&h, HIDDEN "layers: [6, 1]\nluts: {method: search, comparison_cost: 20}\n" LONG);
    printf("thresholds read: %zu, where they cost %zu\n", free_of, costly);
    assert_true(3 * costly < 2 * free_of);
}

/* -- ranks ------------------------------------------------------------------------------------------------------------- */

static void check_codes(float *v, size_t count, int bits, const float *ask, const size_t *want, size_t asked) {
    lf_arena *a = lf_arena_new();
    size_t steps;
    const float *s = lf_steps_fit(a, v, count, bits, &steps);
    assert_true(steps < (size_t)1 << bits);
    for (size_t i = 0; i < asked; i++)
        assert_int_equal(lf_steps_code(s, steps, ask[i]), want[i]);
    lf_arena_free(a);
}

static void test_ranks(void **state) {
    (void)state;
    float two[] = {1, 0, 0, 1, 0}, same[] = {3, 3, 3};
    check_codes(two, 5, 4, (const float[]){-1, 0, 0.5f, 1, 9}, (const size_t[]){0, 0, 0, 8, 8}, 5);
    check_codes(same, 3, 4, (const float[]){-1, 3, 4}, (const size_t[]){0, 0, 0}, 3);
    float many[1000];
    size_t seen[8] = {0};
    for (size_t i = 0; i < 1000; i++)
        many[i] = i % 10 < 5 ? 0 : (float)i; /* half of them are 0 */
    lf_arena *a = lf_arena_new();
    size_t steps;
    const float *s = lf_steps_fit(a, many, 1000, 3, &steps);
    for (size_t i = 0; i < 1000; i++)
        seen[lf_steps_code(s, steps, many[i])]++;
    assert_int_equal(seen[0], 500);
    for (size_t k = 1; k < 8; k++)
        assert_in_range(seen[k], 70, 73); /* seven codes share the others */
    lf_arena_free(a);
}

/* -- refusals ------------------------------------------------------------------------------------------------------------ */

static void test_refusals(void **state) {
    train_case *c = *state;
    refused_text(CASE_SEARCH "layers: [10]\nluts: {method: search}\nregularize: {shift: 1}\n",
                 "does not move pictures");
    refused_text(CASE_SEARCH "layers: [10]\nluts: {comparison_cost: 2}\n", "belongs to 'method: search'");
    refused_text(CASE_SEARCH "layers: [1]\n", "fewer than 2 classes");
    refused_recipe(CASE_SEARCH "layers: [20, 1]\nluts: {method: search}\n" SHORT, &c->options, LF_BAD_INPUT,
                   "no multiple of the 10 classes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),      cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_hidden_circuit), cmocka_unit_test(test_cost_of_comparisons),
        cmocka_unit_test(test_ranks),          cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
