#include "data/csv_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/table_rows.h"
#include "data/tabular.h"

/* A spec taken apart. */
typedef struct parts {
    const char *path, *column, *split; /* column: NULL where there is none */
} parts;

/* A column's name may hold colons: the split is one only where it is called so. */
static parts take_apart(lf_arena *a, const char *spec) {
    parts p = {.path = lf_strndup(a, spec, lf_csv_path_length(spec)), .split = "test"};
    const char *rest = spec + strlen(p.path), *last = strrchr(rest, ':');
    if (!*rest || !rest[1])
        return p;
    bool split = last > rest && (!strcmp(last, ":train") || !strcmp(last, ":test"));
    p.column = lf_strndup(a, rest + 1, split ? (size_t)(last - rest - 1) : strlen(rest + 1));
    p.split = split ? last + 1 : p.split;
    return p;
}

bool lf_is_csv_set(const char *spec) {
    return lf_csv_path_length(spec) > 0;
}

/* -- classes -------------------------------------------------------------------------------------------------------- */

static int class_of_number(const char *cell) {
    int64_t v;
    return lf_parse_i64(cell, &v) && v >= 0 && v < LF_CLASSES_MAX ? (int)v : -1;
}

/* The cells of the column that are not missing, each once; sorted. */
static const char **names_in(lf_arena *a, const lf_csv *t, size_t column, size_t *count) {
    const char **name = LF_NEW_ARRAY(a, const char *, t->rows + 1);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < t->rows; i++)
        if (!lf_is_missing(t->cell[i * t->columns + column]))
            name[n++] = t->cell[i * t->columns + column];
    qsort(name, n, sizeof *name, lf_by_text);
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(name[kept - 1], name[i]) != 0)
            name[kept++] = name[i];
    name[kept] = NULL;
    *count = kept;
    return name;
}

/* Where all names are numbers of classes; twice[0], twice[1]: two texts of one number, if there are such. */
static int highest_number(const char *const *name, const char *twice[2]) {
    const char *seen[LF_CLASSES_MAX] = {0};
    int most = 0;
    for (; *name; name++) {
        int v = class_of_number(*name);
        if (v < 0)
            return -1;
        if (seen[v] && !twice[0]) {
            twice[0] = seen[v];
            twice[1] = *name;
        }
        seen[v] = *name;
        most = v > most ? v : most;
    }
    return most;
}

/* Whether they are one class or two, only their author knows. */
static lf_status two_texts(lf_ctx *ctx, const parts *p, const lf_csv *t, size_t column, const char *const twice[2]) {
    size_t row = 0;
    while (strcmp(t->cell[row * t->columns + column], twice[1]) != 0)
        row++;
    (void)!lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = p->path, .line = (int)t->line[row]},
                   "'%s' in column '%s' is the number of class '%s', written in another way", twice[1], p->column,
                   twice[0]);
    lf_hint(ctx, "write one class in one way, or two classes as names that are no numbers");
    return LF_BAD_INPUT;
}

static lf_status find_classes(lf_ctx *ctx, lf_arena *a, const parts *p, const lf_csv *t, size_t column,
                              lf_table_plan *plan) {
    size_t count;
    const char **name = names_in(a, t, column, &count);
    const char *twice[2] = {NULL, NULL};
    int most = highest_number(name, twice);
    if (count < 2 || count > LF_CLASSES_MAX)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = p->path},
                       "column '%s' has %zu different classes; 2 to %d are possible", p->column, count, LF_CLASSES_MAX);
    plan->classes = name;
    if (most < 0)
        return LF_OK;
    if (twice[0])
        return two_texts(ctx, p, t, column, twice);
    const char **number = LF_NEW_ARRAY(a, const char *, most + 2);
    for (int i = 0; i <= most; i++)
        number[i] = lf_format(a, "%d", i);
    plan->classes = number;
    plan->class_of = class_of_number;
    return LF_OK;
}

/* -- the set -------------------------------------------------------------------------------------------------------- */

static lf_status no_column(lf_ctx *ctx, const parts *p, const lf_csv *t) {
    bool named = p->column && strcmp(p->column, "train") != 0 && strcmp(p->column, "test") != 0; /* not a split alone */
    const char *near = named ? lf_nearest(p->column, t->header, t->columns) : t->header[t->columns - 1];
    lf_where where = {.file = p->path, .line = (int)t->header_line};
    if (named)
        (void)!lf_fail(ctx, LF_BAD_INPUT, &where, "the table has no column '%s' of classes", p->column);
    else
        (void)!lf_fail(ctx, LF_BAD_INPUT, &where, "which column holds the classes?");
    lf_hint(ctx, "the column stands behind the file: %s:%s", p->path, near ? near : "COLUMN");
    return LF_BAD_INPUT;
}

static lf_status open_table(lf_ctx *ctx, const parts *p, lf_dataset *d) {
    lf_csv t;
    lf_table_plan plan = {.label = p->column};
    size_t at = 0;
    LF_TRY(lf_csv_read(ctx, d->arena, p->path, true, &t));
    while (at < t.columns && (!p->column || strcmp(t.header[at], p->column) != 0))
        at++;
    if (at == t.columns)
        return no_column(ctx, p, &t);
    LF_TRY(find_classes(ctx, d->arena, p, &t, at, &plan));
    return lf_table_open(ctx, p->path, &t, &plan, 0, p->split, d->name, d);
}

lf_dataset *lf_csv_set_open(lf_ctx *ctx, const char *spec) {
    lf_dataset *d = lf_dataset_new(ctx);
    if (!d)
        return NULL;
    parts p = take_apart(d->arena, spec);
    d->name = lf_strdup(d->arena, lf_path_base(p.path));
    d->split = p.split;
    if (open_table(ctx, &p, d) == LF_OK)
        return d;
    lf_dataset_free(d);
    return NULL;
}
