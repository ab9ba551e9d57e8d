#include "train/code_feed.h"

#include <math.h>

#include "ir/attr_access.h"

static double value_of(const lf_recipe *r, const lf_train_data *d, size_t at) {
    return d->bytes ? (double)((float)d->bytes[at] / (float)r->input.divisor) : (double)d->reals[at];
}

static lf_code_input standardized(lf_arena *a, const lf_training *t, lf_code_grid grid) {
    size_t features = t->options->features;
    float *mean = LF_NEW_ARRAY(a, float, features), *factor = LF_NEW_ARRAY(a, float, features);
    for (size_t k = 0; k < features; k++) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < t->count; i++)
            sum += value_of(t->recipe, &t->options->train, t->rows[i] * features + k) / (double)t->count;
        for (size_t i = 0; i < t->count; i++) {
            double d = value_of(t->recipe, &t->options->train, t->rows[i] * features + k) - sum;
            square += d * d / (double)t->count;
        }
        mean[k] = (float)sum;
        factor[k] = square > 0 && isfinite((float)(1 / sqrt(square))) ? (float)(1 / sqrt(square)) : 1.0f;
    }
    double step = grid.step > 0 ? grid.step : 4.0 / (double)(1 << grid.bits);
    return (lf_code_input){features, grid.bits, -(1 << (grid.bits - 1)), (double)(float)step, mean, factor, NULL};
}

/* With u = 2^(8 - bits), bytes b of a code are those of code * u - 1/2 < b < (code + 1) * u - 1/2: (b - (u - 1) / 2) / u rounds to it, with half
 * a byte to spare on either side for the rounding of the constants. */
static lf_code_input highest_bits(lf_arena *a, const lf_training *t, lf_code_grid grid) {
    size_t features = t->options->features;
    float *mean = LF_NEW_ARRAY(a, float, features), *factor = LF_NEW_ARRAY(a, float, features);
    double divisor = t->recipe->input.divisor, unit = (double)(256 >> grid.bits);
    for (size_t k = 0; k < features; k++) {
        mean[k] = (float)((unit - 1) / 2 / divisor);
        factor[k] = (float)(divisor / 256);
    }
    return (lf_code_input){features, grid.bits, 0, unit / 256, mean, factor, NULL};
}

lf_code_input lf_code_input_fit(lf_arena *a, const lf_training *t, lf_code_grid grid) {
    lf_code_input in = grid.standardize ? standardized(a, t, grid) : highest_bits(a, t, grid);
    in.shape = &t->recipe->input.shape;
    return in;
}

lf_status lf_code_feed_check(const lf_training *t, bool standardize) {
    if (standardize || t->options->train.bytes)
        return LF_OK;
    return lf_fail(t->ctx, LF_BAD_INPUT, NULL,
                   "%s: 'standardize: false' takes the highest bits of bytes; the data are reals", t->recipe->name);
}

lf_status lf_code_feed_make(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, const lf_code_input *in,
                            const lf_train_data *d, size_t classes, const char *what, lf_feed *f) {
    *f = (lf_feed){.labels = d->labels, .count = d->count, .features = in->features};
    uint8_t *index = lf_alloc_try(a, d->count, f->features);
    int lo = in->lo, hi = lo + (1 << in->bits) - 1;
    if (!index)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: no memory for %zu rows", what, d->count);
    LF_TRY(lf_feed_picture(ctx, r, what, f));
    LF_TRY(lf_feed_labels(ctx, d, (int64_t)classes, what));
    for (size_t i = 0; i < d->count * f->features; i++) {
        double x = value_of(r, d, i);
        if (!isfinite(x))
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: row %zu holds NaN or infinity", what, i / f->features);
        double c = (x - (double)in->mean[i % f->features]) * (double)in->factor[i % f->features] / in->step;
        c = c < lo ? lo : c > hi ? hi : c;
        index[i] = (uint8_t)(lf_round_to_int(c, LF_ROUND_HALF_EVEN) - lo);
    }
    for (int c = lo; c <= hi; c++)
        f->code[c - lo] = (float)c;
    f->index = index;
    return LF_OK;
}

lf_status lf_code_input_start(lf_arena *a, const lf_training *t, lf_code_grid grid, lf_code_input *in) {
    size_t features = t->options->features;
    if (features == 0 || features > 65536)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "rows of %zu values are out of range", features);
    LF_TRY(lf_code_feed_check(t, grid.standardize));
    *in = lf_code_input_fit(a, t, grid);
    return LF_OK;
}

lf_status lf_code_feeds_make(lf_arena *a, const lf_training *t, const lf_code_input *in, size_t classes, lf_feed *train,
                             lf_feed *test) {
    const lf_train_options *o = t->options;
    LF_TRY(lf_code_feed_make(t->ctx, a, t->recipe, in, &o->train, classes, "training part", train));
    return o->test.count ? lf_code_feed_make(t->ctx, a, t->recipe, in, &o->test, classes, "test part", test) : LF_OK;
}

/* -- the graph ------------------------------------------------------------------------------------------------------ */

void lf_code_input_freeze(lf_net_graph *f, const lf_code_input *in) {
    lf_shape row = lf_matrix_shape(1, in->features);
    lf_net_graph_input(f, in->features, in->shape);
    lf_id mean = lf_net_graph_reals(f, "input_mean", row, in->mean);
    lf_id factor = lf_net_graph_reals(f, "input_factor", row, in->factor);
    (void)lf_net_graph_add(f, "sub", "input_sub", row, &mean, 1);
    (void)lf_net_graph_add(f, "mul", "input_mul", row, &factor, 1);
    lf_id c[3] = {lf_net_graph_scalar(f, "input_step", in->step), lf_net_graph_scalar(f, "input_zero", 0),
                  lf_net_graph_scalar(f, "input_bits", in->bits)};
    lf_attr_set_bool(lf_net_graph_add(f, "quant", "input_quant", row, c, 3), "signed", in->lo < 0);
}
