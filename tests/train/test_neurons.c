/* Networks of sparse neurons: gradients against finite differences of a surrogate, same bits for any number of threads and any kernel,
 * the frozen graph is what the report speaks of, wrong recipes are refused. */
#include "../context.h"

#include <math.h>

#include "base/rng.h"
#include "train/neuron_net.h"
#include "train_checks.h"

#define CASE_NEURONS "data: digits\nfamily: neurons\n"

static const char balanced[] = CASE_NEURONS "layers: [120, 40, 10]\nneurons: {fan_in: 4, bits: 2}\n"
                                            "training: {epochs: 4, batch: 48, validation: 300, initial: 0.5}\n";
static const char mixed[] = CASE_NEURONS "layers: [60, 50, 10]\n"
                                         "neurons: {fan_in: 3, bits: 3, input_fan_in: 5, input_bits: 2,"
                                         " output_fan_in: 4, output_bits: 6, mask: random}\n"
                                         "training: {epochs: 3, batch: 48, validation: 300, initial: 0.5}\n";
static const char learned[] =
    CASE_NEURONS "layers: [40, 30, 10]\n"
                 "neurons: {fan_in: 4, bits: 2, output_bits: 5, mask: learned, dense_epochs: 2}\n"
                 "training: {epochs: 5, batch: 48, validation: 300, initial: 0.1}\n";

static const char regrow[] = CASE_NEURONS "layers: [60, 30, 10]\n"
                                          "neurons: {fan_in: 4, bits: 2, output_bits: 5, mask: regrow}\n"
                                          "training: {epochs: 6, batch: 48, validation: 300, initial: 0.5}\n";

/* Black or white pixels: the highest bits of bytes. */
static const char pixels[] = CASE_NEURONS "input: {shape: [1, 28, 28]}\nlayers: [120, 40, 10]\n"
                                          "neurons: {fan_in: 6, bits: 1, input_bits: 1, output_fan_in: 12,"
                                          " output_bits: 4, standardize: false, mask: regrow}\n"
                                          "training: {epochs: 6, batch: 48, validation: 300, initial: 0.5}\n";

static void test_same_bits(void **state) {
    same_for_threads_and_kernels(*state, balanced);
    same_for_threads_and_kernels(*state, learned);
    same_for_threads_and_kernels(*state, regrow);
}

