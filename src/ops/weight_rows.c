#include "ops/weight_rows.h"

#include <inttypes.h>

#include "num/gcd.h"
#include "ops/stream.h"

/* -- checks ----------------------------------------------------------------------------------------------------------- */

static bool is_constant(const lf_tensor *t, int rank, int64_t rows) {
    return t->value && lf_is_codes(t) && t->shape.rank == rank && t->shape.dim[0] == rows;
}

static int64_t largest(lf_range r) {
    int64_t lo = r.lo < -INT64_MAX ? INT64_MAX : r.lo < 0 ? -r.lo : r.lo, hi = r.hi < 0 ? -r.hi : r.hi;
    return lo > hi ? lo : hi;
}

/* No partial sum leaves 62 bits. */
static bool sums_fit(const lf_rows *r) {
    double product = (double)largest(r->w->range) * (double)largest(r->x->range);
    return product * (double)r->columns + (r->bias ? (double)largest(r->bias->range) : 0) < 0x1p62;
}

static lf_status check_ascending(const lf_graph *g, const lf_node *n, const lf_rows *r) {
    lf_where where = lf_where_node(g, n);
    int64_t L = r->levels;
    for (int64_t i = 0; i < r->count * L; i++)
        if (i % L && lf_tensor_code(r->T, (size_t)i) < lf_tensor_code(r->T, (size_t)i - 1))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "thresholds of row %" PRId64 " are not ascending: %" PRId64 " stands before %" PRId64, i / L,
                           lf_tensor_code(r->T, (size_t)i - 1), lf_tensor_code(r->T, (size_t)i));
    return LF_OK;
}

static lf_status check_activation(const lf_graph *g, const lf_node *n, const lf_rows *r) {
    lf_where where = lf_where_node(g, n);
    int64_t limit = (int64_t)1 << 40;
    if (r->out_step == 0 || r->out_step > limit || r->out_step < -limit || r->out_base > limit || r->out_base < -limit)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "out_base=%" PRId64 " and out_step=%" PRId64 ": the step must not be 0, both stay within 2^40",
                       r->out_base, r->out_step);
    return check_ascending(g, n, r);
}

static lf_status check_constants(const lf_graph *g, const lf_node *n, const lf_rows *r) {
    lf_where where = lf_where_node(g, n);
    if (r->bias && !is_constant(r->bias, 1, r->count))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the bias must be %" PRId64 " constant integers, not %s", r->count,
                       lf_shape_text(g->arena, r->bias->shape));
    if (r->T && !is_constant(r->T, 2, r->count))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "thresholds must be constant integers of shape [%" PRId64 ", L], not %s", r->count,
                       lf_shape_text(g->arena, r->T->shape));
    if (!sums_fit(r))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "sums of %" PRId64 " products of weights up to %" PRId64 " and inputs up to %" PRId64
                       " may leave 62 bits",
                       r->columns, largest(r->w->range), largest(r->x->range));
    return LF_OK;
}

lf_status lf_rows_make(const lf_graph *g, const lf_node *n, int64_t own, int64_t out_base, int64_t out_step,
                       lf_rows *out) {
    const lf_tensor *w = lf_in(g, n, 1);
    LF_TRY(lf_need_codes(g, n, 0));
    if (!w || !w->value || !lf_is_codes(w) || w->shape.rank != 2 || lf_shape_count(w->shape) < 1) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "weights must be constant integers of shape [rows, columns], not %s",
                       w ? lf_shape_text(g->arena, w->shape) : "absent");
    }
    *out = (lf_rows){.x = lf_in(g, n, 0),
                     .w = w,
                     .bias = lf_in(g, n, 2),
                     .T = lf_in(g, n, 3),
                     .count = w->shape.dim[0],
                     .columns = w->shape.dim[1],
                     .own = own,
                     .out_base = out_base,
                     .out_step = out_step};
    LF_TRY(check_constants(g, n, out));
    out->levels = out->T ? out->T->shape.dim[1] : 0;
    return check_activation(g, n, out);
}

/* -- ranges ----------------------------------------------------------------------------------------------------------- */

