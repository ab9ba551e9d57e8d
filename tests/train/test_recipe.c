/* Recipes: defaults, overrides, and what is said about wrong ones. */
#include "../context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "train/recipe.h"

#define GOOD                                     \
    "data: mnist\n"                              \
    "input: {shape: [1, 28, 28], multiply: 2}\n" \
    "input_quantizer: {type: bipolar}\n"         \
    "weights: {type: bipolar}\n"                 \
    "activations: {type: int, bits: 3}\n"

static void test_good(void **state) {
    static const char text[] = GOOD "layers: [64, {units: 32, weights: {type: ternary, scale_mode: learned}}, 10]\n"
                                    "training: {epochs: 7, rate: 2e-3}\n";
    lf_ctx *ctx = *state;
    lf_recipe *r = lf_recipe_parse(ctx, "some/where/net-1.yaml", text, strlen(text));
    assert_non_null(r);
    assert_string_equal(r->name, "net-1");
    assert_string_equal(r->data, "mnist");
    assert_int_equal(r->layers, 3);
    assert_int_equal(r->layer[1].units, 32);
    assert_int_equal(r->layer[0].weights.type, LF_QUANTIZER_BIPOLAR);
    assert_int_equal(r->layer[1].weights.type, LF_QUANTIZER_TERNARY);
    assert_int_equal(r->layer[1].weights.scale_mode, LF_SCALE_LEARNED);
    assert_int_equal(r->layer[1].activations.bits, 3);
    assert_int_equal(r->input.shape.count, 3);
    assert_true(r->input.multiply == 2 && r->input.subtract == 0 && r->training.rate == 2e-3);
    assert_int_equal(r->training.epochs, 7);
    assert_int_equal(r->training.batch, 128);
    assert_int_equal(lf_diag_count(ctx), 0);
    lf_recipe_free(r);
}

typedef struct wrong_case {
    const char *text;
    int line, column; /* of the complaint; 0: any */
    const char *says, *hint;
} wrong_case;

static const wrong_case wrong[] = {
    {"", 0, 0, "empty", NULL},
    {"- 1\n", 1, 1, "keys with values", NULL},
    {"data: mnist\n", 1, 1, "'weights' is missing", NULL},
    {GOOD, 1, 1, "'layers' takes a list", NULL},
    {GOOD "layers: [10]\ntrainning: {epochs: 3}\n", 7, 1, "no key 'trainning'", "training"},
    {GOOD "layers: [10]\ntraining: {epochs: 3, rte: 1}\n", 7, 23, "rte", "rate"},
    {GOOD "layers: [10]\ntraining: {epochs: many}\n", 7, 20, "many", NULL},
    {GOOD "layers: [10]\ntraining: {epochs: 0}\n", 7, 20, "0", NULL},
    {GOOD "layers: [10]\ntraining: {batch: 100}\n", 0, 0, "multiple of 16", NULL},
    {GOOD "layers: [10]\ntraining: 7\n", 7, 11, "takes keys", NULL},
    {GOOD "layers: [10]\nloss: {kind: cross_entrophy}\n", 7, 14, "cross_entrophy", "cross_entropy"},
    {GOOD "layers: [64, 1]\n", 6, 9, "fewer than 2 classes", NULL},
    {GOOD "layers: [64, -5, 10]\n", 6, 14, "-5", NULL},
    {GOOD "layers: [64, [3], 10]\n", 6, 14, "one value", NULL},
    {GOOD "layers: [64, {weights: {type: bipolar}}, 10]\n", 6, 14, "'units' is missing", NULL},
    {GOOD "layers: [{units: 9, weights: {type: uint}}, 10]\n", 0, 0, "need a sign", NULL},
    {GOOD "layers: [{units: 9, activations: {type: bipolar, bits: 3}}, 10]\n", 0, 0, "'bits' belongs", NULL},
    {GOOD "layers: [{units: 9, activations: {type: bipolar, scale: 3}}, 10]\n", 0, 0, "has no scale", NULL},
    {GOOD "layers: [{units: 9, activations: {type: int, bits: 9}}, 10]\n", 0, 0, "9", NULL},
    {GOOD "layers: [10]\nlayers: [10]\n", 7, 1, "twice", NULL},
    {GOOD "layers: &a [10]\n", 6, 9, "anchors", NULL},
    {GOOD "layers: [10]\nname: *a\n", 0, 0, "anchors", NULL},
    {GOOD "layers: [10\n", 0, 0, "", NULL},
    {GOOD "layers: [10]\n? [a]\n: 3\n", 7, 3, "a key must be a word", NULL},
    {GOOD "layers: [10]\n---\na: 3\n", 0, 0, "", NULL},
    {GOOD "layers: [[[[[[[[[[[10]]]]]]]]]]]\n", 0, 0, "nested", NULL},
    {GOOD "layers: [10]\nname: \"a\\0b\"\n", 7, 7, "zero byte", NULL},
    {"data: mnist\ninput: {shape: [784]}\ninput_quantizer: {type: bipolar}\nweights: {type: bipolar}\nactivations: "
     "{type: bipolar}\n"
     "layers: [10]\nregularize: {shift: 1}\n",
     0, 0, "'shift' needs", NULL},
    {"data: mnist\ninput_quantizer: {bits: 2}\nweights: {type: bipolar}\nactivations: {type: bipolar}\nlayers: [10]\n",
     2, 18, "'type' is missing", NULL},
};

