/* Networks of trained LUTs: gradients against finite differences of a surrogate, same bits for any number of threads and any kernel,
 * the frozen graph is what the report speaks of, wrong recipes are refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "train/lut_net.h"
#include "train_checks.h"

#define CASE_LUTS "data: digits\ninput: {shape: [1, 28, 28]}\nfamily: luts\n"

static const char one[] = CASE_LUTS "thermometer: {values: '0.5'}\nlayers: [200]\n"
                                    "luts: {candidates: 16}\n"
                                    "training: {epochs: 4, batch: 64, validation: 300, rate: 0.05}\n"
                                    "regularize: {shift: 1}\n";
static const char two[] = CASE_LUTS "thermometer: {kind: quantile, levels: 2}\nlayers: [150, 100]\n"
                                    "luts: {inputs: 4, candidates: 16, deep_candidates: 1, temperature: 2}\n"
                                    "training: {epochs: 4, batch: 64, validation: 300, rate: 0.05}\n";
static const char gaussian[] = CASE_LUTS "thermometer: {kind: gaussian, levels: 3}\nlayers: [100]\n"
                                         "luts: {candidates: 1, argmax: false}\n"
                                         "training: {epochs: 2, batch: 64, validation: 300, rate: 0.05}\n";

static void test_same_bits(void **state) {
    same_for_threads_and_kernels(*state, one);
    same_for_threads_and_kernels(*state, two);
}

static void test_frozen(void **state) {
    check_frozen(*state, one, 0.6);
    check_frozen(*state, two, 0.4);
    check_frozen(*state, gaussian, 0.3);
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

enum { BATCH = 64, FEATURES = 20, CLASSES = 3, LUTS_MAX = 32, PINS_MAX = LUTS_MAX * 6 };

/* Around the point of a step each LUT gives: its bit, plus how far the entry that is read has moved, plus for each pin its finite difference times how far
 * the pin has moved; and a pin moves by its candidates' bits times how far their scores have moved. */
typedef struct surrogate {
    const lf_lut_net *net;
    double *value, *point; /* trained values: moved, and at the point */
    uint32_t pick[2][PINS_MAX];
    uint8_t labels[BATCH];
    double out[2][LUTS_MAX][BATCH], hard[2][LUTS_MAX][BATCH];
} surrogate;

static double moved(const surrogate *s, const float *p) {
    return s->value[p - s->net->value] - s->point[p - s->net->value];
}

static double hard_bit(const surrogate *s, int layer, size_t bit, size_t b) {
    return layer ? s->hard[layer - 1][bit][b] : (double)(s->net->input[bit] >> b & 1);
}

static double soft_bit(const surrogate *s, int layer, size_t bit, size_t b) {
    return layer ? s->out[layer - 1][bit][b] : (double)(s->net->input[bit] >> b & 1);
}

static double pin_moved(const surrogate *s, int layer, size_t pin, size_t b) {
    const lf_lut_layer *l = &s->net->layer[layer];
    double by = soft_bit(s, layer, s->pick[layer][pin], b) - hard_bit(s, layer, s->pick[layer][pin], b);
    for (size_t k = 0; l->score && k < l->choices; k++)
        by +=
            hard_bit(s, layer, (size_t)l->choice[pin * l->choices + k], b) * moved(s, l->score + pin * l->choices + k);
    return by;
}

static int distance(size_t a, size_t b) {
    return __builtin_popcountll(a ^ b);
}

/* The sentence of lut_net.h: differences at every address, weighted by spread to the power of the distance in the other pins. */
static double difference_at(const surrogate *s, int layer, size_t lut, size_t pin, size_t address) {
    const lf_lut_net *n = s->net;
    const lf_lut_layer *l = &n->layer[layer];
    const double *table = s->point + (l->table - n->value) + lut * LF_LUT_ENTRIES;
    size_t bit = (size_t)1 << pin;
    double sum = 0;
    for (size_t a = 0; a < (size_t)1 << n->fan_in; a++)
        if (a & bit)
            sum += (table[a] - table[a & ~bit]) * pow(n->recipe->luts.spread, distance(a | bit, address | bit));
    return sum;
}

