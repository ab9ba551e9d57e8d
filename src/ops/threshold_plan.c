/* What the constants of a threshold node allow. */
#include <string.h>

#include "ops/threshold_hw.h"

enum {
    INPUT_BITS_MAX = 60,
    PARALLEL_LEVELS = 3, /* up to here comparators on constants are smaller than a search */
    UNIFORM_LEVELS = 4,  /* from here on subtract-and-shift is smaller than anything else */
    LOGIC_DEPTH = 64,    /* contracts.md 6 */
    BLOCK_BITS = 2048
};

typedef struct source {
    const lf_tensor *x, *T, *sign;
    int64_t levels;
} source;

/* The smallest u whose (signed) value reaches T; not clamped. |T| is at most 2^61. */
static int64_t moved(const lf_threshold_plan *p, const source *s, bool negative, int64_t T) {
    int64_t limit = (int64_t)1 << 61, full = ((int64_t)1 << p->in_bits) - 1;
    T = T > limit ? limit : T < -limit ? -limit : T;
    if (s->x->dtype.kind == LF_KIND_BIPOLAR)
        return T <= -1 ? 0 : T <= 1 ? 1 : 2;
    int64_t half = p->flip ? (int64_t)1 << (p->in_bits - 1) : 0;
    return negative ? T + full - half : T + half;
}

static int64_t raw_level(const source *s, int64_t row, int64_t t) {
    return lf_tensor_code(s->T, (size_t)((s->T->shape.dim[0] > 1 ? row : 0) * s->levels + t));
}

static bool raw_negative(const source *s, int64_t row) {
    return s->sign && lf_tensor_code(s->sign, (size_t)(lf_shape_count(s->sign->shape) > 1 ? row : 0)) < 0;
}

