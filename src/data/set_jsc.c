/* Jet substructure classification (OpenML 42468, hls4ml_lhc_jets_hlf): 16 standardized features, 5 classes, as CSV with one header
 * line: 16 decimals, then the class. Duarte et al., JINST 13 (2018) P07027. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/gzip.h"
#include "data/set.h"

enum { FEATURES = 16, CLASSES = 5, CSV_LIMIT = 1 << 30, CELL = 64 };

static const char *const FILES[] = {"jsc_openml_train1483.csv", "jsc_openml_test1000.csv", NULL};
static const char *const JETS[] = {"g", "q", "t", "w", "z"};

typedef struct table {
    lf_ctx *ctx;
    lf_where where;
    float *x;
    uint8_t *label;
    size_t rows;
} table;

static bool read_cell(const char **at, char end, double *out) {
    char cell[CELL];
    size_t n = strcspn(*at, ",\r\n");
    if (n == 0 || n >= CELL || ((*at)[n] == '\r' ? '\n' : (*at)[n]) != end)
        return false;
    memcpy(cell, *at, n);
    cell[n] = '\0';
    *at += n + ((*at)[n] == '\r') + 1;
    return lf_parse_double(cell, out) && *out - *out == 0;
}

static lf_status read_row(table *t, const char **at) {
    for (int i = 0; i <= FEATURES; i++) {
        double v = 0;
        if (!read_cell(at, i < FEATURES ? ',' : '\n', &v))
            return lf_fail(t->ctx, LF_BAD_INPUT, &t->where,
                           "column %d is no finite number, or the line has not %d columns", i + 1, FEATURES + 1);
        if (i < FEATURES)
            t->x[t->rows * FEATURES + (size_t)i] = (float)v;
        else if (v != 0 && v != 1 && v != 2 && v != 3 && v != 4)
            return lf_fail(t->ctx, LF_BAD_INPUT, &t->where, "the class must be 0 to %d", CLASSES - 1);
        else
            t->label[t->rows] = (uint8_t)v;
    }
    t->rows++;
    return LF_OK;
}

static size_t count_lines(const char *text) {
    size_t n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

static lf_status read_text(table *t, lf_arena *a, const char *text) {
    size_t lines = count_lines(text);
    const char *at = strchr(text, '\n');
    if (lines < 2)
        return lf_fail(t->ctx, LF_BAD_INPUT, &t->where, "the table has no rows");
    t->x = lf_alloc_try(a, lines * FEATURES, sizeof *t->x);
    t->label = lf_alloc_try(a, lines, 1);
    if (t->x == NULL || t->label == NULL)
        return lf_fail(t->ctx, LF_BAD_INPUT, &t->where, "no memory for %zu rows", lines);
    at++;
    for (t->where.line = 2; *at != '\0'; t->where.line++)
        LF_TRY(read_row(t, &at));
    return LF_OK;
}

static lf_status read_table(table *t, lf_arena *a, const char *path) {
    lf_file f;
    uint8_t *text = NULL;
    size_t size = 0;
    t->where.file = path;
    LF_TRY(lf_file_open(t->ctx, path, 0, &f));
    lf_status s = lf_gunzip(t->ctx, a, path, f.data, f.size, CSV_LIMIT, &text, &size);
    lf_file_close(&f);
    if (s != LF_OK)
        return s;
    if (memchr(text, '\0', size) != NULL || size == 0 || text[size - 1] != '\n')
        return lf_fail(t->ctx, LF_BAD_INPUT, &t->where, "this is no CSV text, or its last line is cut off");
    return read_text(t, a, (const char *)text);
}

static lf_status open_jsc(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    bool train = strcmp(split, "train") == 0;
    if (!train && strcmp(split, "test") != 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "jsc has no part '%s'; there are train and test", split);
    table t = {.ctx = ctx};
    LF_TRY(read_table(&t, d->arena, lf_data_file(d->arena, dir, FILES[train ? 0 : 1])));
    d->rows = t.rows;
    d->shape = lf_shape_make(2, (int64_t[]){1, FEATURES});
    d->features = FEATURES;
    d->classes = CLASSES;
    d->class_names = JETS;
    d->real = t.x;
    d->label = t.label;
    d->title = lf_format(d->arena, "LHC jets (OpenML version), %s part, %zu jets", split, d->rows);
    return LF_OK;
}

const lf_data_source lf_data_jsc = {
    .name = "jsc",
    .help = "LHC jets, 16 standardized features, 5 classes: gluon, quark, top, W, Z",
    .folder = "jsc",
    .files = FILES,
    .splits = "train test",
    .origin = "OpenML 42468 (hls4ml_lhc_jets_hlf), standardized, as CSV with the class last",
    .open = open_jsc,
};
