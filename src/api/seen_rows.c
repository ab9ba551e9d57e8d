#include "api/seen_rows.h"

#include <string.h>

#include "base/file.h"
#include "data/metrics.h"
#include "data/npy.h"
#include "exec/exec.h"

enum { HELD_OUT = 5 }; /* one row in so many, the last ones */

/* Some rows of a file. */
typedef struct part {
    const lf_rows *rows;
    size_t first, count;
    const char *file;
    const int64_t *label; /* of all rows of the file, or NULL */
} part;

struct lf_seen {
    lf_ctx *ctx;
    lf_arena *arena;
    lf_graph *program;
    lf_exec *exec; /* of the program */
    lf_rows given, other;
    part used, check;
    lf_circuits_rows rows;
};

/* -- running ------------------------------------------------------------------------------------------------------------ */

/* Values of every output of g, [output][row][element], for all rows; `in` is for the inputs of `like`. */
static lf_status run_outputs(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const lf_graph *like, const lf_rows *rows,
                             double ***out) {
    lf_row_in *in = LF_NEW_ARRAY(a, lf_row_in, rows->in_count + 1);
    lf_row_out *want = LF_NEW_ARRAY(a, lf_row_out, g->outputs.count + 1);
    *out = LF_NEW_ARRAY(a, double *, g->outputs.count + 1);
    for (size_t i = 0; i < rows->in_count; i++) {
        in[i] = rows->in[i];
        for (size_t p = 0; p < like->inputs.count; p++)
            if (like->inputs.at[p].tensor == rows->in[i].tensor)
                in[i].tensor = g->inputs.at[p].tensor;
    }
    for (size_t o = 0; o < g->outputs.count; o++) {
        size_t elements = (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[o].tensor)->shape);
        (*out)[o] = lf_alloc_try(a, rows->rows * elements + 1, sizeof(double));
        if (!(*out)[o])
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows of output %s", rows->rows,
                           g->outputs.at[o].name);
        want[o] = (lf_row_out){.tensor = g->outputs.at[o].tensor, .real = (*out)[o]};
    }
    lf_exec *e = lf_exec_new(ctx, g);
    lf_row_io io = {in, rows->in_count, want, g->outputs.count};
    lf_status status = e ? lf_exec_rows(e, &io, rows->rows) : LF_BAD_INPUT;
    lf_exec_free(e);
    return status;
}

static size_t elements_of(const lf_graph *g, size_t output) {
    return (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[output].tensor)->shape);
}

static size_t differing(const lf_graph *g, double *const *x, double *const *y, size_t first, size_t count) {
    size_t rows = 0;
    for (size_t r = first; r < first + count; r++) {
        bool differs = false;
        for (size_t o = 0; o < g->outputs.count; o++)
            for (size_t e = 0, n = elements_of(g, o); e < n; e++)
                differs |= x[o][r * n + e] != y[o][r * n + e];
        rows += differs;
    }
    return rows;
}

lf_status lf_rows_that_differ(lf_ctx *ctx, const lf_graph *a, const lf_graph *b, lf_strings specs, size_t rows,
                              size_t *out) {
    lf_arena *arena = lf_arena_new();
    lf_rows in;
    double **x, **y;
    lf_status status = lf_rows_load(ctx, arena, a, specs, &in);
    if (status == LF_OK)
        in.rows = rows < in.rows ? rows : in.rows;
    if (status == LF_OK)
        status = run_outputs(ctx, arena, a, a, &in, &x);
    if (status == LF_OK)
        status = run_outputs(ctx, arena, b, a, &in, &y);
    if (status == LF_OK)
        *out = differing(a, x, y, 0, in.rows);
    lf_arena_free(arena);
    return status;
}

/* -- rows that say which codes occur -------------------------------------------------------------------------------------- */

