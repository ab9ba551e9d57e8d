#include "pass/argmax_keys.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_VALUES = 1 << 20, MOST_FACTOR_BITS = 20 };

typedef struct score {
    double value;
    int64_t code;
    int32_t element;
} score;

typedef struct line {
    double slope, offset;
} line;

static int by_value(const void *a, const void *b) {
    double x = ((const score *)a)->value, y = ((const score *)b)->value;
    return (x > y) - (x < y);
}

static lf_range element_range(const lf_tensor *t, int64_t e) {
    return t->channel_range ? t->channel_range[lf_channel_of(t->shape, t->range_axis, (size_t)e)] : t->range;
}

static double result_real(const lf_value *v, int64_t e) {
    if (v->real)
        return v->real[e];
    const lf_tensor *t = v->tensor;
    return t->grid.divisor != 0 ? (double)v->code[e] / t->grid.divisor
                                : (double)v->code[e] * lf_grid_scale(t, (size_t)e);
}

/* Every score that can occur, with its real value. */
static lf_status all_scores(lf_composed *chain, const lf_tensor *t, lf_arena *work, score **out, int64_t *count) {
    int64_t elements = lf_shape_count(t->shape), longest = 0;
    *count = 0;
    for (int64_t e = 0; e < elements; e++) {
        uint64_t n = lf_range_count(element_range(t, e));
        if (n > MOST_VALUES || *count + (int64_t)n > MOST_VALUES) {
            *out = NULL;
            return LF_OK;
        }
        *count += (int64_t)n;
        longest = (int64_t)n > longest ? (int64_t)n : longest;
    }
    score *all = LF_NEW_ARRAY(work, score, *count);
    int64_t *codes = LF_NEW_ARRAY(work, int64_t, elements), at = 0;
    for (int64_t k = 0; k < longest; k++) {
        for (int64_t e = 0; e < elements; e++) {
            lf_range r = element_range(t, e);
            codes[e] = r.lo + k * r.step <= r.hi ? r.lo + k * r.step : r.hi;
        }
        lf_value v;
        LF_TRY(lf_composed_eval(chain, codes, &v));
        for (int64_t e = 0; e < elements; e++)
            if (element_range(t, e).lo + k * element_range(t, e).step <= element_range(t, e).hi)
                all[at++] = (score){result_real(&v, e), codes[e], (int32_t)e};
    }
    *out = all;
    return LF_OK;
}

/* Each channel as a line through its ends; the ends are its lowest and highest code, whatever the order of `all`. */
static line *fit(const score *all, int64_t count, int64_t elements, lf_arena *work, double *smallest) {
    line *lines = LF_NEW_ARRAY(work, line, elements);
    const score **lo = LF_NEW_ARRAY(work, const score *, elements), **hi = LF_NEW_ARRAY(work, const score *, elements);
    for (int64_t i = 0; i < count; i++) {
        int32_t e = all[i].element;
        lo[e] = !lo[e] || all[i].code < lo[e]->code ? &all[i] : lo[e];
        hi[e] = !hi[e] || all[i].code > hi[e]->code ? &all[i] : hi[e];
    }
    *smallest = 0;
    for (int64_t e = 0; e < elements; e++) {
        double run = (double)(hi[e]->code - lo[e]->code);
        lines[e].slope = run > 0 ? (hi[e]->value - lo[e]->value) / run : 0;
        lines[e].offset = lo[e]->value - lines[e].slope * (double)lo[e]->code;
        double size = fabs(lines[e].slope);
        if (size > 0 && (*smallest == 0 || size < *smallest))
            *smallest = size;
    }
    return lines;
}

static bool orders(const score *all, int64_t count, const lf_argmax_keys *k) {
    int64_t last = 0;
    for (int64_t i = 0; i < count; i++) {
        int32_t e = all[i].element;
        int64_t key = k->factor[e] * all[i].code + k->add[e];
        if (i > 0 && (all[i].value == all[i - 1].value ? key != last : key <= last))
            return false;
        last = key;
    }
    return true;
}

static bool try_factors(const line *lines, int64_t elements, double unit, int64_t limit, lf_argmax_keys *k) {
    k->plain = true;
    for (int64_t e = 0; e < elements; e++) {
        double factor = nearbyint(lines[e].slope / unit), add = nearbyint(lines[e].offset / unit);
        if (!(fabs(factor) <= (double)limit) || !(fabs(add) < 0x1p40))
            return false;
        k->factor[e] = (int64_t)factor;
        k->add[e] = (int64_t)add;
        k->plain = k->plain && k->factor[e] == 1 && k->add[e] == 0;
    }
    return true;
}

static void subtract_common(lf_argmax_keys *k, int64_t elements) {
    int64_t least = k->add[0];
    for (int64_t e = 1; e < elements; e++)
        least = k->add[e] < least ? k->add[e] : least;
    bool plain = true;
    for (int64_t e = 0; e < elements; e++) {
        k->add[e] -= least;
        plain = plain && k->factor[e] == 1 && k->add[e] == 0;
    }
    k->plain = plain;
}

static void search(const score *all, int64_t count, int64_t elements, lf_arena *work, lf_argmax_keys *k) {
    double smallest;
    const line *lines = fit(all, count, elements, work, &smallest);
    if (smallest == 0)
        smallest = 1;
    for (int bits = 0; bits <= MOST_FACTOR_BITS && !k->found; bits++)
        k->found = try_factors(lines, elements, smallest / (double)(1 << bits), (int64_t)1 << MOST_FACTOR_BITS, k) &&
                   orders(all, count, k);
    if (k->found)
        subtract_common(k, elements);
    else
        k->why = "no integer multipliers of up to 20 bits order its scores as their real values do";
}

lf_status lf_argmax_keys_find(lf_composed *chain, const lf_tensor *base_codes, lf_arena *arena, lf_argmax_keys *out) {
    int64_t elements = lf_shape_count(base_codes->shape), count;
    *out = (lf_argmax_keys){.factor = LF_NEW_ARRAY(arena, int64_t, elements),
                            .add = LF_NEW_ARRAY(arena, int64_t, elements)};
    if (chain->nodes.count == 0 && chain->base->grid.scale_count == 1 && chain->base->grid.scale[0] > 0) {
        out->found = out->plain = true;
        return LF_OK;
    }
    lf_arena *work = lf_arena_new();
    score *all;
    lf_status status = all_scores(chain, base_codes, work, &all, &count);
    if (status == LF_OK && !all)
        out->why = "its scores take more than 1,048,576 values, too many to hold every pair against each other";
    else if (status == LF_OK) {
        qsort(all, (size_t)count, sizeof *all, by_value);
        search(all, count, elements, work, out);
    }
    lf_arena_free(work);
    return status;
}
