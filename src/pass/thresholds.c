#include "pass/thresholds.h"

#include <string.h>

/* Element e takes the codes first[e] + k * stride[e], k in [0, count[e]), along which the function does not fall. */
typedef struct finder {
    lf_composed *chain;
    const lf_node *node;
    lf_arena *arena;
    int64_t elements;
    int64_t *first, *stride, *count;
    int64_t *codes;       /* of one evaluation */
    int64_t lo, hi, step; /* of the result's codes */
} finder;

static lf_status eval_at(finder *f, const int64_t *k, lf_value *result) {
    for (int64_t e = 0; e < f->elements; e++)
        f->codes[e] = f->first[e] + k[e] * f->stride[e];
    return lf_composed_eval(f->chain, f->codes, result);
}

static void take_ranges(finder *f, const lf_tensor *t) {
    for (int64_t e = 0; e < f->elements; e++) {
        lf_range r = t->channel_range ? t->channel_range[lf_channel_of(t->shape, t->range_axis, (size_t)e)] : t->range;
        f->first[e] = r.lo;
        f->stride[e] = r.step;
        f->count[e] = (int64_t)lf_range_count(r);
    }
}

/* Results at both ends; where the far end is lower the element runs downward, from its highest code. */
static lf_status orient(finder *f, lf_thresholds *out) {
    int64_t *k = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    int64_t *near = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    lf_value v;
    LF_TRY(eval_at(f, k, &v));
    memcpy(near, v.code, (size_t)f->elements * sizeof *near);
    for (int64_t e = 0; e < f->elements; e++)
        k[e] = f->count[e] - 1;
    LF_TRY(eval_at(f, k, &v));
    f->lo = INT64_MAX;
    f->hi = INT64_MIN;
    for (int64_t e = 0; e < f->elements; e++) {
        int64_t a = near[e], b = v.code[e];
        out->sign[e] = b < a ? -1 : 1;
        if (b < a) {
            out->any_down = true;
            f->first[e] += (f->count[e] - 1) * f->stride[e];
            f->stride[e] = -f->stride[e];
        }
        f->lo = a < f->lo ? a : f->lo;
        f->lo = b < f->lo ? b : f->lo;
        f->hi = a > f->hi ? a : f->hi;
        f->hi = b > f->hi ? b : f->hi;
    }
    return LF_OK;
}

/* The threshold that separates k - 1 from k, on sign * code; k = count: above every code. */
static int64_t threshold_at(const finder *f, int64_t e, int64_t k, int sign) {
    if (k < f->count[e])
        return sign * (f->first[e] + k * f->stride[e]);
    return sign * (f->first[e] + (f->count[e] - 1) * f->stride[e]) + 1;
}

/* The least k with result >= target, for all elements at once. `least` holds the answer for the level below. */
static lf_status bisect_level(finder *f, int64_t target, int64_t *least, int64_t *most, int64_t *mid) {
    memcpy(most, f->count, (size_t)f->elements * sizeof *most);
    for (;;) {
        bool open = false;
        for (int64_t e = 0; e < f->elements; e++) {
            mid[e] = least[e] + (most[e] - least[e]) / 2;
            open |= least[e] < most[e];
            if (mid[e] >= f->count[e])
                mid[e] = f->count[e] - 1;
        }
        if (!open)
            return LF_OK;
        lf_value v;
        LF_TRY(eval_at(f, mid, &v));
        for (int64_t e = 0; e < f->elements; e++) {
            if (least[e] >= most[e])
                continue;
            if (v.code[e] >= target)
                most[e] = mid[e];
            else
                least[e] = mid[e] + 1;
        }
    }
}

static lf_status bisect(finder *f, lf_thresholds *out) {
    int64_t *least = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    int64_t *most = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    int64_t *mid = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    for (int64_t l = 0; l < out->levels; l++) {
        LF_TRY(bisect_level(f, f->lo + (l + 1) * f->step, least, most, mid));
        for (int64_t e = 0; e < f->elements; e++)
            out->at[e * out->levels + l] = threshold_at(f, e, least[e], out->sign[e]);
    }
    return LF_OK;
}

/* Lowest and highest code of all elements. */
static void span_of(const finder *f, int64_t *lo, int64_t *hi) {
    *lo = INT64_MAX;
    *hi = INT64_MIN;
    for (int64_t e = 0; e < f->elements; e++) {
        int64_t a = f->first[e], b = f->first[e] + (f->count[e] - 1) * f->stride[e];
        *lo = a < *lo ? a : b < *lo ? b : *lo;
        *lo = b < *lo ? b : *lo;
        *hi = a > *hi ? a : *hi;
        *hi = b > *hi ? b : *hi;
    }
}

