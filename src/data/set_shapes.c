/* Generated shapes in CIFAR-10's format: train is seed 1, test seed 2, any other seed by its number ("shapes:7"). */
#include <string.h>

#include "data/set.h"
#include "data/shapes.h"

enum { TRAIN_ROWS = 50000, TEST_ROWS = 10000 };

static lf_status open_shapes(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    (void)dir;
    int64_t seed = 0;
    if (!lf_data_seed(split, &seed))
        return lf_fail(
            ctx, LF_BAD_INPUT, NULL,
            "shapes has no part '%s'; there are train (seed 1), test (seed 2) and any other seed by its number", split);
    d->rows = strcmp(split, "train") == 0 ? TRAIN_ROWS : TEST_ROWS;
    d->shape = lf_shape_make(4, (int64_t[]){1, 3, LF_SHAPES_SIDE, LF_SHAPES_SIDE});
    d->features = LF_SHAPES_PIXELS;
    d->classes = LF_SHAPES_CLASSES;
    d->class_names = lf_shapes_names;
    uint8_t *pixel = LF_NEW_ARRAY(d->arena, uint8_t, d->rows * LF_SHAPES_PIXELS),
            *label = LF_NEW_ARRAY(d->arena, uint8_t, d->rows);
    lf_shape_pictures(lf_ctx_pool(ctx), (uint64_t)seed, 0, d->rows, pixel, label);
    d->raw = pixel;
    d->label = label;
    d->title = lf_format(d->arena, "generated shapes (seed %lld), %zu images", (long long)seed, d->rows);
    return LF_OK;
}

const lf_data_source lf_data_shapes = {
    .name = "shapes",
    .help = "generated colour shapes in CIFAR-10's format, 32x32, 10 classes",
    .splits = "train test",
    .origin = "made here: seed 1 to train, seed 2 to test",
    .open = open_shapes,
};