/* The values u can take: both orders when some channel is negated. */
static void bounds(const lf_threshold_plan *p, const source *s, int64_t *lo, int64_t *hi) {
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

static bool rows_equal(const source *s, int64_t channels) {
    for (int64_t c = 1; c < channels; c++) {
        if (raw_negative(s, c) != raw_negative(s, 0))
            return false;
        for (int64_t t = 0; t < s->levels; t++)
            if (raw_level(s, c, t) != raw_level(s, 0, t))
                return false;
    }
    return true;
}

static void fill_levels(lf_threshold_plan *p, const source *s, lf_arena *a) {
    int64_t lo, hi;
    bounds(p, s, &lo, &hi);
    p->never = (uint64_t)hi + 1;
    p->level = LF_NEW_ARRAY(a, uint64_t, p->rows * p->levels);
    p->negative = LF_NEW_ARRAY(a, bool, p->rows);
    uint64_t most = 0;
    for (int64_t r = 0; r < p->rows; r++) {
        p->negative[r] = raw_negative(s, r);
        for (int64_t t = 0; t < p->levels; t++) {
            int64_t u = t < s->levels ? moved(p, s, p->negative[r], raw_level(s, r, t)) : hi + 1;
            uint64_t level = (uint64_t)(u < lo ? lo : u > hi + 1 ? hi + 1 : u);
            p->level[r * p->levels + t] = level;
            most = level > most ? level : most;
        }
    }
    bool gaps = p->structure == THRESHOLD_SEARCH && p->levels + 1 < (int64_t)1 << p->count_bits;
    int bits = lf_bits_unsigned(gaps ? p->never : most);
    p->compare_bits = bits > p->in_bits ? bits : p->in_bits;
}

/* T[t] = T[0] + t * 2^shift in every channel. */
static bool find_uniform(lf_threshold_plan *p, const source *s, lf_arena *a) {
    int64_t limit = (int64_t)1 << 50;
    if (s->levels < 2 || s->x->dtype.kind == LF_KIND_BIPOLAR || raw_level(s, 0, 0) < -limit || raw_level(s, 0, s->levels - 1) > limit)
        return false;
    int64_t step = raw_level(s, 0, 1) - raw_level(s, 0, 0);
    if (step <= 0 || (step & (step - 1)))
        return false;
    p->shift = lf_bits_unsigned((uint64_t)step) - 1;
    p->first = LF_NEW_ARRAY(a, int64_t, p->rows);
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (int64_t r = 0; r < p->rows; r++) {
        for (int64_t t = 1; t < s->levels; t++)
            if (raw_level(s, r, t) != raw_level(s, r, 0) + t * step || raw_level(s, r, t) > limit || raw_level(s, r, 0) < -limit)
                return false;
        p->first[r] = moved(p, s, raw_negative(s, r), raw_level(s, r, 0)) - step;
        least = p->first[r] < least ? p->first[r] : least;
        most = p->first[r] > most ? p->first[r] : most;
    }
    int64_t full = ((int64_t)1 << p->in_bits) - 1;
    p->difference_bits = lf_bits_signed(most > 0 ? -most : 0, least < full ? full - least : 0);
    return true;
}

static lf_threshold_structure choose(const lf_threshold_plan *p, bool uniform) {
    if (uniform && p->levels >= UNIFORM_LEVELS)
        return THRESHOLD_UNIFORM;
    return p->levels == 1 || (p->constant && p->levels <= PARALLEL_LEVELS) ? THRESHOLD_PARALLEL : THRESHOLD_SEARCH;
}

static int stages_of(const lf_threshold_plan *p) {
    switch (p->structure) {
    case THRESHOLD_PARALLEL:
        return p->constant ? 1 : 2;
    case THRESHOLD_UNIFORM:
        return p->constant ? 2 : 3;
    default:
        return p->count_bits + 1;
    }
}

/* Wire bits of the output: two's complement codes, or (code + 1) / 2 when it is bipolar. */
static void set_output(lf_threshold_plan *p, const lf_threshold_attr *at, const lf_tensor *y) {
    bool bipolar = y->dtype.kind == LF_KIND_BIPOLAR;
    uint64_t mask = lf_dtype_bits(y->dtype) == 64 ? ~(uint64_t)0 : ((uint64_t)1 << lf_dtype_bits(y->dtype)) - 1;
    int64_t base = bipolar ? (at->out_base + 1) / 2 : at->out_base, step = bipolar ? at->out_step / 2 : at->out_step;
    p->out_bits = lf_dtype_bits(y->dtype);
    p->out_base = (uint64_t)base & mask;
    p->out_step = (uint64_t)step & mask;
}

lf_status lf_threshold_plan_make(const lf_graph *g, const lf_node *n, lf_arena *a, lf_threshold_plan *p) {
    const lf_threshold_attr *at = n->attr;
    source s = {lf_in(g, n, 0), lf_in(g, n, 1), lf_in(g, n, 2), lf_in(g, n, 1)->shape.dim[1]};
    lf_where where = lf_where_node(g, n);
    *p = (lf_threshold_plan){.pe = at->PE, .in_bits = lf_dtype_bits(s.x->dtype), .flip = lf_dtype_signed(s.x->dtype)};
    if (p->in_bits > INPUT_BITS_MAX)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%d input bits; thresholds in hardware take up to %d", p->in_bits, INPUT_BITS_MAX);
    p->levels = s.levels ? s.levels : 1;
    p->channels = s.x->shape.rank ? s.x->shape.dim[s.x->shape.rank - 1] : 1;
    p->rows = rows_equal(&s, p->channels) ? 1 : p->channels;
    p->beats = p->channels / p->pe;
    p->constant = p->rows == 1 || p->beats == 1;
    for (int64_t r = 0; r < p->rows; r++)
        p->any_sign |= raw_negative(&s, r);
    p->count_bits = lf_bits_unsigned((uint64_t)p->levels);
    bool uniform = find_uniform(p, &s, a);
    p->structure = at->structure == THRESHOLD_AUTO ? choose(p, uniform) : (lf_threshold_structure)at->structure;
    if (p->structure == THRESHOLD_UNIFORM && !uniform)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "structure=uniform, but the thresholds do not lie in equal power-of-two steps");
    p->stages = stages_of(p);
    fill_levels(p, &s, a);
    set_output(p, at, lf_out(g, n, 0));
    return LF_OK;
}

lf_threshold_table lf_threshold_table_kind(int64_t depth, int64_t bits, lf_threshold_ram ram) {
    if (depth <= 1)
        return TABLE_CONSTANT;
    if (depth <= LOGIC_DEPTH)
        return TABLE_LOGIC;
    if (ram == THRESHOLD_RAM_AUTO)
        return depth * bits > BLOCK_BITS ? TABLE_BLOCK : TABLE_DISTRIBUTED;
    return ram == THRESHOLD_RAM_BLOCK ? TABLE_BLOCK : TABLE_DISTRIBUTED;
}
