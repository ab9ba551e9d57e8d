/* Generated digits in MNIST's format: train is seed 1, test seed 2, any other seed by its number ("digits:7"). */
#include <string.h>

#include "data/digits.h"
#include "data/set.h"

enum { TRAIN_ROWS = 60000, TEST_ROWS = 10000 };

static const char *const DIGITS[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static lf_status open_digits(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    (void)dir;
    int64_t seed = 0;
    if (!lf_data_seed(split, &seed))
        return lf_fail(
            ctx, LF_BAD_INPUT, NULL,
            "digits has no part '%s'; there are train (seed 1), test (seed 2) and any other seed by its number", split);
    d->rows = strcmp(split, "train") == 0 ? TRAIN_ROWS : TEST_ROWS;
    d->shape = lf_shape_make(4, (int64_t[]){1, 1, LF_DIGIT_SIDE, LF_DIGIT_SIDE});
    d->features = LF_DIGIT_PIXELS;
    d->classes = 10;
    d->class_names = DIGITS;
    uint8_t *pixel = LF_NEW_ARRAY(d->arena, uint8_t, d->rows * LF_DIGIT_PIXELS),
            *label = LF_NEW_ARRAY(d->arena, uint8_t, d->rows);
    lf_digits(lf_ctx_pool(ctx), (uint64_t)seed, 0, d->rows, pixel, label);
    d->raw = pixel;
    d->label = label;
    d->title = lf_format(d->arena, "generated digits (seed %lld), %zu images", (long long)seed, d->rows);
    return LF_OK;
}

const lf_data_source lf_data_digits = {
    .name = "digits",
    .help = "generated handwritten digits in MNIST's format, 28x28 grey, 10 classes",
    .splits = "train test",
    .origin = "made here: seed 1 to train, seed 2 to test",
    .open = open_digits,
};
