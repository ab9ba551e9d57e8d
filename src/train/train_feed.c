#include "train/train_feed.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

/* -- the input quantizer ------------------------------------------------------------------------------------------- */

double lf_feed_step(const lf_recipe *r) {
    const lf_quantizer *q = &r->input_quantizer;
    return q->type == LF_QUANTIZER_BIPOLAR || q->scale <= 0 ? 1 : q->scale;
}

int lf_feed_code(const lf_recipe *r, double x) {
    const lf_quantizer *q = &r->input_quantizer;
    double y = x * r->input.multiply - r->input.subtract;
    if (q->type == LF_QUANTIZER_BIPOLAR)
        return y >= 0 ? 1 : -1;
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    double c = y / lf_feed_step(r);
    c = c < lo ? lo : c > hi ? hi : c;
    return (int)lf_round_to_int(c, LF_ROUND_HALF_EVEN);
}

/* -- making a feed ------------------------------------------------------------------------------------------------- */

lf_status lf_feed_labels(lf_ctx *ctx, const lf_train_data *d, int64_t classes, const char *what) {
    for (size_t i = 0; i < d->count; i++)
        if (d->labels[i] >= classes)
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: row %zu has label %d, but there are %lld classes", what, i,
                           d->labels[i], (long long)classes);
    return LF_OK;
}

static void bytes_table(const lf_recipe *r, lf_feed *f) {
    for (int b = 0; b < 256; b++)
        f->code[b] = (float)lf_feed_code(r, (double)((float)b / (float)r->input.divisor));
}

static lf_status quantize_reals(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, const lf_train_data *d, const char *what,
                                lf_feed *f) {
    int lo, hi;
    lf_quantizer_range(&r->input_quantizer, &lo, &hi);
    uint8_t *index = lf_alloc_try(a, d->count, f->features);
    if (!index)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: no memory for %zu rows", what, d->count);
    for (size_t i = 0; i < d->count * f->features; i++) {
        if (!isfinite(d->reals[i]))
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: row %zu holds NaN or infinity", what, i / f->features);
        index[i] = (uint8_t)(lf_feed_code(r, d->reals[i]) - lo);
    }
    for (int c = lo; c <= hi; c++)
        f->code[c - lo] = (float)c;
    f->empty = (uint8_t)(lf_feed_code(r, 0) - lo);
    f->index = index;
    return LF_OK;
}

lf_status lf_feed_picture(lf_ctx *ctx, const lf_recipe *r, const char *what, lf_feed *f) {
    const lf_ints *s = &r->input.shape;
    int64_t product = 1;
    for (int64_t i = 0; i < s->count; i++)
        product = s->at[i] > (int64_t)f->features             ? 0
                  : product * s->at[i] > (int64_t)f->features ? 0
                                                              : product * s->at[i];
    if (s->count && product != (int64_t)f->features)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: rows have %zu values, which is not the recipe's input shape", what,
                       f->features);
    f->width = s->count ? (size_t)s->at[s->count - 1] : f->features;
    f->height = s->count > 1 ? (size_t)s->at[s->count - 2] : 1;
    f->planes = f->features / (f->width * f->height);
    return LF_OK;
}

lf_status lf_feed_make(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, size_t features, const lf_train_data *d,
                       const char *what, lf_feed *f) {
    *f = (lf_feed){.index = d->bytes, .labels = d->labels, .count = d->count, .features = features};
    if (features == 0 || features > 65536 || d->count > UINT32_MAX)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: %zu rows of %zu values are out of range", what, d->count,
                       features);
    LF_TRY(lf_feed_labels(ctx, d, r->layer[r->layers - 1].units, what));
    LF_TRY(lf_feed_picture(ctx, r, what, f));
    if (d->bytes) {
        bytes_table(r, f);
        return LF_OK;
    }
    return quantize_reals(ctx, a, r, d, what, f);
}

/* -- batches ------------------------------------------------------------------------------------------------------- */

enum { COLUMNS = 16 };

void lf_shuffle(uint32_t *rows, size_t count, uint64_t seed, uint64_t stream) {
    lf_rng rng = lf_rng_make(seed, stream);
    for (size_t i = 0; i < count; i++)
        rows[i] = (uint32_t)i;
    for (size_t i = count; i > 1; i--) {
        size_t j = lf_rng_below(&rng, (uint32_t)i);
        uint32_t t = rows[i - 1];
        rows[i - 1] = rows[j];
        rows[j] = t;
    }
}

static const uint8_t *sample(const lf_feed *f, uint32_t row) {
    return f->index + row * f->features;
}