static lf_range sum_range(const lf_rows *r, int64_t row) {
    int64_t b = r->bias ? lf_tensor_code(r->bias, (size_t)row) : 0;
    bool per_element = r->x->channel_range && r->x->range_axis == r->x->shape.rank - 1;
    lf_range sum = {b, b, 0};
    for (int64_t k = 0; k < r->columns; k++) {
        lf_range x = per_element ? r->x->channel_range[lf_rows_element(r, row, k)] : r->x->range;
        int64_t v = lf_tensor_code(r->w, (size_t)(row * r->columns + k)), step = v < 0 ? -v * x.step : v * x.step;
        sum.lo += v > 0 ? v * x.lo : v * x.hi;
        sum.hi += v > 0 ? v * x.hi : v * x.lo;
        if (x.lo < x.hi && sum.step != 1 && (sum.step == 0 || step % sum.step))
            sum.step = (int64_t)lf_gcd((uint64_t)step, (uint64_t)sum.step);
    }
    sum.step = sum.step && sum.lo < sum.hi ? sum.step : 1;
    return sum;
}

void lf_rows_sums(const lf_rows *r, lf_range *out) {
    for (int64_t i = 0; i < r->count; i++)
        out[i] = sum_range(r, i);
}

static int64_t count_reached(const lf_rows *r, int64_t row, int64_t acc) {
    int64_t count = 0;
    for (int64_t t = 0; t < r->levels; t++)
        count += acc >= lf_tensor_code(r->T, (size_t)(row * r->levels + t));
    return count;
}

/* Outputs of counts few..many. */
static lf_range count_range(const lf_rows *r, int64_t few, int64_t many) {
    int64_t p = r->out_base + r->out_step * few, q = r->out_base + r->out_step * many;
    int64_t step = r->out_step < 0 ? -r->out_step : r->out_step;
    return p == q ? (lf_range){p, p, 1} : (lf_range){p < q ? p : q, p < q ? q : p, step};
}

/* From ranges of accumulators to ranges of outputs; the result holds every row's. */
static lf_range activation_ranges(const lf_rows *r, lf_range *row) {
    int64_t least = INT64_MAX, most = 0;
    for (int64_t i = 0; i < r->count; i++) {
        int64_t few = count_reached(r, i, row[i].lo), many = count_reached(r, i, row[i].hi);
        row[i] = count_range(r, few, many);
        least = few < least ? few : least;
        most = many > most ? many : most;
    }
    return count_range(r, least, most);
}

void lf_rows_set_output(lf_graph *g, const lf_rows *r, int64_t groups, lf_tensor *y) {
    lf_range *row = LF_NEW_ARRAY(g->arena, lf_range, r->count);
    lf_rows_sums(r, row);
    lf_range all = row[0];
    if (r->T)
        all = activation_ranges(r, row);
    else
        for (int64_t i = 1; i < r->count; i++)
            all = lf_range_join(all, row[i]);
    int64_t channels = r->count / groups;
    for (int64_t i = channels; i < r->count; i++)
        row[i % channels] = lf_range_join(row[i % channels], row[i]);
    lf_set_codes(g, y, all);
    y->channel_range = row;
    y->range_axis = y->shape.rank - 1;
}

int64_t lf_rows_activate(const lf_rows *r, int64_t row, int64_t acc) {
    return r->T ? r->out_base + r->out_step * count_reached(r, row, acc) : acc;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

lf_mvu_spec lf_rows_outline(const lf_rows *r, lf_dtype out) {
    return (lf_mvu_spec){.mw = r->columns,
                         .mh = r->count,
                         .x = r->x->dtype,
                         .out = out,
                         .levels = (int)(r->levels > LF_MVU_LEVELS ? LF_MVU_LEVELS + 1 : r->levels),
                         .out_base = r->out_base,
                         .out_step = r->out_step,
                         .w = r->w->range};
}

static const int64_t *codes_of(lf_arena *a, const lf_tensor *t) {
    size_t count = (size_t)lf_shape_count(t->shape);
    int64_t *out = LF_NEW_ARRAY(a, int64_t, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        out[i] = lf_tensor_code(t, i);
    return out;
}

void lf_rows_fill(const lf_rows *r, lf_arena *a, lf_mvu_spec *spec) {
    lf_range *acc = LF_NEW_ARRAY(a, lf_range, r->count);
    lf_rows_sums(r, acc);
    spec->acc = acc;
    spec->weight = codes_of(a, r->w);
    spec->bias = r->bias ? codes_of(a, r->bias) : NULL;
    spec->threshold = spec->levels ? codes_of(a, r->T) : NULL;
}
