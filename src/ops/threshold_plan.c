/* What the constants of a threshold node allow. */

#include "ops/threshold_hw.h"

enum {
    INPUT_BITS_MAX = 60,
    PARALLEL_LEVELS = 3, /* up to here comparators are not larger than a search, and quicker */
    CONSTANT_LEVELS = 7, /* the same for comparators on constants */
    UNIFORM_LEVELS = 4   /* from here on subtract-and-shift is smaller than anything else */
};

int64_t lf_threshold_moved(const lf_threshold_plan *p, const lf_threshold_source *s, bool negative, int64_t T) {
    int64_t limit = (int64_t)1 << 61, full = ((int64_t)1 << p->in_bits) - 1; /* the sum stays within int64 */
    T = T > limit ? limit : T < -limit ? -limit : T;
    if (s->x->dtype.kind == LF_KIND_BIPOLAR)
        return T <= -1 ? 0 : T <= 1 ? 1 : 2;
    int64_t half = p->flip ? (int64_t)1 << (p->in_bits - 1) : 0;
    return negative ? T + full - half : T + half;
}

int64_t lf_threshold_raw(const lf_threshold_source *s, int64_t row, int64_t t) {
    return lf_tensor_code(s->T, (size_t)((s->T->shape.dim[0] > 1 ? row : 0) * s->levels + t));
}

bool lf_threshold_negative(const lf_threshold_source *s, int64_t row) {
    return s->sign && lf_tensor_code(s->sign, (size_t)(lf_shape_count(s->sign->shape) > 1 ? row : 0)) < 0;
}

void lf_threshold_bounds(const lf_threshold_plan *p, const lf_threshold_source *s, int64_t *lo, int64_t *hi) {
    int64_t full = ((int64_t)1 << p->in_bits) - 1, half = p->flip ? (int64_t)1 << (p->in_bits - 1) : 0;
    *lo = s->x->range.lo + half;
    *hi = s->x->range.hi + half;
    if (s->x->dtype.kind == LF_KIND_BIPOLAR) {
        *lo = 0;
        *hi = 1;
    }
    if (p->any_sign) {
        int64_t a = full - *hi, b = full - *lo;
        *lo = a < *lo ? a : *lo;
        *hi = b > *hi ? b : *hi;
    }
}

static bool rows_equal(const lf_threshold_source *s, int64_t channels) {
    if (s->T->shape.dim[0] == 1 && (!s->sign || lf_shape_count(s->sign->shape) == 1))
        return true;
    for (int64_t c = 1; c < channels; c++) {
        if (lf_threshold_negative(s, c) != lf_threshold_negative(s, 0))
            return false;
        for (int64_t t = 0; t < s->levels; t++)
            if (lf_threshold_raw(s, c, t) != lf_threshold_raw(s, 0, t))
                return false;
    }
    return true;
}

static void fill_levels(lf_threshold_plan *p, const lf_threshold_source *s, lf_arena *a) {
    int64_t lo, hi;
    lf_threshold_bounds(p, s, &lo, &hi);
    p->never = (uint64_t)hi + 1;
    p->level = LF_NEW_ARRAY(a, uint64_t, p->rows * p->levels);
    p->negative = LF_NEW_ARRAY(a, bool, p->rows);
    uint64_t most = 0;
    for (int64_t r = 0; r < p->rows; r++) {
        p->negative[r] = lf_threshold_negative(s, r);
        for (int64_t t = 0; t < p->levels; t++) {
            int64_t u = t < s->levels ? lf_threshold_moved(p, s, p->negative[r], lf_threshold_raw(s, r, t)) : hi + 1;
            uint64_t level = (uint64_t)(u < lo ? lo : u > hi + 1 ? hi + 1 : u);
            p->level[r * p->levels + t] = level;
            most = level > most ? level : most;
        }
    }
    bool gaps = p->structure == THRESHOLD_SEARCH && p->levels + 1 < (int64_t)1 << p->count_bits;
    int bits = lf_bits_unsigned(gaps ? p->never : most);
    p->compare_bits = bits > p->in_bits ? bits : p->in_bits;
}

