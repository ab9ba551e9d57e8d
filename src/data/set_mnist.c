/* MNIST: 60,000 + 10,000 grey images of 28 x 28, digits 0 to 9. LeCun, Cortes, Burges. */
#include <string.h>

#include "data/idx.h"
#include "data/set.h"

static const char *const FILES[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                    "t10k-labels-idx1-ubyte", NULL};
static const char *const DIGITS[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static lf_status read_part(lf_ctx *ctx, const char *dir, const char *file, int rank, lf_dataset *d, lf_array *out) {
    const char *path = lf_data_file(d->arena, dir, file);
    lf_where where = {.file = path};
    LF_TRY(lf_idx_read(ctx, d->arena, path, out));
    if (out->type != LF_ARRAY_U8 || out->shape.rank != rank)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "expected uint8 of %d dimensions, found %s of %d", rank,
                       lf_array_type_name(out->type), out->shape.rank);
    return LF_OK;
}

static lf_status check_parts(lf_ctx *ctx, const char *dir, const lf_array *images, const lf_array *labels) {
    lf_where where = {.file = dir};
    if (images->shape.dim[0] != labels->shape.dim[0])
        return lf_fail(ctx, LF_BAD_INPUT, &where, "%lld images but %lld labels", (long long)images->shape.dim[0],
                       (long long)labels->shape.dim[0]);
    if (images->shape.dim[1] != 28 || images->shape.dim[2] != 28)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "images of %lld x %lld pixels; MNIST has 28 x 28",
                       (long long)images->shape.dim[1], (long long)images->shape.dim[2]);
    for (size_t i = 0; i < labels->count; i++)
        if (((const uint8_t *)labels->data)[i] > 9)
            return lf_fail(ctx, LF_BAD_INPUT, &where, "label %zu is %d; MNIST has 0 to 9", i,
                           ((const uint8_t *)labels->data)[i]);
    return LF_OK;
}

static lf_status open_mnist(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    bool train = strcmp(split, "train") == 0;
    if (!train && strcmp(split, "test") != 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "mnist has no part '%s'; there are train and test", split);
    lf_array images, labels;
    LF_TRY(read_part(ctx, dir, FILES[train ? 0 : 2], 3, d, &images));
    LF_TRY(read_part(ctx, dir, FILES[train ? 1 : 3], 1, d, &labels));
    LF_TRY(check_parts(ctx, dir, &images, &labels));
    d->rows = labels.count;
    d->shape = lf_shape_make(4, (int64_t[]){1, 1, 28, 28});
    d->features = 784;
    d->classes = 10;
    d->class_names = DIGITS;
    d->raw = images.data;
    d->label = labels.data;
    d->title = lf_format(d->arena, "MNIST, %s part, %zu images", split, d->rows);
    return LF_OK;
}

const lf_data_source lf_data_mnist = {
    .name = "mnist",
    .help = "70,000 handwritten digits, 28x28 grey, 10 classes",
    .folder = "mnist",
    .files = FILES,
    .splits = "train test",
    .origin = "yann.lecun.com/exdb/mnist and its mirrors (four IDX files, plain or .gz)",
    .open = open_mnist,
};
