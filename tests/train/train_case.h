/* Small trainings on generated digits, shared by the tests of this folder. */
#ifndef LF_TESTS_TRAIN_CASE_H
#define LF_TESTS_TRAIN_CASE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/digits.h"
#include "ir/lftext.h"
#include "train/train.h"

enum { CASE_ROWS = 2000, CASE_TEST = 500 };

typedef struct train_case {
    uint8_t *train, *test;
    uint8_t train_label[CASE_ROWS], test_label[CASE_TEST];
    lf_train_options options;
} train_case;

static inline void train_case_open(train_case *c) {
    c->train = malloc((size_t)CASE_ROWS * LF_DIGIT_PIXELS);
    c->test = malloc((size_t)CASE_TEST * LF_DIGIT_PIXELS);
    lf_digits(NULL, 1, 0, CASE_ROWS, c->train, c->train_label);
    lf_digits(NULL, 2, 0, CASE_TEST, c->test, c->test_label);
    c->options = lf_train_defaults();
    c->options.features = LF_DIGIT_PIXELS;
    c->options.train = (lf_train_data){c->train, NULL, c->train_label, CASE_ROWS};
    c->options.test = (lf_train_data){c->test, NULL, c->test_label, CASE_TEST};
}

static inline void train_case_close(train_case *c) {
    free(c->train);
    free(c->test);
}

static inline void print_diags(lf_ctx *ctx) {
    lf_arena *a = lf_arena_new();
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        printf("%s\n", lf_diag_text(a, lf_diag_at(ctx, i)));
    lf_arena_free(a);
}

/* Trains and gives the frozen graph as text with all weights in it: its bytes are the model. NULL after an error. */
static inline char *train_text(const char *recipe, const lf_train_options *options, int threads,
                               lf_train_report *report) {
    lf_ctx *ctx = lf_ctx_new(threads);
    lf_recipe *r = lf_recipe_parse(ctx, "case.yaml", recipe, strlen(recipe));
    lf_graph *g = NULL;
    lf_text text = {0}, weights = {0};
    if (!r || lf_train(ctx, r, options, report, &g) != LF_OK || lf_graph_print(g, true, &text, &weights) != LF_OK) {
        print_diags(ctx);
        lf_text_free(&text);
    }
    lf_text_free(&weights);
    lf_graph_free(g);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
    return text.at;
}

#define CASE_HEAD                                             \
    "data: digits\n"                                          \
    "input: {shape: [1, 28, 28], multiply: 2, subtract: 1}\n" \
    "input_quantizer: {type: bipolar}\n"
#define CASE_BINARY CASE_HEAD "weights: {type: bipolar}\nactivations: {type: bipolar}\n"

#endif
