/* Same bits for any number of threads and any kernel; the frozen graph is what the report speaks of; wrong data is
 * refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train_checks.h"

static const char binary[] = CASE_BINARY "layers: [50, 40, 10]\n"
                                         "training: {epochs: 3, batch: 48, validation: 300, rate: 0.02, initial: 0.1}\n"
                                         "regularize: {dropout: 0.1, input_dropout: 0.1, shift: 1}\n";
static const char integers[] =
    CASE_HEAD "weights: {type: int, bits: 3, narrow: true, scale_mode: learned}\n"
              "activations: {type: uint, bits: 2, scale_mode: power_of_two}\n"
              "layers: [40, {units: 30, weights: {type: ternary, scale_mode: power_of_two}}, 10]\n"
              "training: {epochs: 2, batch: 48, validation: 300, rate: 0.01, initial: 0.2}\n"
              "output: {kind: batch_norm}\nloss: {label_smoothing: 0.1}\n";
static const char plain[] = "data: digits\n"
                            "input_quantizer: {type: uint, bits: 8, scale: 0.00392156862745098}\n"
                            "weights: {type: int, bits: 8, scale_mode: learned}\n"
                            "activations: {type: int, bits: 8, scale_mode: learned, scale: 0.05}\n"
                            "layers: [40, 10]\nbatch_norm: {enabled: false}\nloss: {kind: squared_hinge}\n"
                            "training: {epochs: 3, batch: 48, validation: 300, rate: 0.005, initial: 0.1}\n";

/* Pictures: a chain of bipolar convolutions and pools; four and eight bits with joins, whose dense layer sums more than float32
 * holds exactly. */
static const char chain[] =
    CASE_HEAD "weights: {type: bipolar}\nactivations: {type: bipolar}\n"
              "layers: [{conv: 12, kernel: 4, stride: 2}, {conv: 20}, {max_pool: 2}, {conv: 24, kernel: 2}, 30, 10]\n"
              "training: {epochs: 2, batch: 48, validation: 300, rate: 0.02, initial: 0.1}\n"
              "regularize: {dropout: 0.1, shift: 1, flip: true}\n";
static const char joined[] =
    "data: digits\ninput: {shape: [1, 28, 28], multiply: 2, subtract: 1}\n"
    "input_quantizer: {type: int, bits: 8, scale: 0.0078125}\n"
    "weights: {type: int, bits: 8, scale_mode: learned}\nactivations: {type: uint, bits: 8, scale_mode: learned}\n"
    "layers:\n- {conv: 10, stride: 2, pad: 1}\n- {max_pool: 2, name: a}\n"
    "- {conv: 10, pad: 1, name: b, activations: {type: int, bits: 4, scale_mode: learned}}\n- {join: [b, a], name: c}\n"
    "- {conv: 20, stride: 2, pad: 1, name: d}\n- {conv: 20, kernel: 1, stride: 2, from: c, name: e}\n"
    "- {join: [d, e]}\n- global_average_pool\n- 20\n- 10\n"
    "training: {epochs: 3, batch: 48, validation: 300, rate: 0.02, initial: 0.2}\n";
static const char biased[] =
    "data: digits\ninput: {shape: [1, 28, 28]}\n"
    "input_quantizer: {type: uint, bits: 4, scale: 0.0625}\n"
    "weights: {type: ternary, scale_mode: power_of_two}\nactivations: {type: int, bits: 3, scale_mode: power_of_two}\n"
    "layers: [{conv: 16, kernel: 5, stride: 3, pad: 2}, {conv: 16, kernel: 1}, 10]\n"
    "training: {epochs: 2, batch: 528, validation: 300, rate: 0.02, initial: 0.2}\nbatch_norm: {enabled: false}\n";

static void test_same_bits(void **state) {
    same_for_threads_and_kernels(*state, binary);
    same_for_threads_and_kernels(*state, integers);
    same_for_threads_and_kernels(*state, plain);
}

static void test_same_bits_of_pictures(void **state) {
    same_for_threads_and_kernels(*state, chain);
    same_for_threads_and_kernels(*state, joined);
}

static void test_seeds_differ(void **state) {
    train_case *c = *state;
    lf_train_options o = c->options;
    lf_train_report r;
    o.epochs = 1;
    o.seed = 1;
    char *a = train_text(binary, &o, 2, &r);
    o.seed = 2;
    char *b = train_text(binary, &o, 2, &r);
    assert_true(a && b && strcmp(a, b) != 0);
    free(a);
    free(b);
}

static void test_frozen(void **state) {
    check_frozen(*state, binary, 0.6);
    check_frozen(*state, integers, 0.8);
    check_frozen(*state, plain, 0.8);
}

static void test_frozen_pictures(void **state) {
    check_frozen(*state, chain, 0.5);
    check_frozen(*state, joined, 0.5);
    check_frozen(*state, biased, 0.15);
}

static void refused(const lf_train_options *o, const char *says) {
    refused_recipe(binary, o, LF_BAD_INPUT, says);
}

/* Too large a network, and one that diverges. */
static void test_hopeless(void **state) {
    train_case *c = *state;
    refused_recipe(CASE_BINARY "layers: [65536, 65536, 10]\ntraining: {validation: 300}\n", &c->options, LF_BAD_INPUT,
                   "at most 134217728");
    refused_recipe(CASE_HEAD
                   "weights: {type: int, bits: 8, scale: 1000}\nactivations: {type: int, bits: 8, scale: 100000}\n"
                   "batch_norm: {enabled: false}\nlayers: [64, 64, 64, 10]\noutput: {scale: 1000000}\n"
                   "loss: {kind: squared_hinge}\n"
                   "training: {rate: 10, initial: 1000, warmup_epochs: 0, validation: 300, epochs: 5, epsilon: 1}\n",
                   &c->options, LF_FAILED, "diverged");
}

static void test_refusals(void **state) {
    train_case *c = *state;
    lf_train_options o = c->options;
    o.features = 783;
    refused(&o, "783 values");
    o = c->options;
    o.train.count = 340;
    refused(&o, "too few");
    o = c->options;
    uint8_t *labels = malloc(CASE_ROWS);
    memcpy(labels, c->train_label, CASE_ROWS);
    labels[17] = 10;
    o.train.labels = labels;
    refused(&o, "row 17 has label 10");
    free(labels);
    o = c->options;
    float *reals = calloc((size_t)CASE_ROWS * LF_DIGIT_PIXELS, sizeof *reals);
    reals[3 * LF_DIGIT_PIXELS] = NAN;
    o.train.bytes = NULL;
    o.train.reals = reals;
    refused(&o, "row 3 holds NaN");
    free(reals);
}

/* Reals that equal the bytes' values give the same network. */
static void test_reals(void **state) {
    train_case *c = *state;
    lf_train_options o = c->options, p = c->options;
    o.epochs = p.epochs = 1;
    float *reals = malloc((size_t)CASE_ROWS * LF_DIGIT_PIXELS * sizeof *reals);
    for (size_t i = 0; i < (size_t)CASE_ROWS * LF_DIGIT_PIXELS; i++)
        reals[i] = (float)c->train[i] / 255.0f;
    p.train.bytes = NULL;
    p.train.reals = reals;
    lf_train_report r;
    char *a = train_text(binary, &o, 2, &r), *b = train_text(binary, &p, 2, &r);
    assert_non_null(a);
    assert_string_equal(a, b);
    free(a);
    free(b);
    free(reals);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),       cmocka_unit_test(test_same_bits_of_pictures),
        cmocka_unit_test(test_seeds_differ),    cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_frozen_pictures), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_hopeless),        cmocka_unit_test(test_reals)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
