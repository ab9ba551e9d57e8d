#include "data/tabular.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "data/scaling.h"

bool lf_is_missing(const char *cell) {
    static const char *const words[] = {"", "?", "na", "nan", "null"};
    for (size_t i = 0; i < LF_COUNT(words); i++)
        if (!strcasecmp(cell, words[i]))
            return true;
    return false;
}

static const char *cell_at(const lf_csv *t, size_t row, size_t column) {
    return t->cell[row * t->columns + column];
}

static bool is_number(const char *cell, double *v) {
    return lf_parse_double(cell, v) && isfinite((float)*v);
}

/* -- which column is what ------------------------------------------------------------------------------------------- */

static bool is_listed(const char *const *list, const char *name) {
    for (; list && *list; list++)
        if (!strcmp(*list, name))
            return true;
    return false;
}

static lf_status find_label(lf_ctx *ctx, const char *file, const lf_csv *t, const lf_table_plan *plan, size_t *at) {
    for (*at = 0; *at < t->columns; (*at)++)
        if (!strcmp(t->header[*at], plan->label))
            return LF_OK;
    return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = file}, "the table has no column '%s'", plan->label);
}

static int class_of(const lf_table_plan *plan, const char *cell) {
    if (plan->class_of)
        return plan->class_of(cell);
    for (int i = 0; plan->classes[i]; i++)
        if (!strcmp(plan->classes[i], cell))
            return i;
    return -1;
}

lf_status lf_table_labels(lf_ctx *ctx, lf_arena *a, const char *file, const lf_csv *t, const lf_table_plan *plan,
                          uint8_t **out) {
    size_t at;
    LF_TRY(find_label(ctx, file, t, plan, &at));
    *out = LF_NEW_ARRAY(a, uint8_t, t->rows);
    lf_wrong_cells wrong = {ctx, file, t, 0};
    for (size_t i = 0; i < t->rows; i++) {
        int class = class_of(plan, cell_at(t, i, at));
        if (class < 0)
            lf_wrong_cell(&wrong, i, at, "is no class");
        (*out)[i] = (uint8_t) class;
    }
    return lf_wrong_cells_end(&wrong, NULL);
}

/* -- fitting -------------------------------------------------------------------------------------------------------- */

typedef struct fitter {
    lf_arena *arena;
    const lf_csv *table;
    const uint32_t *rows;
    size_t count;
    const uint8_t *label; /* of all rows */
    double mean;          /* of the labels fitted on */
} fitter;

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* False when a cell is neither missing nor a number. */
static bool fit_number(const fitter *f, lf_table_column *c, size_t at) {
    double *v = LF_NEW_ARRAY(f->arena, double, f->count);
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        const char *cell = cell_at(f->table, f->rows[i], at);
        if (lf_is_missing(cell))
            continue;
        if (!is_number(cell, &v[n++]))
            return false;
    }
    qsort(v, n, sizeof *v, ascending);
    c->missing = n ? (double)(float)v[n / 2] : 0;
    return true;
}

typedef struct name {
    const char *text;
    double sum; /* of labels; then the mean */
    size_t count;
} name;

static int by_text(const void *a, const void *b) {
    return strcmp(((const name *)a)->text, ((const name *)b)->text);
}

static int by_mean(const void *a, const void *b) {
    const name *x = a, *y = b;
    return x->sum < y->sum ? -1 : x->sum > y->sum ? 1 : strcmp(x->text, y->text);
}

/* Names of few rows are drawn towards the mean of all by one row of that mean. */
static size_t count_names(const fitter *f, name *all, size_t n) {
    size_t out = 0;
    qsort(all, n, sizeof *all, by_text);
    for (size_t i = 0; i < n; i++) {
        if (out && !strcmp(all[out - 1].text, all[i].text)) {
            all[out - 1].sum += all[i].sum;
            all[out - 1].count++;
        } else {
            all[out++] = all[i];
        }
    }
    for (size_t i = 0; i < out; i++)
        all[i].sum = *all[i].text ? (all[i].sum + f->mean) / (double)(all[i].count + 1) : f->mean;
    qsort(all, out, sizeof *all, by_mean);
    return out;
}