static void run_lut(surrogate *s, int layer, size_t lut, bool first) {
    const lf_lut_net *n = s->net;
    const lf_lut_layer *l = &n->layer[layer];
    for (size_t b = 0; b < BATCH; b++) {
        size_t address = 0;
        for (size_t k = 0; k < n->fan_in; k++)
            address |= (size_t)hard_bit(s, layer, s->pick[layer][lut * n->fan_in + k], b) << k;
        const float *entry = l->table + lut * LF_LUT_ENTRIES + address;
        if (first)
            s->hard[layer][lut][b] = s->point[entry - n->value] > 0;
        double y = s->hard[layer][lut][b] + moved(s, entry);
        for (size_t k = 0; k < n->fan_in && !first; k++)
            y += difference_at(s, layer, lut, k, address) * pin_moved(s, layer, lut * n->fan_in + k, b);
        s->out[layer][lut][b] = y;
    }
}

static double run_surrogate(surrogate *s, bool first) {
    const lf_lut_net *n = s->net;
    double loss = 0;
    for (int i = 0; i < n->layers; i++)
        for (size_t lut = 0; lut < n->layer[i].luts; lut++)
            run_lut(s, i, lut, first);
    size_t votes = n->layer[n->layers - 1].luts / CLASSES;
    for (size_t b = 0; b < BATCH; b++) {
        double logit[CLASSES] = {0}, total = 0;
        for (size_t lut = 0; lut < votes * CLASSES; lut++)
            logit[lut / votes] += s->out[n->layers - 1][lut][b] / n->recipe->luts.temperature;
        for (int c = 0; c < CLASSES; c++)
            total += exp(logit[c]);
        loss -= (logit[s->labels[b]] - log(total)) / BATCH;
    }
    return loss;
}

/* A vote's gradient as the trainer has it is that of the logit: the temperature is a factor for all alike, which Adam does not see. */
static void check_value(surrogate *s, const float *p, int *nonzero) {
    const lf_lut_net *n = s->net;
    size_t at = (size_t)(p - n->value);
    double have = (double)n->m[at] / (double)(1.0f - (float)n->recipe->training.beta1), was = s->value[at],
           delta = 1e-5;
    s->value[at] = was + delta;
    double up = run_surrogate(s, false);
    s->value[at] = was - delta;
    double down = run_surrogate(s, false);
    s->value[at] = was;
    double want = (up - down) / (2 * delta) * n->recipe->luts.temperature;
    *nonzero += fabs(want) > 1e-6;
    if (fabs(have - want) > 2e-6 + 2e-4 * fabs(want))
        fail_msg("value %zu: gradient %.9g, differences give %.9g", at, have, want);
}