/* Every code's result; where an element has no such code, that of its nearest. */
static lf_status tabulate(finder *f, lf_arena *arena, lf_thresholds *out) {
    int64_t lo, hi, *k = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    span_of(f, &lo, &hi);
    out->table_lo = lo;
    out->table_size = hi - lo + 1;
    out->table = LF_NEW_ARRAY(arena, int64_t, f->elements * out->table_size);
    for (int64_t x = lo; x <= hi; x++) {
        lf_value v;
        for (int64_t e = 0; e < f->elements; e++) {
            int64_t steps = (x - f->first[e]) / f->stride[e];
            k[e] = steps < 0 ? 0 : steps >= f->count[e] ? f->count[e] - 1 : steps;
        }
        LF_TRY(eval_at(f, k, &v));
        for (int64_t e = 0; e < f->elements; e++)
            out->table[e * out->table_size + x - lo] = v.code[e];
    }
    return LF_OK;
}

static bool is_small(const finder *f) {
    int64_t lo, hi;
    span_of(f, &lo, &hi);
    return hi - lo < LF_TABLE_CODES;
}

/* Tries every code; a function that falls somewhere is not expressed by thresholds: *falls. */
static lf_status enumerate(finder *f, lf_thresholds *out, bool *falls) {
    lf_where where = lf_where_node(f->chain->graph, f->node);
    int64_t longest = 0;
    for (int64_t e = 0; e < f->elements; e++)
        longest = f->count[e] > longest ? f->count[e] : longest;
    if (longest > (1 << 20))
        return lf_fail(f->chain->graph->ctx, LF_BAD_INPUT, &where,
                       "the function before it is not proved monotone and its input has %lld values, more than the "
                       "1,048,576 that are tried one by one",
                       (long long)longest);
    int64_t *k = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    int64_t *level = LF_NEW_ARRAY(f->arena, int64_t, f->elements);
    for (int64_t i = 0; i <= longest; i++) {
        for (int64_t e = 0; e < f->elements; e++)
            k[e] = i < f->count[e] ? i : f->count[e] - 1;
        lf_value v;
        LF_TRY(eval_at(f, k, &v));
        for (int64_t e = 0; e < f->elements; e++) {
            int64_t now = i < f->count[e] ? (v.code[e] - f->lo) / f->step : out->levels;
            *falls = now < level[e];
            if (*falls && is_small(f))
                return LF_OK;
            if (*falls)
                return lf_fail(
                    f->chain->graph->ctx, LF_BAD_INPUT, &where,
                    "the function before it rises and falls (output code %lld after %lld at input code %lld): "
                    "thresholds cannot express it, and its input has more than %d codes, too many for a table",
                    (long long)v.code[e], (long long)(f->lo + level[e] * f->step), (long long)f->codes[e],
                    LF_TABLE_CODES);
            while (level[e] < now)
                out->at[e * out->levels + level[e]++] = threshold_at(f, e, i, out->sign[e]);
        }
    }
    return LF_OK;
}

/* An enumerated function may reach lower or higher codes inside than at its ends. */
static lf_status widen(finder *f) {
    lf_range r = lf_tensor_at(f->chain->graph,
                              lf_node_at(f->chain->graph, f->chain->nodes.at[f->chain->nodes.count - 1])->out[0])
                     ->range;
    f->lo = r.lo;
    f->hi = r.hi;
    return LF_OK;
}

lf_status lf_thresholds_find(lf_composed *chain, const lf_node *node, const lf_tensor *base_codes, lf_arena *arena,
                             lf_thresholds *out) {
    lf_arena *work = lf_arena_new();
    finder f = {.chain = chain, .node = node, .arena = work, .elements = lf_shape_count(base_codes->shape)};
    f.first = LF_NEW_ARRAY(work, int64_t, f.elements);
    f.stride = LF_NEW_ARRAY(work, int64_t, f.elements);
    f.count = LF_NEW_ARRAY(work, int64_t, f.elements);
    f.codes = LF_NEW_ARRAY(work, int64_t, f.elements);
    *out = (lf_thresholds){.elements = f.elements, .sign = lf_alloc(arena, (size_t)f.elements)};
    take_ranges(&f, base_codes);
    f.step = lf_out(chain->graph, node, 0)->range.step;
    bool proved = lf_composed_monotone(chain);
    lf_status status = orient(&f, out);
    if (status == LF_OK && !proved)
        status = widen(&f);
    if (status == LF_OK) {
        out->levels = (f.hi - f.lo) / f.step;
        out->levels += out->levels == 0; /* a constant: one threshold, out of reach */
        out->out_base = f.lo;
        out->out_step = f.step;
        if (out->levels > LF_MAX_LEVELS) {
            lf_where where = lf_where_node(chain->graph, node);
            status = lf_fail(chain->graph->ctx, LF_BAD_INPUT, &where,
                             "the activation has %lld levels; thresholds go up to %d", (long long)out->levels,
                             LF_MAX_LEVELS);
            lf_hint(chain->graph->ctx, "quantize it to at most 10 bits");
        }
    }
    if (status == LF_OK) {
        out->at = LF_NEW_ARRAY(arena, int64_t, f.elements * out->levels + 1);
        bool falls = false;
        status = proved ? bisect(&f, out) : enumerate(&f, out, &falls);
        if (status == LF_OK && falls)
            status = tabulate(&f, arena, out);
    }
    lf_arena_free(work);
    return status;
}
