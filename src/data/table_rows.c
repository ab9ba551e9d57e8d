#include "data/table_rows.h"

#include <string.h>

#include "base/text.h"
#include "data/scaling.h"

bool lf_is_csv(const char *path) {
    static const char *const endings[] = {".csv", ".csv.gz", ".csv.xz"};
    for (size_t i = 0; i < LF_COUNT(endings); i++)
        if (lf_ends_with(path, endings[i]))
            return true;
    return false;
}

size_t lf_csv_path_length(const char *spec) {
    for (const char *p = strstr(spec, ".csv"); p; p = strstr(p + 1, ".csv")) {
        const char *end = p + strlen(".csv");
        end += !strncmp(end, ".gz", 3) || !strncmp(end, ".xz", 3) ? 3 : 0;
        if (!*end || *end == ':')
            return (size_t)(end - spec);
    }
    return 0;
}

static lf_status find_column(lf_ctx *ctx, const char *path, const lf_csv *t, const char *name, size_t *at) {
    for (*at = 0; *at < t->columns; (*at)++)
        if (!strcmp(t->header[*at], name))
            return LF_OK;
    const char *near = lf_nearest(name, t->header, t->columns);
    lf_status status = lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path, .line = (int)t->header_line},
                               "the first line names no column '%s', which the network reads", name);
    lf_hint(ctx, "%s%s%sthe first line of a table names its columns, in any order", near ? "it names '" : "",
            near ? near : "", near ? "'; " : "");
    return status;
}

static lf_status find_columns(lf_ctx *ctx, lf_arena *a, const char *path, const lf_csv *t,
                              const lf_table_column *columns, size_t count, lf_coding *out) {
    *out = (lf_coding){lf_copy(a, columns, count * sizeof *columns), LF_NEW_ARRAY(a, size_t, count), count};
    for (size_t k = 0; k < count; k++)
        LF_TRY(find_column(ctx, path, t, columns[k].name, &out->at[k]));
    return LF_OK;
}

lf_status lf_table_rows_read(lf_ctx *ctx, lf_arena *a, const char *path, const lf_table_column *columns, size_t count,
                             lf_array *x) {
    lf_csv t;
    lf_coding c;
    LF_TRY(lf_csv_read(ctx, a, path, true, &t));
    LF_TRY(find_columns(ctx, a, path, &t, columns, count, &c));
    lf_shape shape = lf_shape_make(2, (const int64_t[]){(int64_t)t.rows, (int64_t)count});
    if (!lf_array_new(a, LF_ARRAY_F32, shape, x))
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "no memory for %zu rows", t.rows);
    lf_wrong_cells wrong = {ctx, path, &t, 0};
    for (size_t i = 0; i < t.rows; i++)
        lf_coding_line(&wrong, &c, i, (float *)x->data + i * count);
    return lf_wrong_cells_end(&wrong, NULL);
}

static int64_t highest_class(const lf_graph *g) {
    return g->class_count ? (int64_t)g->class_count - 1 : 255;
}

/* A name, or else a number; -1: neither. */
static int64_t class_of(const lf_graph *g, const char *cell) {
    int64_t v;
    for (size_t i = 0; i < g->class_count; i++)
        if (!strcmp(cell, g->class_names[i]))
            return (int64_t)i;
    return lf_parse_i64(cell, &v) && v >= 0 && v <= highest_class(g) ? v : -1;
}

static lf_status end_classes(const lf_wrong_cells *wrong, const lf_graph *g) {
    lf_text remedy = {0};
    lf_text_add(&remedy, g->class_count ? "the network knows "
                                        : "names are known to networks that `train` made of a table and wrote as .lf");
    for (size_t i = 0; i < g->class_count; i++)
        lf_text_addf(&remedy, "%s'%s'", i ? ", " : "", g->class_names[i]);
    lf_status status = lf_wrong_cells_end(wrong, remedy.at);
    lf_text_free(&remedy);
    return status;
}