static void look_up(const lf_feed *f, const uint8_t *const source[COLUMNS], float *input, size_t ld) {
    for (size_t k = 0; k < f->features; k++)
        for (size_t j = 0; j < COLUMNS; j++)
            input[k * ld + j] = f->code[source[j][k]];
}

/* How one picture is changed: moved by (dy, dx), then mirrored. */
typedef struct movement {
    int64_t dy, dx;
    bool flip;
} movement;

/* One column: the plane; what comes in is empty. */
static void move_plane(const lf_feed *f, const uint8_t *in, float *column, size_t ld, movement m) {
    int64_t h = (int64_t)f->height, w = (int64_t)f->width;
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            int64_t fy = y - m.dy, fx = (m.flip ? w - 1 - x : x) - m.dx;
            bool inside = fy >= 0 && fy < h && fx >= 0 && fx < w;
            column[(size_t)(y * w + x) * ld] = f->code[inside ? in[fy * w + fx] : f->empty];
        }
}

static void move_column(const lf_feed *f, const uint8_t *in, float *column, size_t ld, movement m) {
    size_t plane = f->height * f->width;
    for (size_t p = 0; p < f->planes; p++)
        move_plane(f, in + p * plane, column + p * plane * ld, ld, m);
}

static double index_at(const lf_feed *f, const uint8_t *in, int64_t y, int64_t x) {
    bool inside = y >= 0 && y < (int64_t)f->height && x >= 0 && x < (int64_t)f->width;
    return (double)(inside ? in[y * (int64_t)f->width + x] : f->empty);
}

/* The index between four pixels, linear in both directions, rounded. */
static uint8_t index_between(const lf_feed *f, const uint8_t *in, double y, double x) {
    int64_t y0 = (int64_t)floor(y), x0 = (int64_t)floor(x);
    double v = y - (double)y0, u = x - (double)x0;
    double upper = index_at(f, in, y0, x0) * (1 - u) + index_at(f, in, y0, x0 + 1) * u;
    double lower = index_at(f, in, y0 + 1, x0) * (1 - u) + index_at(f, in, y0 + 1, x0 + 1) * u;
    return (uint8_t)(upper * (1 - v) + lower * v + 0.5);
}

/* Pixel (y, x), seen from the middle, comes from map * (y, x) - (dy, dx); mirrored before. */
static void distort_column(const lf_feed *f, const uint8_t *in, float *column, size_t ld, movement m,
                           const double map[4]) {
    double my = (double)(f->height - 1) / 2, mx = (double)(f->width - 1) / 2;
    for (size_t p = 0; p < f->planes; p++)
        for (size_t k = 0; k < f->height * f->width; k++) {
            double y = (double)(k / f->width) - my, x = (double)(k % f->width) - mx;
            x = m.flip ? -x : x;
            double fy = map[0] * y + map[1] * x + my - (double)m.dy, fx = map[2] * y + map[3] * x + mx - (double)m.dx;
            size_t plane = p * f->height * f->width;
            column[(plane + k) * ld] = f->code[index_between(f, in + plane, fy, fx)];
        }
}

/* The unit map, each number moved by up to `distort`. */
static void random_map(const lf_feed_change *change, size_t sample, double map[4]) {
    uint32_t random[4];
    lf_philox(change->seed, change->stream, ((uint64_t)1 << 32) + sample, random);
    for (int i = 0; i < 4; i++)
        map[i] = (i % 3 == 0) + change->distort * ((double)random[i] / 2147483648.0 - 1);
}

static int64_t offset(uint32_t random, int64_t shift) {
    return (int64_t)(random % (uint32_t)(2 * shift + 1)) - shift;
}

void lf_feed_columns(const lf_feed *f, const uint32_t *rows, size_t at, float *input, size_t ld,
                     const lf_feed_change *change) {
    const uint8_t *source[COLUMNS];
    for (size_t j = 0; j < COLUMNS; j++)
        source[j] = sample(f, rows[at + j]);
    if (!change || (!change->shift && !change->flip && !(change->distort > 0))) {
        look_up(f, source, input + at, ld);
        return;
    }
    for (size_t j = 0; j < COLUMNS; j++) {
        uint32_t random[4];
        lf_philox(change->seed, change->stream, at + j, random);
        movement m = {offset(random[0], change->shift), offset(random[1], change->shift),
                      change->flip && (random[2] & 1)};
        double map[4];
        random_map(change, at + j, map);
        if (change->distort > 0)
            distort_column(f, source[j], input + at + j, ld, m, map);
        else
            move_column(f, source[j], input + at + j, ld, m);
    }
}