static void fit_category(const fitter *f, lf_table_column *c, size_t at) {
    name *all = LF_NEW_ARRAY(f->arena, name, f->count + 1);
    all[f->count] = (name){"", 0, 1};
    for (size_t i = 0; i < f->count; i++) {
        const char *cell = cell_at(f->table, f->rows[i], at);
        all[i] = (name){lf_is_missing(cell) ? "" : cell, f->label[f->rows[i]], 1};
    }
    c->count = count_names(f, all, f->count + 1);
    const char **names = LF_NEW_ARRAY(f->arena, const char *, c->count);
    for (size_t i = 0; i < c->count; i++)
        names[i] = all[i].text;
    c->names = names;
}

/* A column most of whose cells are numbers is not made of names: other cells there are slips. */
static bool has_slips(const fitter *f, size_t at, lf_wrong_cells *wrong) {
    size_t numbers = 0, others = 0;
    double v;
    for (size_t i = 0; i < f->count; i++) {
        const char *cell = cell_at(f->table, f->rows[i], at);
        if (!lf_is_missing(cell))
            *(is_number(cell, &v) ? &numbers : &others) += 1;
    }
    for (size_t i = 0; i < f->count && numbers > others; i++) {
        const char *cell = cell_at(f->table, f->rows[i], at);
        if (!lf_is_missing(cell) && !is_number(cell, &v))
            lf_wrong_cell(wrong, f->rows[i], at, "is no number that float32 holds, but most cells there are numbers");
    }
    return numbers > others;
}

lf_status lf_coding_fit(lf_ctx *ctx, lf_arena *a, const char *file, const lf_csv *t, const lf_table_plan *plan,
                        const uint32_t *rows, size_t count, const uint8_t *label, lf_coding *out) {
    fitter f = {.arena = a, .table = t, .rows = rows, .count = count, .label = label};
    lf_wrong_cells wrong = {ctx, file, t, 0};
    for (size_t i = 0; i < count; i++)
        f.mean += (double)label[rows[i]] / (double)count;
    *out =
        (lf_coding){.column = LF_NEW_ARRAY(a, lf_table_column, t->columns), .at = LF_NEW_ARRAY(a, size_t, t->columns)};
    for (size_t k = 0; k < t->columns; k++) {
        lf_table_column c = {.name = t->header[k]};
        if (!strcmp(c.name, plan->label) || is_listed(plan->ignored, c.name))
            continue;
        if (!fit_number(&f, &c, k) && !has_slips(&f, k, &wrong))
            fit_category(&f, &c, k);
        out->at[out->features] = k;
        out->column[out->features++] = c;
    }
    LF_TRY(lf_wrong_cells_end(&wrong, "correct the cell, or leave it empty: a missing number stands for the median"));
    if (!out->features || !count)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = file}, "the table has no features, or no rows to fit on");
    return LF_OK;
}

/* -- coding --------------------------------------------------------------------------------------------------------- */

/* Lists are short; the places of their names are not sorted by text. */
static float code_of(const lf_table_column *c, const char *cell) {
    size_t unknown = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!strcmp(c->names[i], cell))
            return (float)i;
        if (!*c->names[i])
            unknown = i;
    }
    return (float)unknown;
}

bool lf_coding_row(const lf_coding *c, const char *const *cell, float *out, size_t *bad) {
    for (size_t k = 0; k < c->features; k++) {
        const lf_table_column *f = &c->column[k];
        const char *text = cell[c->at[k]];
        double v = f->missing;
        if (f->is) {
            out[k] = lf_column_scale(f, !strcmp(f->is, text));
            continue;
        }
        if (f->names) {
            out[k] = lf_column_scale(f, code_of(f, text));
            continue;
        }
        if (!lf_is_missing(text) && !is_number(text, &v)) {
            *bad = k;
            return false;
        }
        out[k] = lf_column_scale(f, (float)v);
    }
    return true;
}

void lf_coding_line(lf_wrong_cells *w, const lf_coding *c, size_t row, float *out) {
    size_t bad;
    if (!lf_coding_row(c, w->table->cell + row * w->table->columns, out, &bad))
        lf_wrong_cell(w, row, c->at[bad], "is no number");
}

/* -- duplicates and parts ------------------------------------------------------------------------------------------- */

typedef struct splitter {
    const lf_csv *table;
    size_t *used; /* columns that count */
    size_t uses;
} splitter;

