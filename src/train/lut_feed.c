#include "train/lut_feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "num/realfn.h"

typedef struct fitter {
    lf_ctx *ctx;
    lf_arena *arena;
    const lf_recipe *recipe;
    const lf_train_data *data;
    const uint32_t *rows; /* those trained on */
    size_t features, levels, count;
    float *column, *threshold;
} fitter;

/* -- fitting -------------------------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* One feature of the rows, sorted: bytes by counting them. */
static void sort_column(fitter *f, size_t feature) {
    size_t seen[256] = {0}, at = 0;
    double highest = f->recipe->thermometer.highest;
    float limit = highest > 0 ? (float)highest : INFINITY;
    for (size_t i = 0; i < f->count; i++) {
        size_t place = f->rows[i] * f->features + feature;
        if (f->data->bytes)
            seen[f->data->bytes[place]]++;
        else
            f->column[i] = f->data->reals[place] > limit ? limit : f->data->reals[place];
    }
    if (!f->data->bytes)
        qsort(f->column, f->count, sizeof *f->column, ascending);
    for (int b = 0; f->data->bytes && b < 256; b++)
        for (size_t k = 0; k < seen[b]; k++)
            f->column[at++] = (float)b / (float)f->recipe->input.divisor;
}

/* A number that a lies not above and b does, as round as floats near the middle are. */
static float between(float a, float b) {
    float middle = (float)(((double)a + (double)b) / 2);
    return middle >= a && middle < b ? middle : a;
}

/* The same between integers: below the one up to b that is a multiple of the highest power of two, which fewest bits tell. */
static float below_roundest(float a, float b) {
    uint32_t hi = (uint32_t)b, round = hi;
    for (uint32_t step = 1; hi / step * step > (uint32_t)a; step *= 2)
        round = hi / step * step;
    return (float)round - 0.5f;
}

/* Thresholds stand between different values: where a quantile falls on the value of the one before, the next higher value is taken. */
static void quantiles(const fitter *f, float *t) {
    size_t at = 0;
    for (size_t k = 0; k < f->levels; k++) {
        size_t rank = (k + 1) * f->count / (f->levels + 1);
        at = rank > at ? rank : at;
        at = at < f->count ? at : f->count - 1;
        size_t next = at;
        while (next < f->count && f->column[next] <= f->column[at])
            next++;
        bool ranks = f->recipe->table.scaling == LF_SCALING_RANK;
        float a = f->column[at], b = next < f->count ? f->column[next] : a;
        t[k] = !(b > a) ? a : ranks ? below_roundest(a, b) : between(a, b);
        at = next;
    }
}

static void uniform(const fitter *f, float *t) {
    double lo = (double)f->column[0], hi = (double)f->column[f->count - 1];
    for (size_t k = 0; k < f->levels; k++)
        t[k] = (float)(lo + (hi - lo) * (double)(k + 1) / (double)(f->levels + 1));
}

/* x with Phi(x) = p, by halving: Phi(x) = (1 + erf(x / sqrt 2)) / 2. */
static double normal_quantile(double p) {
    double lo = -10, hi = 10;
    for (int i = 0; i < 60; i++) {
        double x = (lo + hi) / 2;
        if ((1 + lf_erf(x / 1.4142135623730951)) / 2 < p)
            lo = x;
        else
            hi = x;
    }
    return (lo + hi) / 2;
}

static void gaussian(const fitter *f, float *t) {
    double sum = 0, square = 0, n = (double)f->count;
    for (size_t i = 0; i < f->count; i++)
        sum += (double)f->column[i];
    for (size_t i = 0; i < f->count; i++) {
        double d = (double)f->column[i] - sum / n;
        square += d * d;
    }
    double deviation = sqrt(square / n);
    for (size_t k = 0; k < f->levels; k++)
        t[k] = (float)(sum / n + deviation * normal_quantile((double)(k + 1) / (double)(f->levels + 1)));
}

static void fit_feature(fitter *f, size_t feature) {
    float *t = f->threshold + feature * f->levels;
    sort_column(f, feature);
    switch ((lf_threshold_kind)f->recipe->thermometer.kind) {
    case LF_THRESHOLD_QUANTILE: quantiles(f, t); return;
    case LF_THRESHOLD_UNIFORM: uniform(f, t); return;
    case LF_THRESHOLD_GAUSSIAN: gaussian(f, t); return;
    }
}

/* -- given thresholds ------------------------------------------------------------------------------------------------ */

typedef LF_VEC(float) levels;

static lf_status read_values(fitter *f, levels *out) {
    const char *values = f->recipe->thermometer.values;
    char *text = lf_strdup(f->arena, values ? values : ""), *save = NULL;
    for (char *word = strtok_r(text, " ,", &save); word; word = strtok_r(NULL, " ,", &save)) {
        double v = 0;
        if (!lf_parse_double(word, &v) || !isfinite((float)v) || out->count == 250)
            return lf_fail(f->ctx, LF_BAD_INPUT, NULL, "thermometer: values: '%s' is no threshold, or the 251st", word);
        if (out->count && !((float)v > out->at[out->count - 1]))
            return lf_fail(f->ctx, LF_BAD_INPUT, NULL, "thermometer: values do not ascend at '%s'", word);
        LF_PUSH(f->arena, out, (float)v);
    }
    return LF_OK;
}

