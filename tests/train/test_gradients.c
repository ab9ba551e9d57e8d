/* Gradients of a whole step against finite differences of a surrogate in double.
 *
 * A straight-through estimator is the exact gradient of a network in which every rounding is replaced by adding a
 * constant (what rounding added at this point), and clamped values by constants. The surrogate computes that
 * network; its central differences must be the gradients the trainer made, which after one step of Adam stand in the
 * first moments: m = (1 - beta1) g. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "train/train_net.h"

enum { BATCH = 32, INPUTS = 11, WIDEST = 16, LAYERS_MAX = 3, CLASSES = 4 };

/* value = x + shift inside, constant outside: a quantizer around the point where it was frozen. In units of codes. */
typedef struct frozen_quant {
    bool bipolar, inside;
    double offset; /* code - x / step at the point */
    double code;
} frozen_quant;

typedef struct surrogate {
    const lf_net *net;
    double *value; /* a copy of the trained values, which the test moves */
    double input[INPUTS][BATCH];
    uint8_t labels[BATCH];
    frozen_quant *weight[LAYERS_MAX]; /* [in * pad] */
    frozen_quant code[LAYERS_MAX][WIDEST][BATCH];
    bool freeze; /* record the point instead of using it */
} surrogate;

static double value_of(const surrogate *s, const float *p) {
    return s->value[p - s->net->value];
}

static double quantized(surrogate *s, frozen_quant *f, const lf_quantizer *q, double x, double step, double value) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    if (s->freeze) {
        double t = q->type == LF_QUANTIZER_BIPOLAR ? x : (double)((float)x / (float)step);
        f->bipolar = q->type == LF_QUANTIZER_BIPOLAR;
        f->inside = f->bipolar ? fabs(x) <= q->clip : t >= lo && t <= hi;
        f->code = f->bipolar ? (x >= 0 ? 1 : -1) : nearbyint(t < lo ? lo : t > hi ? hi : t);
        f->offset = f->code - t;
    }
    if (f->bipolar)
        return f->inside ? x + f->offset : f->code;
    return value * (f->inside ? x / step + f->offset : f->code);
}

static double loss_of(const surrogate *s, const double *logit, uint8_t label) {
    const lf_recipe *r = s->net->recipe;
    double total = 0, loss = 0;
    if (r->loss.kind == LF_LOSS_SQUARED_HINGE) {
        for (int c = 0; c < CLASSES; c++) {
            double t = c == label ? 1 : -1, gap = r->loss.margin - t * logit[c];
            loss += gap > 0 ? gap * gap : 0;
        }
        return loss / CLASSES;
    }
    for (int c = 0; c < CLASSES; c++)
        total += exp(logit[c]);
    for (int c = 0; c < CLASSES; c++) {
        double target = r->loss.label_smoothing / CLASSES + (c == label ? 1 - r->loss.label_smoothing : 0);
        loss -= target * (logit[c] - log(total));
    }
    return loss;
}

static void normalized(const surrogate *s, double v[BATCH]) {
    double mean = 0, variance = 0;
    for (int b = 0; b < BATCH; b++)
        mean += v[b] / BATCH;
    for (int b = 0; b < BATCH; b++)
        variance += (v[b] - mean) * (v[b] - mean) / BATCH;
    for (int b = 0; b < BATCH; b++)
        v[b] = (v[b] - mean) / sqrt(variance + s->net->recipe->norm.epsilon);
}

