#include "data/scaling.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static size_t count_different(const float *v, size_t count) {
    size_t n = count > 0;
    for (size_t i = 1; i < count; i++)
        n += v[i] > v[i - 1];
    return n;
}

static size_t end_of_run(const float *v, size_t count, size_t at) {
    size_t end = at + 1;
    while (end < count && v[end] <= v[at])
        end++;
    return end;
}

/* The number with which each code but the lowest begins. Runs of equal numbers fill a code until half of the next run would be more than its
 * share of the rows that are left. */
static size_t cut(const float *v, size_t count, size_t codes, float *first) {
    bool all = count_different(v, count) <= codes;
    size_t n = 0, begun = 0;
    for (size_t at = 0, end; at < count; at = end) {
        end = end_of_run(v, count, at);
        double filled = (double)(at - begun) + (double)(end - at) / 2;
        double share = (double)(count - begun) / (double)(codes - n);
        if (at == 0 || n + 1 == codes || (!all && filled < share))
            continue;
        first[n++] = v[at];
        begun = at;
    }
    return n;
}

const float *lf_steps_fit(lf_arena *a, float *v, size_t count, int bits, size_t *steps) {
    size_t codes = (size_t)1 << bits, at = 0;
    float *first = LF_NEW_ARRAY(a, float, codes), *step = LF_NEW_ARRAY(a, float, codes);
    qsort(v, count, sizeof *v, ascending);
    size_t n = cut(v, count, codes, first);
    for (size_t i = 0; i < n; i++)
        while (at < (i + 1) * codes / (n + 1))
            step[at++] = first[i];
    *steps = at;
    return step;
}

size_t lf_steps_code(const float *step, size_t steps, float v) {
    size_t lo = 0, hi = steps;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        if (v >= step[middle])
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* A column in which all cells are missing has no name; it stays. */
static size_t names_of(const lf_table_column *c) {
    size_t names = 0;
    for (size_t i = 0; i < c->count; i++)
        names += *c->names[i] != '\0';
    return names;
}

lf_table_column *lf_one_hot_columns(lf_arena *a, const lf_table_column *c, size_t count, size_t *elements) {
    size_t most = 0, n = 0;
    for (size_t k = 0; k < count; k++)
        most += 1 + c[k].count;
    lf_table_column *out = LF_NEW_ARRAY(a, lf_table_column, most);
    for (size_t k = 0; k < count; k++) {
        if (!names_of(&c[k]))
            out[n++] = c[k];
        for (size_t i = 0; i < c[k].count; i++)
            if (*c[k].names[i])
                out[n++] = (lf_table_column){.name = c[k].name, .is = c[k].names[i]};
    }
    *elements = n;
    return out;
}

lf_status lf_scaling_fit(lf_ctx *ctx, lf_dataset *d, int bits) {
    if (!d->columns)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s is no table: scaling ranks its columns", d->title);
    lf_arena *scratch = lf_arena_new();
    float *v = LF_NEW_ARRAY(scratch, float, d->rows);
    for (size_t k = 0; k < d->features; k++) {
        for (size_t i = 0; i < d->rows; i++)
            v[i] = d->real[i * d->features + k];
        d->columns[k].steps = lf_steps_fit(d->arena, v, d->rows, bits, &d->columns[k].step_count);
    }
    lf_arena_free(scratch);
    return LF_OK;
}

lf_status lf_scaling_apply(lf_ctx *ctx, const lf_table_column *c, lf_dataset *d) {
    float *code = lf_alloc_try(d->arena, d->rows * d->features, sizeof *code);
    if (!code)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: no memory for %zu rows", d->name, d->rows);
    for (size_t i = 0; i < d->rows * d->features; i++)
        code[i] = lf_column_scale(&c[i % d->features], d->real[i]);
    d->real = code;
    return LF_OK;
}