/* The highest byte whose value is not above the threshold, or -1. */
static float highest_byte(const lf_recipe *r, float threshold) {
    int b = 255;
    while (b >= 0 && (float)b / (float)r->input.divisor > threshold)
        b--;
    return (float)b;
}

static const float *indices(const fitter *f) {
    float *index = LF_NEW_ARRAY(f->arena, float, f->features * f->levels);
    for (size_t i = 0; i < f->features * f->levels; i++)
        index[i] = f->data->bytes ? highest_byte(f->recipe, f->threshold[i]) : (float)(i % f->levels);
    return index;
}

static lf_status check_data(const fitter *f) {
    const lf_recipe_input *in = &f->recipe->input;
    if (in->multiply < 1 || in->multiply > 1 || in->subtract < 0 || in->subtract > 0)
        return lf_fail(f->ctx, LF_BAD_INPUT, NULL,
                       "family luts compares its input as it is: no 'multiply' or 'subtract'");
    for (size_t i = 0; !f->data->bytes && i < f->data->count * f->features; i++)
        if (!isfinite(f->data->reals[i]))
            return lf_fail(f->ctx, LF_BAD_INPUT, NULL, "training part: row %zu holds NaN or infinity", i / f->features);
    return LF_OK;
}

lf_status lf_thermometer_fit(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, size_t features, const lf_train_data *data,
                             const uint32_t *rows, size_t count, lf_thermometer *out) {
    fitter f = {.ctx = ctx, .arena = a, .recipe = r, .data = data, .rows = rows, .features = features, .count = count};
    levels given = {0};
    LF_TRY(check_data(&f));
    LF_TRY(read_values(&f, &given));
    f.levels = given.count ? given.count : (size_t)r->thermometer.levels;
    f.threshold = LF_NEW_ARRAY(a, float, features *f.levels);
    f.column = LF_NEW_ARRAY(a, float, count);
    for (size_t i = 0; i < features; i++) {
        if (given.count)
            memcpy(f.threshold + i * f.levels, given.at, f.levels * sizeof *given.at);
        else
            fit_feature(&f, i);
    }
    *out = (lf_thermometer){features, f.levels, f.threshold, indices(&f)};
    return LF_OK;
}

/* -- feeds ----------------------------------------------------------------------------------------------------------- */

static uint8_t levels_below(const lf_thermometer *t, size_t feature, float x) {
    uint8_t n = 0;
    while (n < t->levels && x > t->threshold[feature * t->levels + n])
        n++;
    return n;
}

static lf_status count_levels(lf_ctx *ctx, lf_arena *a, const lf_thermometer *t, const lf_train_data *d,
                              const char *what, lf_feed *f) {
    uint8_t *index = lf_alloc_try(a, d->count, f->features);
    if (!index)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: no memory for %zu rows", what, d->count);
    for (size_t i = 0; i < d->count * f->features; i++) {
        if (!isfinite(d->reals[i]))
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: row %zu holds NaN or infinity", what, i / f->features);
        index[i] = levels_below(t, i % f->features, d->reals[i]);
    }
    f->index = index;
    return LF_OK;
}

lf_status lf_lut_feed_make(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, const lf_thermometer *t,
                           const lf_train_data *d, size_t classes, const char *what, lf_feed *f) {
    *f = (lf_feed){.index = d->bytes, .labels = d->labels, .count = d->count, .features = t->features};
    for (int i = 0; i < 256; i++)
        f->code[i] = (float)i;
    LF_TRY(lf_feed_picture(ctx, r, what, f));
    LF_TRY(lf_feed_labels(ctx, d, (int64_t)classes, what));
    return d->bytes ? LF_OK : count_levels(ctx, a, t, d, what, f);
}

double *lf_lut_feed_likely(lf_arena *a, const lf_feed *f, const lf_thermometer *t, const uint32_t *rows, size_t count) {
    double *likely = LF_NEW_ARRAY(a, double, t->features * t->levels);
    for (size_t k = 0; k < t->features; k++) {
        size_t seen[256] = {0};
        for (size_t i = 0; i < count; i++)
            seen[f->index[rows[i] * f->features + k]]++;
        for (size_t l = 0; l < t->levels; l++) {
            size_t above = 0;
            for (int v = 0; v < 256; v++)
                above += (float)v > t->index[k * t->levels + l] ? seen[v] : 0;
            double p = (double)above / (double)count;
            likely[k * t->levels + l] = p > 0 && p < 1 ? p * (1 - p) + 0.01 : 0;
        }
    }
    return likely;
}