/* FNV-1a, 64 bits, over the cells with their ends, then mixed. */
static uint64_t hash_row(const splitter *s, size_t row) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t k = 0; k < s->uses; k++) {
        const char *p = cell_at(s->table, row, s->used[k]);
        do
            h = (h ^ (uint8_t)*p) * 0x100000001b3u;
        while (*p++);
    }
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

static bool same_row(const splitter *s, size_t a, size_t b) {
    for (size_t k = 0; k < s->uses; k++)
        if (strcmp(cell_at(s->table, a, s->used[k]), cell_at(s->table, b, s->used[k])) != 0)
            return false;
    return true;
}

static splitter open_splitter(lf_arena *a, const lf_csv *t, const lf_table_plan *plan) {
    splitter s = {.table = t, .used = LF_NEW_ARRAY(a, size_t, t->columns)};
    for (size_t k = 0; k < t->columns; k++)
        if (!is_listed(plan->ignored, t->header[k]))
            s.used[s.uses++] = k;
    return s;
}

void lf_table_split(lf_arena *a, const lf_csv *t, const lf_table_plan *plan, size_t first, lf_row_list *train,
                    lf_row_list *test) {
    lf_arena *scratch = lf_arena_new();
    splitter s = open_splitter(scratch, t, plan);
    size_t slots = 16;
    while (slots < 2 * t->rows)
        slots *= 2;
    uint32_t *slot = LF_NEW_ARRAY(scratch, uint32_t, slots); /* a row's number and 1 */
    *train = (lf_row_list){.at = LF_NEW_ARRAY(a, uint32_t, t->rows)};
    *test = (lf_row_list){.at = LF_NEW_ARRAY(a, uint32_t, t->rows)};
    for (size_t i = 0; i < t->rows; i++) {
        uint64_t h = hash_row(&s, i);
        size_t at = (size_t)h & (slots - 1);
        while (slot[at] && !same_row(&s, slot[at] - 1, i))
            at = (at + 1) & (slots - 1);
        if (slot[at])
            continue;
        slot[at] = (uint32_t)i + 1;
        lf_row_list *part = (first ? i < first : (h >> 40) % 5 == 0) ? test : train;
        part->at[part->count++] = (uint32_t)i;
    }
    lf_arena_free(scratch);
}

/* -- a set ---------------------------------------------------------------------------------------------------------- */

lf_status lf_table_rows(lf_ctx *ctx, const char *file, const lf_csv *t, const lf_coding *c, const uint32_t *rows,
                        size_t count, const uint8_t *label, lf_dataset *d) {
    float *x = lf_alloc_try(d->arena, count * c->features, sizeof *x);
    uint8_t *y = lf_alloc_try(d->arena, count, 1);
    if (!x || !y)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = file}, "no memory for %zu rows", count);
    lf_wrong_cells wrong = {ctx, file, t, 0};
    for (size_t i = 0; i < count; i++) {
        lf_coding_line(&wrong, c, rows[i], x + i * c->features);
        y[i] = label[rows[i]];
    }
    LF_TRY(lf_wrong_cells_end(&wrong, NULL));
    d->rows = count;
    d->features = c->features;
    d->shape = lf_shape_make(2, (int64_t[]){1, (int64_t)c->features});
    d->real = x;
    d->label = y;
    return LF_OK;
}

lf_status lf_table_open(lf_ctx *ctx, const char *file, const lf_csv *t, const lf_table_plan *plan, size_t first,
                        const char *split, const char *what, lf_dataset *d) {
    bool is_train = strcmp(split, "train") == 0;
    lf_row_list train, test;
    uint8_t *label;
    lf_coding *coding = LF_NEW(d->arena, lf_coding);
    if (!is_train && strcmp(split, "test") != 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s has no part '%s'; there are train and test", d->name, split);
    LF_TRY(lf_table_labels(ctx, d->arena, file, t, plan, &label));
    lf_table_split(d->arena, t, plan, first, &train, &test);
    lf_row_list *part = is_train ? &train : &test;
    LF_TRY(lf_coding_fit(ctx, d->arena, file, t, plan, train.at, train.count, label, coding));
    LF_TRY(lf_table_rows(ctx, file, t, coding, part->at, part->count, label, d));
    d->columns = coding->column;
    d->class_names = plan->classes;
    for (d->classes = 0; plan->classes[d->classes];)
        d->classes++;
    d->title = lf_format(d->arena, "%s, %s part without duplicates, %zu rows", what, split, d->rows);
    return LF_OK;
}
