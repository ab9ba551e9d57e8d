/* NSL-KDD (Tavallaee et al. 2009): connections, normal or attack; its own parts for training (20 %) and for testing. 41 features, the
 * attack's name, a difficulty; no header. Duplicates are removed in either part, and from training what is a row for testing. */
#include <string.h>

#include "data/tabular.h"

enum { FEATURES = 41, COLUMNS = FEATURES + 2 };

static const char *const FILES[] = {"KDDTrain+_20Percent.txt", "KDDTest+.txt", "field_names.csv", NULL};
static const char *const CLASSES[] = {"normal", "attack", NULL};
static const char *const IGNORED[] = {"difficulty", NULL};

static int class_of(const char *cell) {
    return strcmp(cell, "normal") != 0;
}

static lf_status read_names(lf_ctx *ctx, const char *dir, lf_dataset *d, const char **names) {
    const char *path = lf_data_file(d->arena, dir, FILES[2]);
    lf_csv t;
    LF_TRY(lf_csv_read(ctx, d->arena, path, false, &t));
    if (t.rows != FEATURES)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "%zu names; NSL-KDD has %d features", t.rows,
                       FEATURES);
    for (size_t i = 0; i < FEATURES; i++)
        names[i] = t.cell[i * t.columns];
    names[FEATURES] = "class";
    names[FEATURES + 1] = "difficulty";
    return LF_OK;
}

/* Both files as one table: training rows behind those for testing, so that of equal rows the latter stay. */
static lf_status read_both(lf_ctx *ctx, const char *dir, lf_dataset *d, const char **names, lf_csv *out,
                           size_t *tests) {
    lf_csv part[2];
    for (int i = 0; i < 2; i++) {
        const char *path = lf_data_file(d->arena, dir, FILES[1 - i]);
        LF_TRY(lf_csv_read(ctx, d->arena, path, false, &part[i]));
        if (part[i].columns != COLUMNS)
            return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "%zu columns; NSL-KDD has %d", part[i].columns,
                           COLUMNS);
    }
    size_t rows = part[0].rows + part[1].rows;
    const char **cell = LF_NEW_ARRAY(d->arena, const char *, rows *COLUMNS);
    uint32_t *line = LF_NEW_ARRAY(d->arena, uint32_t, rows);
    memcpy(cell, part[0].cell, part[0].rows * COLUMNS * sizeof *cell);
    memcpy(cell + part[0].rows * COLUMNS, part[1].cell, part[1].rows * COLUMNS * sizeof *cell);
    memcpy(line, part[0].line, part[0].rows * sizeof *line);
    memcpy(line + part[0].rows, part[1].line, part[1].rows * sizeof *line);
    *out = (lf_csv){rows, COLUMNS, names, 0, cell, line};
    *tests = part[0].rows;
    return LF_OK;
}

static lf_status open_nsl(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    const char **names = LF_NEW_ARRAY(d->arena, const char *, COLUMNS);
    lf_table_plan plan = {"class", IGNORED, CLASSES, class_of};
    lf_csv t;
    size_t tests = 0;
    LF_TRY(read_names(ctx, dir, d, names));
    LF_TRY(read_both(ctx, dir, d, names, &t, &tests));
    return lf_table_open(ctx, dir, &t, &plan, tests, split, "NSL-KDD (20 % of the training part)", d);
}

const lf_data_source lf_data_nsl_kdd = {
    .name = "nsl_kdd",
    .help = "connections, 38 numbers and 3 categories, normal or attack",
    .folder = "nsl_kdd",
    .files = FILES,
    .splits = "train test",
    .origin = "the University of New Brunswick, NSL-KDD",
    .open = open_nsl,
};