/* out[row][b] of layer i: a value (hidden) or logit. */
static void run_row(surrogate *s, int i, size_t row, double in[][BATCH], double out[BATCH]) {
    const lf_net_layer *l = &s->net->layer[i];
    double w_step = value_of(s, l->w_step), a_step = value_of(s, l->a_step);
    bool open = l->weights.scale_mode == LF_SCALE_FIXED && l->weights.scale <= 0;
    for (int b = 0; b < BATCH; b++)
        out[b] = 0;
    for (size_t k = 0; k < l->in; k++) {
        size_t at = k * l->pad + row;
        double w = quantized(s, &s->weight[i][at], &l->weights, value_of(s, l->w + at), w_step, open ? 1 : w_step);
        for (int b = 0; b < BATCH; b++)
            out[b] += w * in[k][b] * l->factor;
    }
    if (l->norm)
        normalized(s, out);
    for (int b = 0; b < BATCH; b++) {
        double y = value_of(s, l->gamma + row) * out[b] + value_of(s, l->beta + row);
        out[b] = l->last ? y : quantized(s, &s->code[i][row][b], &l->activations, y, a_step, a_step);
        if (l->keep)
            out[b] *= (double)l->keep[row * BATCH + (size_t)b];
    }
}

static double run_surrogate(surrogate *s) {
    static double in[WIDEST][BATCH], out[WIDEST][BATCH];
    double loss = 0;
    memcpy(in, s->input, sizeof s->input);
    for (int i = 0; i < s->net->layers; i++) {
        for (size_t row = 0; row < s->net->layer[i].out; row++)
            run_row(s, i, row, in, out[row]);
        memcpy(in, out, sizeof in);
    }
    for (int b = 0; b < BATCH; b++) {
        double logit[CLASSES];
        for (int c = 0; c < CLASSES; c++)
            logit[c] = out[c][b];
        loss += loss_of(s, logit, s->labels[b]) / BATCH;
    }
    return loss;
}

static double difference(surrogate *s, size_t at, double delta) {
    double was = s->value[at];
    s->value[at] = was + delta;
    double up = run_surrogate(s);
    s->value[at] = was - delta;
    double down = run_surrogate(s);
    s->value[at] = was;
    return (up - down) / (2 * delta);
}

typedef struct tally {
    int checked, nonzero;
} tally;

/* One value: `factor` turns d/d value into what the trainer follows (d/d log of a step). */
static void check_value(surrogate *s, const float *p, double factor, const char *what, tally *t) {
    const lf_net *n = s->net;
    size_t at = (size_t)(p - n->value);
    double have = (double)n->m[at] / (double)(1.0f - (float)n->recipe->training.beta1);
    double want = difference(s, at, 1e-5 * factor) * factor;
    t->checked++;
    t->nonzero += fabs(want) > 1e-6;
    if (fabs(have - want) > 2e-6 + 2e-4 * fabs(want))
        fail_msg("%s at %zu: gradient %.9g, differences give %.9g", what, at, have, want);
}

static void check_layer(surrogate *s, int i, tally *t) {
    const lf_net_layer *l = &s->net->layer[i];
    for (size_t k = 0; k < l->in; k++)
        for (size_t j = 0; j < l->out; j++)
            check_value(s, l->w + k * l->pad + j, 1, "weight", t);
    for (size_t j = 0; j < l->out; j++) {
        if (l->norm)
            check_value(s, l->gamma + j, 1, "gamma", t);
        if (l->norm || !l->last)
            check_value(s, l->beta + j, 1, "beta", t);
    }
    if (l->weights.scale_mode == LF_SCALE_LEARNED)
        check_value(s, l->w_step, value_of(s, l->w_step), "weight step", t);
    if (!l->last && l->activations.scale_mode == LF_SCALE_LEARNED)
        check_value(s, l->a_step, value_of(s, l->a_step), "activation step", t);
}

static void fill_input(surrogate *s, lf_net *n) {
    lf_rng rng = lf_rng_make(3, 3);
    for (int b = 0; b < BATCH; b++) {
        s->labels[b] = (uint8_t)lf_rng_below(&rng, CLASSES);
        for (int k = 0; k < INPUTS; k++) {
            float code = lf_rng_below(&rng, 2) ? 1 : -1;
            n->input[k * BATCH + b] = code;
            s->input[k][b] = (double)code * n->input_step;
        }
    }
}