static void check_gradients(const char *text) {
    lf_ctx *ctx = lf_ctx_new(2);
    lf_recipe *r = lf_recipe_parse(ctx, "g.yaml", text, strlen(text));
    assert_non_null(r);
    lf_rng rng = lf_rng_make(3, 3);
    uint8_t bytes[BATCH * FEATURES];
    double likely[FEATURES];
    surrogate *s = calloc(1, sizeof *s);
    uint32_t rows[BATCH];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)lf_rng_below(&rng, 256);
    for (uint32_t b = 0; b < BATCH; b++)
        rows[b] = b, s->labels[b] = (uint8_t)lf_rng_below(&rng, CLASSES);
    for (size_t k = 0; k < FEATURES; k++)
        likely[k] = 1;
    lf_arena *a = lf_arena_new();
    lf_thermometer t;
    lf_feed feed;
    lf_train_data d = {bytes, NULL, s->labels, BATCH};
    assert_int_equal(lf_thermometer_fit(ctx, a, r, FEATURES, &d, rows, BATCH, &t), LF_OK);
    assert_int_equal(lf_lut_feed_make(ctx, a, r, &t, &d, CLASSES, "rows", &feed), LF_OK);
    lf_lut_net *n = lf_lut_net_new(r, &t, CLASSES, 7, LF_ISA_COUNT, lf_ctx_pool(ctx), likely);
    s->net = n;
    s->value = calloc(n->values, sizeof *s->value);
    s->point = calloc(n->values, sizeof *s->point);
    for (size_t i = 0; i < n->values; i++)
        s->value[i] = s->point[i] = (double)n->value[i];
    for (int i = 0; i < n->layers; i++)
        memcpy(s->pick[i], n->layer[i].pick, n->layer[i].pins * sizeof(uint32_t));
    lf_lut_net_train_step(n, &feed, rows, 1e-12);
    (void)run_surrogate(s, true);
    int nonzero = 0;
    for (size_t i = 0; i < n->values; i++)
        check_value(s, n->value + i, &nonzero);
    printf("%d of %zu gradients are not zero\n", nonzero, n->values);
    assert_true((size_t)nonzero > n->values / 8);
    free(s->value);
    free(s->point);
    free(s);
    lf_lut_net_free(n);
    lf_arena_free(a);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
}

static void test_gradients(void **state) {
    (void)state;
    check_gradients("data: x\nfamily: luts\nthermometer: {values: '0.5'}\nlayers: [9]\nluts: {candidates: 16}\n"
                    "training: {batch: 64}\n");
    check_gradients("data: x\nfamily: luts\nthermometer: {values: '0.5'}\nlayers: [14, 6]\n"
                    "luts: {candidates: 16, deep_candidates: 1, inputs: 4, spread: 0.2, temperature: 1.5}\n"
                    "training: {batch: 64}\n");
    check_gradients("data: x\nfamily: luts\nthermometer: {values: '0.5'}\nlayers: [16, 9]\n"
                    "luts: {candidates: 16, inputs: 3, spread: 0}\ntraining: {batch: 64}\n");
}

/* -- refusals ------------------------------------------------------------------------------------------------------- */

static void test_refusals(void **state) {
    train_case *c = *state;
    refused_text(CASE_LUTS "weights: {type: bipolar}\nlayers: [10]\n", "has no 'weights'");
    refused_text(CASE_LUTS "layers: [10]\nluts: {candidates: 7}\n", "multiple of 16");
    refused_text(CASE_LUTS "layers: [10]\ntraining: {batch: 48}\n", "multiple of 64");
    refused_text(CASE_LUTS "layers: [{conv: 3}, 10]\n", "numbers of LUTs");
    refused_text(CASE_LUTS "layers: [10]\nregularize: {dropout: 0.1}\n", "no dropout");
    refused_text(CASE_BINARY "layers: [10]\nluts: {inputs: 3}\n", "belongs to family luts");
#define SMALL "training: {batch: 64, validation: 300}\n"
    refused_recipe(CASE_LUTS "layers: [15]\n" SMALL, &c->options, LF_BAD_INPUT, "no multiple of the 10 classes");
    refused_recipe(CASE_LUTS "layers: [20]\nthermometer: {values: '0.5 0.25'}\n" SMALL, &c->options, LF_BAD_INPUT,
                   "do not ascend");
    refused_recipe(CASE_LUTS "layers: [20]\nthermometer: {values: '0.5 x'}\n" SMALL, &c->options, LF_BAD_INPUT,
                   "no threshold");
    refused_recipe("data: digits\nfamily: luts\ninput: {multiply: 2}\nlayers: [20]\n" SMALL, &c->options, LF_BAD_INPUT,
                   "as it is");
    refused_recipe(CASE_LUTS "layers: [65530, 65530]\nluts: {candidates: 4096}\n" SMALL, &c->options, LF_BAD_INPUT,
                   "too many");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