#define PICTURE "data: x\ninput: {shape: [3, 8, 8]}\ninput_quantizer: {type: int, bits: 8}\nweights: {type: bipolar}\n"
#define FOUR_BITS PICTURE "activations: {type: uint, bits: 4, scale_mode: learned}\n"

static const wrong_case wrong_layers[] = {
    {FOUR_BITS "layers: [{conv: 4}, {max_pool: 2}]\n", 6, 9, "the last layer is not dense", NULL},
    {FOUR_BITS "layers: [{conv: 4, kernal: 3}, 10]\n", 6, 20, "kernal", "kernel"},
    {FOUR_BITS "layers: [{conv: 4, activations: {type: uint}, weight: 3}, 10]\n", 0, 0, "weight", NULL},
    {FOUR_BITS "layers: [{max_pool: 2, weights: {type: bipolar}}, 10]\n", 0, 0, "weights", NULL},
    {FOUR_BITS "layers: [{conv: 4, kernel: 9}, 10]\n", 6, 10, "a window of 9 x 9 over a picture of 8 x 8", NULL},
    {FOUR_BITS "layers: [{conv: 4}, {max_pool: 7}, 10]\n", 6, 21, "7 x 7 over a picture of 6 x 6", NULL},
    {FOUR_BITS "layers: [{conv: 4, pad: 3}, 10]\n", 6, 10, "'pad' must be less", NULL},
    {FOUR_BITS "layers: [{conv: 4, name: a}, {conv: 4, name: a}, 10]\n", 6, 30, "two layers are named 'a'", NULL},
    {FOUR_BITS "layers: [{conv: 4, name: input}, 10]\n", 0, 0, "'input' is that of the network's input", NULL},
    {FOUR_BITS "layers: [{conv: 4, name: stem}, {conv: 4, from: stam}, 10]\n", 0, 0, "named 'stam'", "stem"},
    {FOUR_BITS "layers: [{conv: 4, name: a}, {conv: 4, from: input}, 10]\n", 6, 10, "no layer reads layer a", NULL},
    {FOUR_BITS "layers: [{conv: 4, name: a}, {join: [a]}, 10]\n", 0, 0, "the names of two layers", NULL},
    {FOUR_BITS "layers: [{conv: 4, name: a}, {join: [a, a]}, 10]\n", 0, 0, "two different layers", NULL},
    {FOUR_BITS "layers: [{conv: 3, kernel: 1, name: a}, {join: [a, input]}, 10]\n", 0, 0, "activations of their own",
     NULL},
    {FOUR_BITS "layers: [{conv: 4, name: a}, {conv: 4, name: b}, {join: [a, b]}, 10]\n", 6, 50,
     "joins 4 channels of 6 x 6 with 4 of 4 x 4", NULL},
    {FOUR_BITS "layers: [{conv: 4, name: a}, {conv: 4, pad: 1, name: b, activations: {type: int, bits: 4}}, {join: [a, "
               "b]}, 10]\n",
     0, 0, "their activations share one step", NULL},
    {PICTURE "activations: {type: bipolar}\nlayers: [{conv: 4}, {conv: 4, pad: 1}, 10]\n", 6, 21,
     "no code of its bipolar", NULL},
    {GOOD "layers: [10]\nregularize: {flip: 2}\n", 0, 0, "flip", NULL},
    {"data: mnist\ninput_quantizer: {type: bipolar}\nweights: {type: bipolar}\nactivations: {type: bipolar}\n"
     "layers: [{conv: 3}, 10]\n",
     5, 10, "need input: {shape: [channels", NULL},
    {"data: mnist\ninput: {shape: [784]}\ninput_quantizer: {type: bipolar}\nweights: {type: bipolar}\nactivations: "
     "{type: bipolar}\nlayers: [10]\nregularize: {flip: true}\n",
     0, 0, "'flip' needs", NULL},
};