/* Tensors have the same names in the program, whose graph does not change. */
static lf_status codes(void *user, const lf_graph *g, const lf_ids *tensors, const int64_t **out) {
    lf_seen *s = user;
    size_t row = 0, at = 0, count = s->used.count;
    lf_row_out *want = LF_NEW_ARRAY(s->arena, lf_row_out, tensors->count + 1);
    for (size_t i = 0; i < tensors->count; i++) {
        const lf_tensor *t = lf_find_tensor(s->program, lf_tensor_at(g, tensors->at[i])->name);
        size_t elements = (size_t)lf_shape_count(t->shape);
        want[i] = (lf_row_out){.tensor = t->id, .code = lf_alloc_try(s->arena, count * elements + 1, sizeof(int64_t))};
        if (!want[i].code)
            return lf_fail(s->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows of %s", count, t->name);
        row += elements;
    }
    int64_t *all = lf_alloc_try(s->arena, count * row + 1, sizeof *all);
    if (!all)
        return lf_fail(s->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows of %zu codes", count, row);
    lf_row_io io = {s->used.rows->in, s->used.rows->in_count, want, tensors->count};
    LF_TRY(lf_exec_rows(s->exec, &io, count));
    for (size_t i = 0; i < tensors->count; i++) {
        size_t elements = (size_t)lf_shape_count(lf_tensor_at(s->program, want[i].tensor)->shape);
        for (size_t r = 0; r < count; r++)
            memcpy(all + r * row + at, want[i].code + r * elements, elements * sizeof *all);
        at += elements;
    }
    *out = all;
    return LF_OK;
}

static lf_status load_labels(lf_seen *s, const char *path, size_t rows, const int64_t **out) {
    lf_where where = {.file = path};
    lf_array y;
    if (!path)
        return LF_OK;
    LF_TRY(lf_npy_read(s->ctx, s->arena, path, &y));
    if (lf_array_rows(&y) != rows || lf_array_row_size(&y) != 1)
        return lf_fail(s->ctx, LF_BAD_INPUT, &where, "labels are one number for each of the %zu rows", rows);
    int64_t *label = LF_NEW_ARRAY(s->arena, int64_t, rows);
    for (size_t i = 0; i < rows; i++)
        if (!lf_array_int(&y, i, &label[i]))
            return lf_fail(s->ctx, LF_BAD_INPUT, &where, "the label of row %zu is no integer", i);
    *out = label;
    return LF_OK;
}

/* How many classes an output of scores or of a class knows; 0: not known. */
static int64_t classes_of(const lf_graph *g) {
    const lf_tensor *t = lf_tensor_at(g, g->outputs.at[0].tensor);
    size_t scores = elements_of(g, 0);
    return scores > 1 ? (int64_t)scores : lf_is_codes(t) ? t->range.hi + 1 : 0;
}

static lf_status check_classes(const lf_seen *s, const part *p, const char *file) {
    int64_t classes = classes_of(s->program);
    for (size_t i = 0; p->label && classes && i < p->count; i++)
        if (p->label[i] < 0 || p->label[i] >= classes)
            return lf_fail(s->ctx, LF_BAD_INPUT, &(lf_where){.file = file},
                           "the label of row %zu is %lld, the network's classes are 0 to %lld", i,
                           (long long)p->label[i], (long long)classes - 1);
    return LF_OK;
}

static lf_status check_labels(const lf_seen *s) {
    if (!s->check.label || s->program->outputs.count == 1)
        return LF_OK;
    return lf_fail(s->ctx, LF_BAD_INPUT, NULL, "labels need a network of one output; this one has %zu",
                   s->program->outputs.count);
}

static lf_status load_part(lf_seen *s, const char *file, const char *labels, lf_rows *rows, part *out) {
    LF_TRY(lf_rows_load(s->ctx, s->arena, s->program, (const char *const[]){file, NULL}, rows));
    *out = (part){.rows = rows, .count = rows->rows, .file = file};
    LF_TRY(load_labels(s, labels, rows->rows, &out->label));
    return s->program->outputs.count == 1 ? check_classes(s, out, labels) : LF_OK;
}

static lf_status load(lf_seen *s, const lf_build_options *o) {
    LF_TRY(load_part(s, o->dont_cares, o->labels, &s->given, &s->used));
    if (o->check) {
        LF_TRY(load_part(s, o->check, o->check_labels, &s->other, &s->check));
    } else {
        s->check = s->used;
        s->check.count = s->used.count / HELD_OUT;
        s->used.count = s->check.first = s->used.count - s->check.count;
    }
    LF_TRY(check_labels(s));
    if (s->used.count && s->check.count)
        return LF_OK;
    lf_status status = lf_fail(s->ctx, LF_BAD_INPUT, &(lf_where){.file = o->dont_cares},
                               "there are no rows to measure with what the don't-cares change");
    lf_hint(s->ctx, "give at least %d rows, or others with --check", HELD_OUT);
    return status;
}

lf_status lf_seen_open(lf_ctx *ctx, const lf_graph *program, const lf_build_options *o, lf_seen **out) {
    lf_arena *a = lf_arena_new();
    lf_seen *s = *out = LF_NEW(a, lf_seen);
    *s = (lf_seen){.ctx = ctx, .arena = a, .program = lf_graph_clone(program)};
    s->exec = s->program ? lf_exec_new(ctx, s->program) : NULL;
    if (!s->exec)
        return LF_BAD_INPUT;
    LF_TRY(load(s, o));
    s->rows = (lf_circuits_rows){codes, s, s->used.count, o->rarity > 0 ? (size_t)o->rarity : 1};
    return LF_OK;
}

void lf_seen_free(lf_seen *s) {
    if (!s)
        return;
    lf_exec_free(s->exec);
    lf_graph_free(s->program);
    lf_arena_free(s->arena);
}

const lf_circuits_rows *lf_seen_rows(lf_seen *s) {
    return &s->rows;
}

const lf_graph *lf_seen_program(const lf_seen *s) {
    return s->program;
}

/* -- measuring ------------------------------------------------------------------------------------------------------------ */

/* Share of the rows whose class is right. */
static json_t *accuracy(const lf_graph *g, const part *p, double *const *y) {
    size_t right = 0, n = elements_of(g, 0);
    if (!p->label)
        return json_null();
    for (size_t r = p->first; r < p->first + p->count; r++)
        right += (n == 1 ? y[0][r] : (double)lf_top1(y[0] + r * n, (int)n)) == (double)p->label[r];
    return json_real((double)right / (double)p->count);
}

static json_t *check_json(const lf_seen *s, double *const *before, double *const *after) {
    const part *p = &s->check;
    size_t changed = differing(s->program, before, after, p->first, p->count);
    json_t *o = json_object();
    json_object_set_new(o, "file", json_string(lf_path_base(p->file)));
    json_object_set_new(o, "held_out", json_boolean(p->rows == &s->given));
    json_object_set_new(o, "rows", json_integer((json_int_t)p->count));
    json_object_set_new(o, "changed_rows", json_integer((json_int_t)changed));
    json_object_set_new(o, "changed_share", json_real((double)changed / (double)p->count));
    json_object_set_new(o, "accuracy_before", accuracy(s->program, p, before));
    json_object_set_new(o, "accuracy_after", accuracy(s->program, p, after));
    return o;
}

static json_t *report_json(const lf_seen *s, const lf_circuits_report *r, size_t changed, json_t *check) {
    json_t *o = json_object();
    json_object_set_new(o, "file", json_string(lf_path_base(s->used.file)));
    json_object_set_new(o, "rows", json_integer((json_int_t)s->used.count));
    json_object_set_new(o, "rarity", json_integer((json_int_t)s->rows.rarity));
    json_object_set_new(o, "lut_without", json_integer((json_int_t)r->luts_without));
    json_object_set_new(o, "lut", json_integer((json_int_t)r->sum.luts_after));
    json_object_set_new(o, "unseen_entries", json_integer((json_int_t)r->sum.unseen));
    json_object_set_new(o, "changed_rows", json_integer((json_int_t)changed));
    json_object_set_new(o, "check", check);
    return o;
}

lf_status lf_seen_measure(lf_seen *s, const lf_graph *made, const lf_circuits_report *r, json_t **out) {
    double **before, **after, **check_before, **check_after;
    LF_TRY(run_outputs(s->ctx, s->arena, s->program, s->program, &s->given, &before));
    LF_TRY(run_outputs(s->ctx, s->arena, made, s->program, &s->given, &after));
    size_t changed = differing(s->program, before, after, s->used.first, s->used.count);
    if (changed && s->rows.rarity == 1)
        return lf_fail(s->ctx, LF_FAILED, NULL,
                       "the circuit differs from the network on %zu of %zu rows all of whose codes it was to keep",
                       changed, s->used.count);
    check_before = before;
    check_after = after;
    if (s->check.rows != &s->given) {
        LF_TRY(run_outputs(s->ctx, s->arena, s->program, s->program, &s->other, &check_before));
        LF_TRY(run_outputs(s->ctx, s->arena, made, s->program, &s->other, &check_after));
    }
    *out = report_json(s, r, changed, check_json(s, check_before, check_after));
    return LF_OK;
}
