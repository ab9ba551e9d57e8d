/* Data sets by name: "mnist:test", "digits:train", "jsc:test". They lie in directories of the user under the folder names given
 * by `lutfisk data`; generated sets need none. */
#ifndef LF_DATA_SET_H
#define LF_DATA_SET_H

#include "data/array.h"
#include "ir/table_column.h"

/* Rows of features with a class each. Everything lies in the set's own memory; free with lf_dataset_free. */
typedef struct lf_dataset {
    lf_arena *arena;
    const char *name, *split; /* "mnist", "test" */
    const char *title; /* for reports: "MNIST, test part, 10000 images", "generated digits (seed 2), 10000 images" */
    bool generated;
    size_t rows;
    lf_shape shape;  /* of one row, batch dimension of 1 first: [1,1,28,28] (NCHW), [1,16] */
    size_t features; /* elements of one row */
    int classes;
    const char *const *class_names;
    const uint8_t *label;     /* [rows] */
    const uint8_t *raw;       /* [rows][features] the pixels as stored, or NULL where the features are no bytes */
    const float *real;        /* [rows][features] where raw is NULL */
    lf_table_column *columns; /* [features as opened] of a table: how its cells became `real`; else NULL */
} lf_dataset;

/* Opens "NAME" or "NAME:SPLIT" (default test), or a table of the user's (csv_set.h). dirs: NULL-terminated or NULL. NULL after recording why: unknown name (with the
 * nearest), not found (with where it can be had), damaged files. */
lf_dataset *lf_data_open(lf_ctx *ctx, const char *spec, const char *const *dirs);
/* With nothing but memory of its own; NULL after recording that there is none. */
lf_dataset *lf_dataset_new(lf_ctx *ctx);
void lf_dataset_free(lf_dataset *d);

/* Features of rows first .. first + count - 1 as float32, row by row: a pixel is pixel / 255.0f in float32, in [0, 1]. */
void lf_dataset_fill(const lf_dataset *d, size_t first, size_t count, float *out);

/* -- the table --------------------------------------------------------------------------------------------------------- */

/* Seed of a part of a generated set: train is 1, test is 2, any other seed stands for itself. */
bool lf_data_seed(const char *split, int64_t *seed);

/* One data set: a file in src/data, a line in data.def. */
typedef struct lf_data_source {
    const char *name;
    const char *help;         /* one line */
    const char *folder;       /* below a data directory; NULL: generated */
    const char *const *files; /* what must be there, each plain or with ".gz" or ".xz"; NULL-terminated */
    const char *splits;       /* "train test" */
    const char *origin;       /* where it can be had, in words */
    /* Fills rows .. real of `d`, from `dir` (its own folder; NULL when generated). */
    lf_status (*open)(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d);
} lf_data_source;

extern const lf_data_source *const lf_data_sources[]; /* NULL-terminated, in the order of data.def */

/* The folder in which all files of s are found, in memory of `a`; NULL when no directory has them. Generated sets: "". */
const char *lf_data_locate(lf_arena *a, const lf_data_source *s, const char *const *dirs);
/* True when the set of `spec` can be opened as far as its files exist. */
bool lf_data_is_there(const char *spec, const char *const *dirs);

/* dir/file, dir/file.gz or dir/file.xz, whichever exists; NULL when none does. */
const char *lf_data_file(lf_arena *a, const char *dir, const char *file);

#define LF_DATA(name) extern const lf_data_source lf_data_##name;
#include "data/data.def"
#undef LF_DATA

#endif