static void check_wrong(const wrong_case *w) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_recipe *r = lf_recipe_parse(ctx, "w.yaml", w->text, strlen(w->text));
    if (r || lf_diag_errors(ctx) != 1)
        fail_msg("%s: accepted, or %zu complaints", w->text, lf_diag_errors(ctx));
    const lf_diag *d = lf_diag_at(ctx, lf_diag_count(ctx) - 1);
    if (!strstr(d->text, w->says))
        fail_msg("%s: says '%s', not '%s'", w->text, d->text, w->says);
    if (w->line && (d->where.line != w->line || d->where.column != w->column))
        fail_msg("%s: complains at %d:%d, not %d:%d", w->text, d->where.line, d->where.column, w->line, w->column);
    if (w->hint && (!d->hint || !strstr(d->hint, w->hint)))
        fail_msg("%s: hints '%s', not '%s'", w->text, d->hint ? d->hint : "nothing", w->hint);
    lf_ctx_free(ctx);
}

static void test_wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_wrong(&wrong[i]);
    for (size_t i = 0; i < sizeof wrong_layers / sizeof *wrong_layers; i++)
        check_wrong(&wrong_layers[i]);
}

/* Who reads whom, sizes, and the layers that share a step. */
static void test_layers(void **state) {
    static const char text[] = FOUR_BITS
        "layers: [{conv: 4, pad: 1, name: a}, {max_pool: 3, stride: 1, name: p}, {conv: 4, from: a, name: b}, "
        "{join: [p, b], name: j}, {conv: 6, kernel: 2, stride: 2}, global_average_pool, {units: 7, from: j}, 10]\n";
    lf_ctx *ctx = *state;
    char *reads_all = strdup(text);
    memcpy(strstr(reads_all, "from: j"), "name: k", 7);
    lf_recipe *r = lf_recipe_parse(ctx, "l.yaml", reads_all, strlen(reads_all));
    assert_non_null(r);
    static const int kinds[] = {LF_LAYER_CONV,  LF_LAYER_MAX_POOL, LF_LAYER_CONV,
                                LF_LAYER_JOIN,  LF_LAYER_CONV,     LF_LAYER_GLOBAL_AVERAGE_POOL,
                                LF_LAYER_DENSE, LF_LAYER_DENSE};
    static const int from[] = {LF_FROM_INPUT, 0, 0, 1, 3, 4, 5, 6}, step_of[] = {0, 0, 0, 3, 4, 4, 6, 7};
    static const int64_t size[][3] = {{4, 8, 8}, {4, 6, 6}, {4, 6, 6}, {4, 6, 6},
                                      {6, 3, 3}, {6, 1, 1}, {7, 1, 1}, {10, 1, 1}};
    for (int i = 0; i < 8; i++) {
        lf_picture p = lf_recipe_picture(r, i, 192);
        assert_int_equal(r->layer[i].kind, kinds[i]);
        assert_int_equal(r->layer[i].from[0], from[i]);
        assert_int_equal(r->layer[i].step_of, step_of[i]);
        assert_true(p.channels == size[i][0] && p.height == size[i][1] && p.width == size[i][2]);
    }
    assert_int_equal(r->layer[3].from[1], 2);
    lf_recipe_free(r);
    assert_null(lf_recipe_parse(ctx, "l.yaml", text, strlen(text))); /* nobody reads the mean */
    free(reads_all);
}

