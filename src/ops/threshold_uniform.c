/* Levels in equal power-of-two steps: what a quantizer with power-of-two scales gives. Levels that the input cannot pass may
 * stand anywhere beyond its range, as long as the formula puts them beyond it too. */
#include "ops/threshold_hw.h"

enum { RANGE_BITS = 50 };

/* T[t] = B + t * step + (1 when `even` and t + phase is odd). */
typedef struct pattern {
    int64_t step;
    bool even;
    int64_t phase;
} pattern;

typedef struct row {
    const lf_threshold_source *s;
    int64_t index, lo, hi; /* of sign * x */
} row;

static row row_make(const lf_threshold_source *s, int64_t index, bool shared) {
    lf_range r = s->x->range;
    if (!shared && s->x->channel_range && s->x->range_axis == s->x->shape.rank - 1)
        r = s->x->channel_range[index];
    bool negative = lf_threshold_negative(s, index);
    return (row){s, index, negative ? -r.hi : r.lo, negative ? -r.lo : r.hi};
}

static int64_t level(const row *r, int64_t t) {
    return lf_threshold_raw(r->s, r->index, t);
}

/* The input can be on either side of it. */
static bool matters(const row *r, int64_t t) {
    return level(r, t) > r->lo && level(r, t) <= r->hi;
}

static int64_t extra(const pattern *p, int64_t t) {
    return p->even && ((t + p->phase) & 1);
}

/* Reads the pattern off three neighbouring levels, or off two. */
static bool read_pattern(const row *r, pattern *p) {
    for (int64_t t = 0; t + 2 < r->s->levels; t++) {
        if (!matters(r, t) || !matters(r, t + 2))
            continue;
        int64_t a = level(r, t + 1) - level(r, t), b = level(r, t + 2) - level(r, t + 1);
        if (a - b > 2 || b - a > 2 || (a - b) % 2 != 0)
            return false;
        *p = (pattern){(a + b) / 2, a != b, a > b ? t & 1 : (t + 1) & 1};
        return true;
    }
    return false;
}

static bool read_step(const row *r, pattern *p) {
    for (int64_t t = 0; t + 1 < r->s->levels; t++)
        if (matters(r, t) && matters(r, t + 1)) {
            *p = (pattern){level(r, t + 1) - level(r, t), false, 0};
            return true;
        }
    return false;
}

/* B of a row: from a level that matters; else so that all levels lie on the right side of the range. */
static int64_t read_base(const row *r, const pattern *p) {
    int64_t reached = 0;
    for (int64_t t = 0; t < r->s->levels; t++) {
        if (matters(r, t))
            return level(r, t) - t * p->step - extra(p, t);
        reached += level(r, t) <= r->lo;
    }
    if (reached == r->s->levels)
        return r->lo - 1 - reached * p->step;
    return r->hi + 1 - reached * p->step;
}

static bool fits(const row *r, const pattern *p, int64_t base) {
    for (int64_t t = 0; t < r->s->levels; t++) {
        int64_t T = level(r, t), formula = base + t * p->step + extra(p, t);
        if (T <= r->lo ? formula > r->lo : T > r->hi ? formula <= r->hi : formula != T)
            return false;
    }
    return true;
}

static bool find_pattern(const lf_threshold_plan *p, const lf_threshold_source *s, pattern *found) {
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < p->rows; i++) {
            row r = row_make(s, i, p->rows == 1);
            if (pass ? read_step(&r, found) : read_pattern(&r, found))
                return found->step > 0 && !(found->step & (found->step - 1));
        }
    return false;
}

bool lf_threshold_find_uniform(lf_threshold_plan *p, const lf_threshold_source *s, lf_arena *a) {
    pattern f;
    int64_t limit = (int64_t)1 << RANGE_BITS, lo, hi;
    if (s->levels < 2 || s->x->dtype.kind == LF_KIND_BIPOLAR || s->x->range.lo < -limit || s->x->range.hi > limit ||
        !find_pattern(p, s, &f))
        return false;
    p->shift = lf_bits_unsigned((uint64_t)f.step) - 1;
    p->half_even = f.even;
    /* u - first must be a multiple of 2^shift on a tie, and odd where the tie falls below: q counts from the level with phase 1 */
    p->offset = f.even && !f.phase;
    p->first = LF_NEW_ARRAY(a, int64_t, p->rows);
    lf_threshold_bounds(p, s, &lo, &hi);
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (int64_t i = 0; i < p->rows; i++) {
        row r = row_make(s, i, p->rows == 1);
        int64_t base = read_base(&r, &f);
        if (!fits(&r, &f, base))
            return false;
        p->first[i] = lf_threshold_moved(p, s, lf_threshold_negative(s, i), base) - (1 + p->offset) * f.step;
        least = p->first[i] < least ? p->first[i] : least;
        most = p->first[i] > most ? p->first[i] : most;
    }
    p->difference_bits = lf_bits_signed(lo < most ? lo - most : 0, hi > least ? hi - least : 0);
    return true;
}