static lf_threshold_structure choose(const lf_threshold_plan *p, bool uniform) {
    if (uniform && p->levels >= UNIFORM_LEVELS)
        return THRESHOLD_UNIFORM;
    return p->levels <= (p->constant ? CONSTANT_LEVELS : PARALLEL_LEVELS) ? THRESHOLD_PARALLEL : THRESHOLD_SEARCH;
}

static int stages_of(const lf_threshold_plan *p) {
    switch (p->structure) {
    case THRESHOLD_PARALLEL: return p->constant ? 1 : 2;
    case THRESHOLD_UNIFORM: return p->constant ? 2 : 3;
    default: return p->count_bits + 1;
    }
}

/* Wire bits of the output: two's complement codes, or (code + 1) / 2 when it is bipolar. */
static void set_output(lf_threshold_plan *p, const lf_threshold_attr *at, const lf_tensor *y) {
    bool bipolar = y->dtype.kind == LF_KIND_BIPOLAR;
    uint64_t mask = lf_dtype_bits(y->dtype) == 64 ? ~(uint64_t)0 : ((uint64_t)1 << lf_dtype_bits(y->dtype)) - 1;
    int64_t base = bipolar ? (at->out_base + 1) / 2 : at->out_base, step = bipolar ? at->out_step / 2 : at->out_step;
    p->out_bits = lf_dtype_bits(y->dtype);
    if (p->structure == THRESHOLD_UNIFORM)
        base -= p->offset * step;
    p->out_base = (uint64_t)base & mask;
    p->out_step = (uint64_t)step & mask;
}

lf_status lf_threshold_plan_make(const lf_graph *g, const lf_node *n, lf_arena *a, lf_threshold_plan *p) {
    const lf_threshold_attr *at = n->attr;
    lf_threshold_source s = {.x = lf_in(g, n, 0), .T = lf_in(g, n, 1), .sign = lf_in(g, n, 2)};
    lf_where where = lf_where_node(g, n);
    if (!s.x || !s.T)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "its input or its thresholds are missing");
    s.levels = s.T->shape.dim[1];
    *p = (lf_threshold_plan){.pe = at->PE, .in_bits = lf_dtype_bits(s.x->dtype), .flip = lf_dtype_signed(s.x->dtype)};
    if (p->in_bits > INPUT_BITS_MAX)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%d input bits; thresholds in hardware take up to %d", p->in_bits,
                       INPUT_BITS_MAX);
    p->levels = s.levels ? s.levels : 1;
    p->channels = s.x->shape.rank ? s.x->shape.dim[s.x->shape.rank - 1] : 1;
    p->rows = rows_equal(&s, p->channels) ? 1 : p->channels;
    p->beats = p->channels / p->pe;
    p->constant = p->rows == 1 || p->beats == 1;
    for (int64_t r = 0; r < p->rows; r++)
        p->any_sign |= lf_threshold_negative(&s, r);
    p->count_bits = lf_bits_unsigned((uint64_t)p->levels);
    bool uniform = lf_threshold_find_uniform(p, &s, a);
    p->structure = at->structure == THRESHOLD_AUTO ? choose(p, uniform) : (lf_threshold_structure)at->structure;
    if (p->structure == THRESHOLD_UNIFORM && !uniform)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "structure=uniform, but the thresholds do not lie in equal power-of-two steps");
    if (p->structure == THRESHOLD_UNIFORM)
        p->count_bits = lf_bits_unsigned((uint64_t)(p->levels + p->offset));
    p->stages = stages_of(p);
    fill_levels(p, &s, a);
    set_output(p, at, lf_out(g, n, 0));
    return LF_OK;
}