static void parse_once(const char *text, size_t len) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_recipe *r = lf_recipe_parse(ctx, "m.yaml", text, len);
    assert_true(r || lf_diag_errors(ctx) > 0);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
}

/* Broken bytes give complaints, nothing worse. */
static void test_mutations(void **state) {
    (void)state;
    static const char text[] =
        GOOD "layers: [{conv: 4, name: a}, {max_pool: 2}, {conv: 4, from: a, stride: 2, name: b}, {join: [a, b]}, "
             "global_average_pool, {units: 32, weights: {type: ternary}}, 10]\ntraining: {epochs: 7}\n";
    static const char bytes[] = "{}[]:,&*!|>'\"%@`#-?\n\t\0 a0\xff\xc3";
    lf_rng rng = lf_rng_make(5, 0);
    char copy[sizeof text];
    for (int round = 0; round < 2000; round++) {
        memcpy(copy, text, sizeof text);
        for (uint32_t i = 0; i <= lf_rng_below(&rng, 4); i++)
            copy[lf_rng_below(&rng, sizeof text - 1)] = bytes[lf_rng_below(&rng, sizeof bytes - 1)];
        parse_once(copy, lf_rng_below(&rng, sizeof text));
    }
}

static void test_sizes(void **state) {
    (void)state;
    size_t size = LF_RECIPE_BYTES_MAX + 1;
    char *deep = malloc(size);
    memset(deep, '[', size);
    parse_once(deep, size);
    parse_once(deep, size - 1);
    memset(deep, '{', size);
    parse_once(deep, size - 1);
    for (size_t i = 0; i + 2 < size; i += 3)
        memcpy(deep + i, &"- 1\n"[i ? 2 : 0], 2);
    parse_once(deep, size - 1);
    free(deep);
}

/* doc/user/recipes.md holds the same text. */
static void test_help(void **state) {
    lf_ctx *ctx = *state;
    lf_text t = {0};
    lf_file page;
    lf_recipe_help(&t);
    assert_non_null(strstr(t.at, "label_smoothing"));
    assert_non_null(strstr(t.at, "bipolar | ternary"));
    assert_int_equal(lf_file_open(ctx, "doc/user/recipes.md", 0, &page), LF_OK);
    assert_non_null(memmem(page.data, page.size, t.at, t.len));
    lf_file_close(&page);
    lf_text_free(&t);
}

/* Every recipe that comes with lutfisk. */
static void test_recipes(void **state) {
    static const char *const names[] = {
        "tfc-w1a1", "tfc-w1a2",      "tfc-w2a2",       "sfc-w1a1",    "sfc-w1a2", "sfc-w2a2",  "lfc-w1a1", "lfc-w1a2",
        "lfc-w2a2", "mlp128-binary", "mlp128-ternary", "cnv-w1a1",    "resnet8",  "dwn-mnist", "jsc-s",    "jsc-m",
        "jsc-l",    "jsc-edges",     "nets-mnist",     "edges-mnist", "unsw",     "magic",     "nsl-kdd"};
    lf_ctx *ctx = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "recipes/%s.yaml", names[i]);
        lf_recipe *r = lf_recipe_load(ctx, path);
        assert_non_null(r);
        assert_string_equal(r->name, names[i]);
        if (r->table.scaling == LF_SCALING_RANK)
            assert_non_null(strstr("unsw_nb15 magic nsl_kdd", r->data));
        else if (r->input.shape.count == 0)
            assert_string_equal(r->data, "jsc");
        else
            assert_string_equal(r->data, r->input.shape.at[0] == 3 ? "cifar10" : "mnist");
        lf_recipe_free(r);
    }
    assert_int_equal(lf_diag_count(ctx), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_good),      cmocka_unit_test(test_wrong),
                                       WITH_CONTEXT(test_layers),    cmocka_unit_test(test_mutations),
                                       cmocka_unit_test(test_sizes), WITH_CONTEXT(test_help),
                                       WITH_CONTEXT(test_recipes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
