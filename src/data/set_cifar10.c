/* CIFAR-10, binary version: 50,000 + 10,000 colour pictures of 32 x 32 in 10 classes. Krizhevsky 2009. A record is a byte of the class,
 * then the planes red, green, blue, row by row. Of the test part a first piece will do: the title says how many pictures it has. */
#include <string.h>

#include "base/file.h"
#include "base/pool.h"
#include "data/gzip.h"
#include "data/set.h"

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE, RECORD = 1 + PIXELS, FILE_ROWS = 10000, TRAIN_FILES = 5, CLASSES = 10 };

static const char *const FILES[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                    "data_batch_4.bin", "data_batch_5.bin", NULL};
static const char *const TEST_FILES[] = {"test_batch.bin", "test_batch_first1000.bin", NULL};
static const char *const CLASS_NAMES[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                          "dog",      "frog",       "horse", "ship", "truck"};

typedef struct part {
    const char *path;
    lf_file file;
    uint8_t *pixel, *label; /* room for FILE_ROWS rows */
    size_t rows;
    const char *wrong;
} part;

static const char *read_records(part *p, lf_gzip *g) {
    uint8_t record[RECORD];
    size_t got = 0;
    for (p->rows = 0; lf_gzip_read(g, record, sizeof record, &got); p->rows++) {
        if (got == 0)
            return NULL;
        if (got < RECORD)
            return "it ends inside a record of 3073 bytes";
        if (p->rows == FILE_ROWS)
            return "it has more than 10000 records of 3073 bytes";
        if (record[0] >= CLASSES)
            return "a record has a class above 9";
        p->label[p->rows] = record[0];
        memcpy(p->pixel + p->rows * PIXELS, record + 1, PIXELS);
    }
    return "the compressed data are damaged or truncated";
}

static void read_part(void *arg, size_t index, int worker) {
    (void)worker;
    part *p = (part *)arg + index;
    lf_gzip *g = lf_gzip_open(p->file.data, p->file.size);
    p->wrong = g ? read_records(p, g) : "no memory to unpack it";
    lf_gzip_close(g);
}

static lf_status open_parts(lf_ctx *ctx, part *p, size_t count) {
    for (size_t i = 0; i < count; i++)
        LF_TRY(lf_file_open(ctx, p[i].path, 0, &p[i].file));
    return LF_OK;
}

/* All files of a part at once, each on its own thread. Training files are whole. */
static lf_status read_parts(lf_ctx *ctx, part *p, size_t count, bool whole) {
    lf_status status = open_parts(ctx, p, count);
    if (status == LF_OK)
        lf_pool_run(lf_ctx_pool(ctx), count, read_part, p);
    for (size_t i = 0; i < count; i++) {
        lf_where where = {.file = p[i].path};
        if (status == LF_OK && !p[i].wrong && (p[i].rows == 0 || (whole && p[i].rows != FILE_ROWS)))
            p[i].wrong = "it has too few records; a training file has 10000";
        if (status == LF_OK && p[i].wrong)
            status = lf_fail(ctx, LF_BAD_INPUT, &where, "%s", p[i].wrong);
        lf_file_close(&p[i].file);
    }
    return status;
}

static const char *find_test(lf_arena *a, const char *dir) {
    const char *path = NULL;
    for (size_t i = 0; TEST_FILES[i] && !path; i++)
        path = lf_data_file(a, dir, TEST_FILES[i]);
    return path;
}

static lf_status open_cifar10(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    bool train = strcmp(split, "train") == 0;
    if (!train && strcmp(split, "test") != 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "cifar10 has no part '%s'; there are train and test", split);
    part p[TRAIN_FILES] = {0};
    size_t count = train ? TRAIN_FILES : 1;
    uint8_t *pixel = lf_alloc_try(d->arena, count * FILE_ROWS, PIXELS),
            *label = lf_alloc_try(d->arena, count, FILE_ROWS);
    if (!pixel || !label)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "no memory for %zu pictures", count * FILE_ROWS);
    for (size_t i = 0; i < count; i++) {
        p[i].path = train ? lf_data_file(d->arena, dir, FILES[i]) : find_test(d->arena, dir);
        p[i].pixel = pixel + i * FILE_ROWS * PIXELS;
        p[i].label = label + i * FILE_ROWS;
    }
    if (!p[0].path)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = dir}, "test_batch.bin is missing");
    LF_TRY(read_parts(ctx, p, count, train));
    d->rows = train ? count * FILE_ROWS : p[0].rows;
    d->shape = lf_shape_make(4, (int64_t[]){1, 3, SIDE, SIDE});
    d->features = PIXELS;
    d->classes = CLASSES;
    d->class_names = CLASS_NAMES;
    d->raw = pixel;
    d->label = label;
    d->title = lf_format(d->arena, "CIFAR-10, %s part, %zu images", split, d->rows);
    return LF_OK;
}

const lf_data_source lf_data_cifar10 = {
    .name = "cifar10",
    .help = "60,000 photographs, 32x32 colour, 10 classes",
    .folder = "cifar10",
    .files = FILES,
    .splits = "train test",
    .origin = "www.cs.toronto.edu/~kriz/cifar.html (binary version: data_batch_1..5.bin and test_batch.bin, plain, .gz "
              "or .xz)",
    .open = open_cifar10,
};
