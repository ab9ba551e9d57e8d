/* What the trainer is fed and how it counts: moved and mirrored pictures; sums beyond what float32 holds. */
#include "../context.h"

#include <stdlib.h>
#include <string.h>

#include "train/train_net.h"

enum { PLANES = 2, HEIGHT = 5, WIDTH = 7, FEATURES = PLANES * HEIGHT * WIDTH, BATCH = 64 };

#define RECIPE                                                                                           \
    "data: x\ninput: {shape: [2, 5, 7], divisor: 1}\ninput_quantizer: {type: uint, bits: 8, scale: 1}\n" \
    "weights: {type: int, bits: 8}\nactivations: {type: uint, bits: 8}\nlayers: [2]\ntraining: {batch: 64}\n"

static lf_recipe *parse(lf_ctx *ctx, const char *text) {
    lf_recipe *r = lf_recipe_parse(ctx, "f.yaml", text, strlen(text));
    assert_non_null(r);
    return r;
}

static float pixel_at(const float *picture, int plane, int y, int x) {
    bool inside = y >= 0 && y < HEIGHT && x >= 0 && x < WIDTH;
    return inside ? picture[(plane * HEIGHT + y) * WIDTH + x] : 0;
}

/* The column is the picture moved by (dy, dx) and then mirrored, or not. */
static bool is_moved(const float *batch, int b, const float *picture, int dy, int dx, bool flip) {
    for (int k = 0; k < FEATURES; k++) {
        int x = k % WIDTH, y = k / WIDTH % HEIGHT;
        if (batch[k * BATCH + b] != pixel_at(picture, k / WIDTH / HEIGHT, y - dy, (flip ? WIDTH - 1 - x : x) - dx))
            return false;
    }
    return true;
}

/* How many columns are the picture moved by up to `shift` pixels; of those, how many are mirrored. */
static int moved(const float *batch, const float *picture, int shift, int *mirrored) {
    int found = 0;
    *mirrored = 0;
    for (int b = 0; b < BATCH; b++)
        for (int flip = 0, done = 0; flip < 2; flip++)
            for (int d = 0; d < (2 * shift + 1) * (2 * shift + 1) && !done; d++)
                if (is_moved(batch, b, picture, d / (2 * shift + 1) - shift, d % (2 * shift + 1) - shift, flip)) {
                    done = 1;
                    found++;
                    *mirrored += flip;
                }
    return found;
}

static void test_changes(void **state) {
    static uint8_t bytes[FEATURES], labels[1];
    static uint32_t rows[BATCH];
    static float picture[FEATURES], batch[FEATURES * BATCH];
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    lf_recipe *r = parse(ctx, RECIPE);
    for (int k = 0; k < FEATURES; k++)
        picture[k] = bytes[k] = (uint8_t)(k + 100);
    lf_feed f;
    lf_train_data data = {bytes, NULL, labels, 1};
    assert_int_equal(lf_feed_make(ctx, a, r, FEATURES, &data, "part", &f), LF_OK);
    static const struct {
        int shift;
        bool flip;
        double distort; /* too little to be seen, but all pixels go the way of distorted ones */
    } cases[] = {{0, false, 0}, {2, false, 0}, {0, true, 0}, {2, true, 0}, {2, false, 1e-9}, {2, true, 1e-9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lf_feed_change change = {cases[i].shift, cases[i].flip, 3, 4, cases[i].distort};
        for (size_t at = 0; at < BATCH; at += 16)
            lf_feed_columns(&f, rows, at, batch, BATCH, i ? &change : NULL);
        int mirrored;
        assert_int_equal(moved(batch, picture, cases[i].shift, &mirrored), BATCH);
        assert_true(cases[i].flip ? mirrored > BATCH / 4 && mirrored < BATCH * 3 / 4 : mirrored == 0);
    }
    lf_feed_change change = {0, false, 3, 4, 0.5};
    for (size_t at = 0; at < BATCH; at += 16)
        lf_feed_columns(&f, rows, at, batch, BATCH, &change);
    int mirrored;
    assert_true(moved(batch, picture, 0, &mirrored) < BATCH / 4); /* the picture is small */
    lf_recipe_free(r);
    lf_arena_free(a);
}

/* Class 1 is ahead by one, at 25,357,581: in float32 both sums are 25,357,580, and the lower class would win. */
static void test_large_sums(void **state) {
    (void)state;
    enum { WIDE = 784 };
    static const char text[] = "data: x\ninput: {divisor: 1}\ninput_quantizer: {type: uint, bits: 8, scale: 1}\n"
                               "weights: {type: int, bits: 8}\nactivations: {type: uint, bits: 8}\nlayers: [2]\n";
    static uint8_t bytes[WIDE], labels[1] = {1};
    lf_ctx *ctx = lf_ctx_new(2);
    lf_arena *a = lf_arena_new();
    lf_recipe *r = parse(ctx, text);
    lf_net *n = lf_net_new(r, WIDE, 1, LF_ISA_COUNT, lf_ctx_pool(ctx));
    lf_net_init(n);
    for (size_t k = 0; k < WIDE; k++) {
        bytes[k] = k ? 255 : 1;
        for (size_t c = 0; c < 2; c++)
            n->layer[0].code[k * n->layer[0].pad + c] = k ? 127 : 125 + (float)c;
    }
    lf_feed f;
    lf_train_data data = {bytes, NULL, labels, 1};
    assert_int_equal(lf_feed_make(ctx, a, r, WIDE, &data, "part", &f), LF_OK);
    assert_int_equal(lf_net_count_right(n, &f, (const uint32_t[]){0}, 1), 1);
    lf_net_free(n);
    lf_recipe_free(r);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_changes), cmocka_unit_test(test_large_sums)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