lf_status lf_table_classes_read(lf_ctx *ctx, lf_arena *a, const char *path, const char *column, const lf_graph *g,
                                lf_array *y) {
    lf_csv t;
    size_t at;
    LF_TRY(lf_csv_read(ctx, a, path, true, &t));
    LF_TRY(find_column(ctx, path, &t, column, &at));
    if (!lf_array_new(a, LF_ARRAY_I64, lf_shape_make(1, (const int64_t[]){(int64_t)t.rows}), y))
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "no memory for %zu rows", t.rows);
    lf_wrong_cells wrong = {ctx, path, &t, 0};
    const char *why = lf_format(a, "is not a class from 0 to %d%s", (int)highest_class(g),
                                g->class_count ? ", nor the name of one" : "");
    for (size_t i = 0; i < t.rows; i++) {
        int64_t *v = (int64_t *)y->data + i;
        *v = class_of(g, t.cell[i * t.columns + at]);
        if (*v < 0)
            lf_wrong_cell(&wrong, i, at, why);
    }
    return end_classes(&wrong, g);
}

static bool same_column(const lf_table_column *a, const lf_table_column *b) {
    if (strcmp(a->name, b->name) != 0 || a->count != b->count || (a->missing < b->missing) || (a->missing > b->missing))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

/* The place of a name, or -1. */
static int64_t place_of(const lf_table_column *c, const char *name) {
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->names[i], name))
            return (int64_t)i;
    return -1;
}

static lf_status other_table(lf_ctx *ctx) {
    lf_hint(ctx, "-i FILE.csv -y FILE.csv:COLUMN codes any table as the network does");
    return LF_BAD_INPUT;
}

/* By element of the network: the feature of the set that it is made of. Elements of one category stand together. */
static lf_status match_columns(lf_ctx *ctx, const lf_table_column *columns, size_t count, const lf_dataset *d,
                               size_t *from) {
    size_t used = 0;
    for (size_t k = 0; k < count && used <= d->features; k++) {
        bool more = k && columns[k].is && columns[k - 1].is && !strcmp(columns[k].name, columns[k - 1].name);
        from[k] = more ? used - 1 : used++;
        if (used > d->features)
            break;
        const lf_table_column *own = &d->columns[from[k]], *c = &columns[k];
        bool same = c->is ? !strcmp(c->name, own->name) && place_of(own, c->is) >= 0 : same_column(c, own);
        if (same)
            continue;
        lf_fail(ctx, LF_BAD_INPUT, NULL,
                "%s: column '%s' is not coded as the network's column '%s' was when it was trained", d->title,
                own->name, c->name);
        return other_table(ctx);
    }
    if (used != d->features) {
        lf_fail(ctx, LF_BAD_INPUT, NULL, "%s has not the columns of the table that the network reads", d->title);
        return other_table(ctx);
    }
    return LF_OK;
}

lf_status lf_table_recode(lf_ctx *ctx, const lf_table_column *columns, size_t count, lf_dataset *d) {
    if (!d->columns)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s is no table; the network reads %zu columns of one", d->title,
                       count);
    size_t *from = LF_NEW_ARRAY(d->arena, size_t, count + 1);
    LF_TRY(match_columns(ctx, columns, count, d, from));
    float *real = lf_alloc_try(d->arena, d->rows * count, sizeof *real);
    if (!real)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: no memory for %zu rows", d->name, d->rows);
    for (size_t k = 0; k < count; k++) {
        int64_t place = columns[k].is ? place_of(&d->columns[from[k]], columns[k].is) : 0;
        for (size_t i = 0; i < d->rows; i++) {
            float v = d->real[i * d->features + from[k]];
            real[i * count + k] = columns[k].is ? (float)((int64_t)v == place) : v;
        }
    }
    d->real = real;
    d->features = count;
    d->shape = lf_shape_make(2, (const int64_t[]){1, (int64_t)count});
    return lf_scaling_apply(ctx, columns, d);
}