static void check_recipe(lf_ctx *ctx, const char *text) {
    lf_recipe *r = lf_recipe_parse(ctx, "g.yaml", text, strlen(text));
    assert_non_null(r);
    lf_net *n = lf_net_new(r, INPUTS, 5, LF_ISA_COUNT, lf_ctx_pool(ctx));
    lf_net_init(n);
    surrogate s = {.net = n, .freeze = true};
    fill_input(&s, n);
    for (int i = 0; i < n->layers; i++)
        for (size_t j = 0; j < n->layer[i].out; j++) {
            n->layer[i].gamma[j] += 0.05f * (float)(j % 5);
            n->layer[i].beta[j] += 0.03f * (float)(j % 7);
        }
    s.value = calloc(n->values, sizeof *s.value);
    for (size_t i = 0; i < n->values; i++)
        s.value[i] = (double)n->value[i];
    for (int i = 0; i < n->layers; i++)
        s.weight[i] = calloc(n->layer[i].in * n->layer[i].pad, sizeof *s.weight[i]);
    lf_net_train_step(n, s.labels, 1e-12);
    (void)run_surrogate(&s);
    s.freeze = false;
    tally t = {0};
    for (int i = 0; i < n->layers; i++)
        check_layer(&s, i, &t);
    if (t.nonzero < t.checked / 4)
        fail_msg("only %d of %d gradients are not zero", t.nonzero, t.checked);
    for (int i = 0; i < n->layers; i++)
        free(s.weight[i]);
    free(s.value);
    lf_net_free(n);
    lf_recipe_free(r);
}

#define BASE "data: x\ninput_quantizer: {type: bipolar}\ntraining: {batch: 32, initial: 0.8}\n"

static void test_steps(void **state) {
    (void)state;
    static const char *const recipes[] = {
        BASE "weights: {type: bipolar}\nactivations: {type: bipolar}\nlayers: [4]\n",
        BASE "weights: {type: bipolar}\nactivations: {type: bipolar}\nlayers: [12, 9, 4]\n",
        BASE "weights: {type: bipolar}\nactivations: {type: bipolar, clip: 1.5}\nlayers: [12, 9, 4]\noutput: {kind: "
             "batch_norm}\n",
        BASE "weights: {type: ternary, scale_mode: learned}\nactivations: {type: ternary, scale_mode: "
             "learned}\nlayers: [12, 9, 4]\n",
        BASE "weights: {type: int, bits: 3, narrow: true, scale_mode: learned}\nactivations: {type: int, bits: 2, "
             "scale_mode: learned}\n"
             "layers: [12, 9, 4]\nloss: {label_smoothing: 0.1}\n",
        BASE "weights: {type: int, bits: 4, scale: 0.125}\nactivations: {type: uint, bits: 3, scale_mode: "
             "learned}\nlayers: [12, 9, 4]\n"
             "batch_norm: {enabled: false}\noutput: {scale: 0.3}\n",
        BASE
        "weights: {type: bipolar}\nactivations: {type: uint, bits: 2}\nlayers: [12, 4]\nloss: {kind: squared_hinge}\n"
        "output: {kind: batch_norm}\n",
        BASE "weights: {type: ternary}\nactivations: {type: ternary}\nlayers: [12, 9, 4]\n",
        BASE "weights: {type: bipolar}\nactivations: {type: ternary}\nlayers: [12, 9, 4]\nregularize: {dropout: 0.3}\n",
    };
    lf_ctx *ctx = lf_ctx_new(2);
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        check_recipe(ctx, recipes[i]);
    lf_ctx_free(ctx);
}

/* A step of a power of two: the nearest in the logarithm. */
static void test_power_of_two(void **state) {
    (void)state;
    lf_quantizer q = {.type = LF_QUANTIZER_INT, .bits = 4, .scale_mode = LF_SCALE_POWER_OF_TWO};
    static const float pairs[][2] = {{1, 1}, {1.41f, 1}, {1.42f, 2}, {0.3f, 0.25f}, {0.36f, 0.5f}, {0.0625f, 0.0625f}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_true(lf_net_step(&q, pairs[i][0]) == pairs[i][1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_power_of_two)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