static void test_frozen(void **state) {
    check_frozen(*state, balanced, 0.3);
    check_frozen(*state, mixed, 0.3);
    check_frozen(*state, learned, 0.5);
    check_frozen(*state, regrow, 0.5);
    check_frozen(*state, pixels, 0.5);
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

enum { BATCH = 32, FEATURES = 12, CLASSES = 3, NEURONS_MAX = 16, LAYERS_MAX = 3 };

/* Rounding adds what it added at the point; clamped values are constants. */
typedef struct surrogate {
    const lf_neuron_net *net;
    double *value;
    uint8_t labels[BATCH];
    double input[FEATURES][BATCH], code[LAYERS_MAX][NEURONS_MAX][BATCH];
    double offset[LAYERS_MAX][NEURONS_MAX][BATCH];
    bool inside[LAYERS_MAX][NEURONS_MAX][BATCH], first;
} surrogate;

static void normalize(const surrogate *s, double y[BATCH], double gamma, double beta) {
    double mean = 0, variance = 0;
    for (int b = 0; b < BATCH; b++)
        mean += y[b] / BATCH;
    for (int b = 0; b < BATCH; b++)
        variance += (y[b] - mean) * (y[b] - mean) / BATCH;
    for (int b = 0; b < BATCH; b++)
        y[b] = (y[b] - mean) / sqrt(variance + s->net->recipe->norm.epsilon) * gamma + beta;
}

static void run_neuron(surrogate *s, int i, size_t j) {
    const lf_neuron_layer *l = &s->net->layer[i];
    const double *w = s->value + (l->value - s->net->value) + j * l->width;
    double y[BATCH] = {0}, top = (1 << l->bits) - 1;
    for (size_t k = 0; k < (size_t)*l->now; k++) {
        size_t from = (size_t)l->input[j * l->most + k];
        for (int b = 0; b < BATCH; b++)
            y[b] += w[k] * (i ? s->code[i - 1][from][b] : s->input[from][b]);
    }
    normalize(s, y, w[l->most], w[l->most + 1]);
    for (int b = 0; b < BATCH; b++) {
        if (s->first) {
            s->inside[i][j][b] = y[b] >= 0 && y[b] <= top;
            s->offset[i][j][b] = nearbyint(y[b] < 0 ? 0 : y[b] > top ? top : y[b]) - (s->inside[i][j][b] ? y[b] : 0);
        }
        s->code[i][j][b] = s->offset[i][j][b] + (s->inside[i][j][b] ? y[b] : 0);
    }
}

static double run_surrogate(surrogate *s) {
    const lf_neuron_net *n = s->net;
    double loss = 0, scale = n->recipe->neurons.logits / ((1 << n->layer[n->layers - 1].bits) - 1);
    for (int i = 0; i < n->layers; i++)
        for (size_t j = 0; j < n->layer[i].neurons; j++)
            run_neuron(s, i, j);
    for (int b = 0; b < BATCH; b++) {
        double total = 0;
        for (int c = 0; c < CLASSES; c++)
            total += exp(s->code[n->layers - 1][c][b] * scale);
        loss -= (s->code[n->layers - 1][s->labels[b]][b] * scale - log(total)) / BATCH;
    }
    return loss;
}

static bool check_value(surrogate *s, size_t at) {
    const lf_neuron_net *n = s->net;
    double have = (double)n->m[at] / (double)(1.0f - (float)n->recipe->training.beta1), was = s->value[at],
           delta = 1e-5;
    s->value[at] = was + delta;
    double up = run_surrogate(s);
    s->value[at] = was - delta;
    double down = run_surrogate(s);
    s->value[at] = was;
    double want = (up - down) / (2 * delta);
    if (fabs(have - want) > 1e-5 + 5e-4 * fabs(want))
        fail_msg("value %zu: gradient %.9g, differences give %.9g", at, have, want);
    return fabs(want) > 1e-6;
}

static void fill(surrogate *s, uint8_t *index, uint32_t *rows, int lo) {
    lf_rng rng = lf_rng_make(3, 3);
    for (uint32_t b = 0; b < BATCH; b++) {
        rows[b] = b;
        s->labels[b] = (uint8_t)lf_rng_below(&rng, CLASSES);
        for (size_t k = 0; k < FEATURES; k++) {
            index[b * FEATURES + k] = (uint8_t)lf_rng_below(&rng, (uint32_t)(-2 * lo));
            s->input[k][b] = (double)index[b * FEATURES + k] + lo;
        }
    }
}

static void check_gradients(const char *text) {
    lf_ctx *ctx = lf_ctx_new(2);
    lf_recipe *r = lf_recipe_parse(ctx, "g.yaml", text, strlen(text));
    assert_non_null(r);
    surrogate *s = calloc(1, sizeof *s);
    uint8_t index[BATCH * FEATURES];
    uint32_t rows[BATCH];
    lf_code_input in = {.features = FEATURES, .bits = 2, .lo = -2, .step = 1};
    lf_neuron_net *n = lf_neuron_net_new(r, &in, CLASSES, 7, LF_ISA_COUNT, lf_ctx_pool(ctx));
    fill(s, index, rows, -2);
    lf_feed feed = {.index = index, .labels = s->labels, .count = BATCH, .features = FEATURES, .code = {-2, -1, 0, 1}};
    s->net = n;
    s->value = calloc(n->values, sizeof *s->value);
    for (size_t i = 0; i < n->values; i++)
        s->value[i] = (double)n->value[i];
    lf_neuron_net_train_step(n, &feed, rows, 1e-12);
    s->first = true;
    (void)run_surrogate(s);
    s->first = false;
    int checked = 0, nonzero = 0;
    for (int i = 0; i < n->layers; i++) {
        const lf_neuron_layer *l = &n->layer[i];
        for (size_t j = 0; j < l->neurons; j++)
            for (size_t k = 0; k < l->most + 2; k++, checked++)
                nonzero += check_value(s, (size_t)(l->value - n->value) + j * l->width + k);
    }
    printf("%d of %d gradients are not zero\n", nonzero, checked);
    assert_true(nonzero > checked / 2);
    free(s->value);
    free(s);
    lf_neuron_net_free(n);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
}

static void test_gradients(void **state) {
    (void)state;
#define GRADIENT "data: x\nfamily: neurons\ntraining: {batch: 32, initial: 0.5}\n"
    check_gradients(GRADIENT "layers: [3]\nneurons: {fan_in: 4, bits: 3, input_bits: 2}\n");
    check_gradients(GRADIENT "layers: [14, 9, 3]\nneurons: {fan_in: 3, bits: 2, output_bits: 5}\n");
    check_gradients(GRADIENT "layers: [10, 8, 3]\nneurons: {fan_in: 3, bits: 3, input_bits: 2, mask: random}\n");
    check_gradients(GRADIENT "layers: [9, 7, 3]\nneurons: {fan_in: 3, bits: 2, mask: learned}\n");
}

/* -- masks ---------------------------------------------------------------------------------------------------------- */

static lf_recipe *masked(lf_ctx *ctx, const char *mask) {
    char text[256];
    snprintf(text, sizeof text,
             "data: x\nfamily: neurons\nlayers: [12, 10, 3]\nneurons: {fan_in: 5, bits: 2, mask: %s}\n", mask);
    return lf_recipe_parse(ctx, "m.yaml", text, strlen(text));
}

/* Inputs of a neuron differ; balanced ones are read equally often, but for what the end of a permutation costs. */
static void test_masks(void **state) {
    lf_ctx *ctx = *state;
    for (int random = 0; random < 2; random++) {
        lf_recipe *r = masked(ctx, random ? "random" : "balanced");
        lf_code_input in = {.features = FEATURES, .bits = 2, .lo = -2, .step = 1};
        lf_neuron_net *n = lf_neuron_net_new(r, &in, CLASSES, 1, LF_ISA_COUNT, lf_ctx_pool(ctx));
        const lf_neuron_layer *l = &n->layer[0];
        int uses[FEATURES] = {0}, low = 99, high = 0;
        for (size_t w = 0; w < l->neurons * l->fan_in; w++) {
            uses[(int)l->input[w]]++;
            for (size_t k = w / l->fan_in * l->fan_in; k < w; k++)
                assert_true(l->input[k] != l->input[w]);
        }
        for (int k = 0; k < FEATURES; k++)
            low = uses[k] < low ? uses[k] : low, high = uses[k] > high ? uses[k] : high;
        assert_true(random ? high - low > 2 : high - low <= 2);
        lf_neuron_net_free(n);
        lf_recipe_free(r);
    }
}

static void test_prune(void **state) {
    lf_ctx *ctx = *state;
    lf_recipe *r = masked(ctx, "learned");
    lf_code_input in = {.features = FEATURES, .bits = 2, .lo = -2, .step = 1};
    lf_neuron_net *n = lf_neuron_net_new(r, &in, CLASSES, 1, LF_ISA_COUNT, lf_ctx_pool(ctx));
    const lf_neuron_layer *l = &n->layer[0];
    for (size_t k = 0; k < FEATURES; k++)
        l->value[k] = (float)(k * 7 % FEATURES) * (k & 1 ? -1.0f : 1.0f);
    assert_false(lf_neuron_net_is_sparse(n));
    lf_neuron_net_prune(n);
    assert_true(lf_neuron_net_is_sparse(n));
    for (size_t k = 0; k < 5; k++) { /* 11, 10, 9, 8, 7 in size */
        size_t input = (size_t)l->input[k];
        assert_int_equal(input * 7 % FEATURES, 11 - k);
        assert_true(l->value[k] == (float)(11 - k) * (input & 1 ? -1.0f : 1.0f));
    }
    assert_true(l->value[5] == 0);
    lf_neuron_net_free(n);
    lf_recipe_free(r);
}

/* Of five inputs the two of smallest weight go, those of the largest gradients come; what stays keeps its weight. */
static void test_regrow(void **state) {
    lf_ctx *ctx = *state;
    lf_recipe *r = masked(ctx, "regrow");
    lf_code_input in = {.features = FEATURES, .bits = 2, .lo = -2, .step = 1};
    lf_neuron_net *n = lf_neuron_net_new(r, &in, CLASSES, 1, LF_ISA_COUNT, lf_ctx_pool(ctx));
    const lf_neuron_layer *l = &n->layer[0];
    static const float weight[5] = {3, -0.5f, 2, 1, -4};
    for (size_t k = 0; k < 5; k++)
        l->input[k] = (float)(2 * k), l->value[k] = weight[k], n->m[k] = n->v[k] = 1;
    lf_neuron_net_watch(n, 0.4, 5);
    for (size_t i = 0; i < FEATURES; i++)
        l->score[i] = i == 7 ? -9 : i == 11 ? 8 : i % 2 ? 7 : i == 10 ? 6 : 100;
    for (int step = 0; step < 5; step++, lf_neuron_net_regrow(n))
        assert_true(n->watched == 5 - step && l->input[1] == 2);
    assert_int_equal(n->watched, 0);
    static const float want[5] = {0, 7, 4, 11, 8};
    for (size_t k = 0; k < 5; k++) {
        assert_true(l->input[k] == want[k]);
        assert_true(l->value[k] == (k % 2 ? 0 : weight[k]) && n->m[k] == (k % 2 ? 0 : 1));
    }
    lf_neuron_net_free(n);
    lf_recipe_free(r);
}

/* Codes of bytes are their highest bits, exactly, for every number of bits; reals have none. */
static void test_highest_bits(void **state) {
    train_case *c = *state;
    lf_ctx *ctx = lf_ctx_new(1);
    lf_arena *a = lf_arena_new();
    lf_recipe *r = lf_recipe_parse(ctx, "r.yaml", regrow, strlen(regrow));
    uint8_t bytes[256], label = 0;
    for (int b = 0; b < 256; b++)
        bytes[b] = (uint8_t)b;
    lf_train_options o = c->options;
    o.features = 256;
    o.train = (lf_train_data){bytes, NULL, &label, 1};
    lf_training t = {.ctx = ctx, .recipe = r, .options = &o};
    for (int bits = 1; bits <= 8; bits++) {
        lf_code_input in = lf_code_input_fit(a, &t, (lf_code_grid){.bits = bits});
        lf_feed feed;
        assert_int_equal(lf_code_feed_make(ctx, a, r, &in, &o.train, 10, "training part", &feed), LF_OK);
        for (int b = 0; b < 256; b++)
            assert_int_equal(feed.index[b], b >> (8 - bits));
    }
    assert_int_equal(lf_code_feed_check(&t, false), LF_OK);
    float real[256] = {0};
    o.train = (lf_train_data){NULL, real, &label, 1};
    assert_int_equal(lf_code_feed_check(&t, true), LF_OK);
    assert_int_equal(lf_code_feed_check(&t, false), LF_BAD_INPUT);
    lf_recipe_free(r);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

/* -- refusals ------------------------------------------------------------------------------------------------------- */

static void test_refusals(void **state) {
    train_case *c = *state;
    refused_text(CASE_NEURONS "layers: [{conv: 3}, 10]\n", "numbers of neurons");
    refused_text(CASE_NEURONS "layers: [10]\nneurons: {bits: 1}\n", "at least 2 bits");
    refused_text(CASE_NEURONS "layers: [10]\nluts: {inputs: 3}\n", "belongs to family luts");
    refused_text(CASE_NEURONS "input: {shape: [1, 28, 28]}\nlayers: [10]\nregularize: {shift: 1}\n", "move pictures");
    refused_recipe(CASE_NEURONS "layers: [20, 10]\nneurons: {fan_in: 4, bits: 4}\ntraining: {validation: 300}\n",
                   &c->options, LF_BAD_INPUT, "more than 15 address bits");
    refused_recipe(CASE_NEURONS "input: {shape: [1, 28, 27]}\nlayers: [20, 10]\ntraining: {validation: 300}\n",
                   &c->options, LF_BAD_INPUT, "not the recipe's input shape");
    refused_recipe(CASE_NEURONS "layers: [20, 9]\ntraining: {validation: 300}\n", &c->options, LF_BAD_INPUT,
                   "there are 9 classes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_gradients), WITH_CONTEXT(test_masks),
        WITH_CONTEXT(test_prune),         WITH_CONTEXT(test_regrow),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_highest_bits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
