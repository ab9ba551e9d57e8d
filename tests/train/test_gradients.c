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

enum { BATCH = 32, INPUTS = 11, WIDEST = 16, PIXELS = 36, COLUMNS = PIXELS * BATCH, LAYERS_MAX = 12, CLASSES = 4 };

/* value = x + shift inside, constant outside: a quantizer around the point where it was frozen. In units of codes. */
typedef struct frozen_quant {
    bool bipolar, inside;
    double offset; /* code - x / step at the point */
    double code;
} frozen_quant;

/* What a layer gives, in values; [channel][pixel * BATCH + sample]. */
typedef double given[WIDEST][COLUMNS];

typedef struct surrogate {
    const lf_net *net;
    double *value; /* a copy of the trained values, which the test moves */
    uint8_t labels[BATCH];
    frozen_quant *weight[LAYERS_MAX]; /* [in * pad] */
    frozen_quant code[LAYERS_MAX][WIDEST][COLUMNS];
    uint8_t winner[LAYERS_MAX][WIDEST][COLUMNS]; /* tap of a max pool */
    given input, layer[LAYERS_MAX];
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
        t = fabs(t) < 1e-6 ? 0 : t; /* a sum of codes that is 0 lies on the edge of an unsigned range, inside */
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

static void normalized(const surrogate *s, double *v, size_t columns) {
    double mean = 0, variance = 0, count = (double)columns;
    for (size_t b = 0; b < columns; b++)
        mean += v[b] / count;
    for (size_t b = 0; b < columns; b++)
        variance += (v[b] - mean) * (v[b] - mean) / count;
    for (size_t b = 0; b < columns; b++)
        v[b] = (v[b] - mean) / sqrt(variance + s->net->recipe->norm.epsilon);
}

static double (*read_by(surrogate *s, int from))[COLUMNS] {
    return from == LF_FROM_INPUT ? s->input : s->layer[from];
}

/* Value under tap (channel, ky, kx) of window (oy, ox), 0 outside; dense layers over the input see one long vector. */
static double under(const lf_patches *p, double in[][COLUMNS], size_t k, size_t window, int b) {
    size_t taps = lf_patches_taps(p), tap = k % taps;
    long y = (long)(window / p->out_width * p->stride + tap / p->kernel_width) - (long)p->pad;
    long x = (long)(window % p->out_width * p->stride + tap % p->kernel_width) - (long)p->pad;
    if (y < 0 || x < 0 || y >= (long)p->height || x >= (long)p->width)
        return 0;
    return in[k / taps][((size_t)y * p->width + (size_t)x) * BATCH + (size_t)b];
}

static void products(surrogate *s, int i, size_t row, double *out) {
    const lf_net_layer *l = &s->net->layer[i];
    double w_step = value_of(s, l->w_step), (*in)[COLUMNS] = read_by(s, l->from[0]);
    bool open = l->weights.scale_mode == LF_SCALE_FIXED && l->weights.scale <= 0;
    for (size_t k = 0; k < l->in; k++) {
        size_t at = k * l->pad + row;
        double w = quantized(s, &s->weight[i][at], &l->weights, value_of(s, l->w + at), w_step, open ? 1 : w_step);
        for (size_t c = 0; c < l->columns; c++)
            out[c] += w * under(&l->view, in, k, c / BATCH, (int)(c % BATCH)) * l->factor;
    }
}

static void max_of(surrogate *s, int i, size_t row, double *out) {
    const lf_net_layer *l = &s->net->layer[i];
    const lf_net_layer *below = &s->net->layer[l->from[0]]; /* its codes are compared; the first of equals wins */
    size_t taps = lf_patches_taps(&l->view);
    for (size_t c = 0; c < l->columns; c++) {
        uint8_t *winner = &s->winner[i][row][c];
        double most = -1e9;
        for (size_t tap = 0; s->freeze && tap < taps; tap++) {
            size_t y = c / BATCH / l->view.out_width * l->view.stride + tap / l->view.kernel_width;
            size_t x = c / BATCH % l->view.out_width * l->view.stride + tap % l->view.kernel_width;
            double code = s->code[l->from[0]][row][(y * l->view.width + x) * BATCH + c % BATCH].code;
            *winner = code > most ? (uint8_t)tap : *winner;
            most = code > most ? code : most;
        }
        assert_true(below->units);
        out[c] = under(&l->view, s->layer[l->from[0]], row * taps + *winner, c / BATCH, (int)(c % BATCH));
    }
}

static void mean_of(surrogate *s, int i, size_t row, double *out) {
    const lf_net_layer *l = &s->net->layer[i];
    size_t pixels = l->view.height * l->view.width;
    for (size_t c = 0; c < pixels * BATCH; c++)
        out[c % BATCH] += read_by(s, l->from[0])[row][c] / (double)pixels;
}

static void units_of(surrogate *s, int i, size_t row, double *out) {
    const lf_net_layer *l = &s->net->layer[i];
    double a_step = value_of(s, l->a_step);
    if (l->norm)
        normalized(s, out, l->columns);
    for (size_t c = 0; c < l->columns; c++) {
        double y = l->weighted ? value_of(s, l->gamma + row) * out[c] + value_of(s, l->beta + row) : out[c];
        out[c] = l->last ? y : quantized(s, &s->code[i][row][c], &l->activations, y, a_step, a_step);
        if (l->keep)
            out[c] *= (double)l->keep[row * l->columns + c];
    }
}

/* out[column] of one channel of layer i: values (hidden) or logits. */
static void run_row(surrogate *s, int i, size_t row, double *out) {
    const lf_net_layer *l = &s->net->layer[i];
    memset(out, 0, l->columns * sizeof *out);
    if (l->weighted)
        products(s, i, row, out);
    else if (l->kind == LF_LAYER_MAX_POOL)
        max_of(s, i, row, out);
    else if (l->kind == LF_LAYER_GLOBAL_AVERAGE_POOL)
        mean_of(s, i, row, out);
    for (int o = 0; l->kind == LF_LAYER_JOIN && o < 2; o++)
        for (size_t c = 0; c < l->columns; c++)
            out[c] += s->layer[l->from[o]][row][c];
    if (l->units)
        units_of(s, i, row, out);
}

static double run_surrogate(surrogate *s) {
    double loss = 0;
    int last = s->net->layers - 1;
    for (int i = 0; i <= last; i++)
        for (size_t row = 0; row < s->net->layer[i].out; row++)
            run_row(s, i, row, s->layer[i][row]);
    for (int b = 0; b < BATCH; b++) {
        double logit[CLASSES];
        for (int c = 0; c < CLASSES; c++)
            logit[c] = s->layer[last][c][b];
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

static void check_weights(surrogate *s, int i, tally *t) {
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
}

static void check_layer(surrogate *s, int i, tally *t) {
    const lf_net_layer *l = &s->net->layer[i];
    if (l->weighted)
        check_weights(s, i, t);
    if (l->units && l->step_of == i && !l->last && l->activations.scale_mode == LF_SCALE_LEARNED)
        check_value(s, l->a_step, value_of(s, l->a_step), "activation step", t);
}

static void fill_input(surrogate *s, lf_net *n) {
    lf_rng rng = lf_rng_make(3, 3);
    size_t pixels = n->recipe->input.shape.count == 3 && n->layer[0].kind != LF_LAYER_DENSE ? PIXELS : 1;
    for (int b = 0; b < BATCH; b++) {
        s->labels[b] = (uint8_t)lf_rng_below(&rng, CLASSES);
        for (size_t k = 0; k < n->features; k++) {
            float code = lf_rng_below(&rng, 2) ? 1 : -1;
            n->input[k * BATCH + (size_t)b] = code;
            s->input[k / pixels][k % pixels * BATCH + (size_t)b] = (double)code * n->input_step;
        }
    }
}

static void move_norms(lf_net *n) {
    for (int i = 0; i < n->layers; i++)
        for (size_t j = 0; n->layer[i].weighted && j < n->layer[i].out; j++) {
            n->layer[i].gamma[j] += 0.05f * (float)(j % 5);
            n->layer[i].beta[j] += 0.03f * (float)(j % 7);
        }
}

/* Off the points where a step's rounding decides: whole numbers times one step are often half or last codes of another. */
static void move_steps(lf_net *n) {
    for (int i = 0; n->recipe->input.shape.count && i < n->layers; i++)
        if (n->layer[i].units && n->layer[i].step_of == i && n->layer[i].activations.type != LF_QUANTIZER_BIPOLAR)
            *n->layer[i].a_step *= 1.0371f + 0.0113f * (float)i;
}

static void check_recipe(lf_ctx *ctx, const char *text) {
    lf_recipe *r = lf_recipe_parse(ctx, "g.yaml", text, strlen(text));
    if (!r)
        fail_msg("%s", lf_diag_at(ctx, 0)->text);
    size_t features = r->input.shape.count ? 2 * PIXELS : INPUTS;
    lf_net *n = lf_net_new(r, features, 5, LF_ISA_COUNT, lf_ctx_pool(ctx));
    lf_net_init(n);
    surrogate *s = calloc(1, sizeof *s);
    s->net = n;
    s->freeze = true;
    fill_input(s, n);
    move_norms(n);
    move_steps(n);
    s->value = calloc(n->values, sizeof *s->value);
    for (size_t i = 0; i < n->values; i++)
        s->value[i] = (double)n->value[i];
    for (int i = 0; i < n->layers; i++)
        s->weight[i] = calloc(n->layer[i].in * n->layer[i].pad, sizeof *s->weight[i]);
    for (int i = 0; i < n->layers; i++) /* what an earlier step left behind */
        memset(n->layer[i].d, 0x3f, n->layer[i].out * n->layer[i].columns * sizeof(float));
    lf_net_train_step(n, s->labels, 1e-12);
    (void)run_surrogate(s);
    s->freeze = false;
    tally t = {0};
    for (int i = 0; i < n->layers; i++)
        check_layer(s, i, &t);
    if (t.nonzero < t.checked / 4)
        fail_msg("only %d of %d gradients are not zero", t.nonzero, t.checked);
    for (int i = 0; i < n->layers; i++)
        free(s->weight[i]);
    free(s->value);
    free(s);
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

#define PICTURE                                                                               \
    "data: x\ninput: {shape: [2, 6, 6]}\ninput_quantizer: {type: int, bits: 3, scale: 0.5}\n" \
    "training: {batch: 32, initial: 0.8}\n"
#define FOUR_BITS                                                                     \
    "weights: {type: int, bits: 4, narrow: true, scale_mode: learned}\nactivations: " \
    "{type: uint, bits: 4, scale_mode: learned}\n"

static void test_pictures(void **state) {
    (void)state;
    static const char *const recipes[] = {
        PICTURE "weights: {type: bipolar}\nactivations: {type: bipolar}\nlayers: [{conv: 3}, 4]\n",
        PICTURE FOUR_BITS "layers: [{conv: 3, pad: 1, stride: 2}, {conv: 4, kernel: 2}, 4]\n",
        PICTURE FOUR_BITS "layers: [{conv: 4, kernel: 2}, {max_pool: 2}, {conv: 3, pad: 1}, 5, 4]\n",
        PICTURE FOUR_BITS "layers: [{conv: 3}, {max_pool: 3, stride: 1}, 4]\nbatch_norm: {enabled: false}\n",
        PICTURE "weights: {type: bipolar}\nactivations: {type: ternary, scale_mode: learned}\n"
                "layers: [{conv: 4, pad: 1}, global_average_pool, 4]\nregularize: {dropout: 0.2}\n",
        PICTURE FOUR_BITS
        "layers: [{conv: 3, pad: 1, name: a}, {conv: 3, pad: 1, name: b, activations: {type: int, bits: 4, scale_mode: "
        "learned}}, {join: [b, a], name: c}, {conv: 4, pad: 1, stride: 2, name: d}, {conv: 4, kernel: 1, stride: 2, "
        "from: c, name: e, activations: {type: int, bits: 3, scale_mode: learned}}, {join: [d, e]}, "
        "global_average_pool, 4]\n",
        PICTURE FOUR_BITS "layers: [{conv: 3, pad: 1, name: a}, {max_pool: 2}, {conv: 3, pad: 1, name: b}, "
                          "{max_pool: 2, from: a, name: p}, {join: [p, b], name: c}, {conv: 3, kernel: 1, from: b, "
                          "name: q}, {join: [c, q], name: r}, {join: [r, b]}, 4]\n",
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_pictures),
                                       cmocka_unit_test(test_power_of_two)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
