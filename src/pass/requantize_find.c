#include "pass/requantize_find.h"

#include <math.h>

/* What add must lie between for a given mul and shift; empty when lo > hi. */
typedef struct bounds {
    __int128 lo, hi;
} bounds;

typedef struct channel {
    const int64_t *at; /* thresholds on u = sign * x */
    int64_t levels, sign;
    int64_t least, most, step; /* u */
} channel;

static channel channel_of(const lf_thresholds *t, const lf_range *range, int64_t c) {
    lf_range r = range[c];
    channel k = {.at = t->at + c * t->levels,
                 .levels = t->levels,
                 .sign = t->sign[c],
                 .least = r.lo,
                 .most = r.hi,
                 .step = r.step};
    if (k.sign < 0) {
        k.least = -r.hi;
        k.most = -r.lo;
    }
    return k;
}

static void at_least(bounds *b, __int128 v) {
    b->lo = v > b->lo ? v : b->lo;
}

static void at_most(bounds *b, __int128 v) {
    b->hi = v < b->hi ? v : b->hi;
}

/* The first value of the channel that reaches the threshold; above most: none does. */
static int64_t first_reaching(const channel *k, int64_t threshold) {
    if (threshold <= k->least)
        return k->least;
    int64_t n = (threshold - k->least + k->step - 1) / k->step;
    return k->least + n * k->step;
}

/* u * m + add >= (l + 1) << shift from the first u that reaches threshold l on, and below it before. */
static bounds bounds_of(const channel *k, int64_t m, int shift) {
    bounds b = {-((__int128)1 << 100), (__int128)1 << 100};
    for (int64_t l = 0; l < k->levels; l++) {
        __int128 goal = (__int128)(l + 1) << shift;
        int64_t u = first_reaching(k, k->at[l]);
        if (u <= k->most)
            at_least(&b, goal - (__int128)u * m);
        if (u > k->least)
            at_most(&b, goal - 1 - (__int128)(u - k->step > k->most ? k->most : u - k->step) * m);
    }
    return b;
}

/* -- which slopes will do -------------------------------------------------------------------------------------------------- */

/* Where no offset lets a line of this slope pass between all values that reach a threshold and those that do not, positive: by how much
 * it misses. Convex in the slope. */
static double miss(const channel *k, double slope) {
    double above = -INFINITY, below = INFINITY; /* bounds of the offset */
    for (int64_t l = 0; l < k->levels; l++) {
        int64_t u = first_reaching(k, k->at[l]);
        if (u <= k->most)
            above = fmax(above, (double)(l + 1) - slope * (double)u);
        if (u > k->least)
            below = fmin(below, (double)(l + 1) - slope * (double)(u - k->step > k->most ? k->most : u - k->step));
    }
    return above == -INFINITY || below == INFINITY ? -1 : above - below;
}

enum { HALVINGS = 80 };

static double best_slope(const channel *k) {
    double lo = 0, hi = (double)k->levels / (double)k->step + 1;
    for (int i = 0; i < HALVINGS; i++) {
        double a = lo + (hi - lo) / 3, b = hi - (hi - lo) / 3;
        if (miss(k, a) < miss(k, b))
            hi = b;
        else
            lo = a;
    }
    return lo;
}

/* The slope nearest to `outside` that will do; `inside` does. */
static double edge(const channel *k, double inside, double outside) {
    for (int i = 0; i < HALVINGS; i++) {
        double middle = inside + (outside - inside) / 2;
        if (miss(k, middle) < 0)
            inside = middle;
        else
            outside = middle;
    }
    return inside;
}

typedef struct slopes {
    double lo, hi;
} slopes;

static slopes slopes_of(const channel *k) {
    double best = best_slope(k), far = (double)k->levels / (double)k->step + 1;
    if (miss(k, best) >= 0)
        return (slopes){1, 0};
    return (slopes){miss(k, 0) < 0 ? 0 : edge(k, best, 0), edge(k, best, far)};
}

/* -- the integers ------------------------------------------------------------------------------------------------------------ */

/* Doubles found the slopes; these decide. */
static bool try_factor(const channel *k, int shift, int64_t m, int64_t *mul, int64_t *add) {
    bounds b = bounds_of(k, m, shift);
    if (b.lo > b.hi)
        return false;
    __int128 a = b.lo > 0 ? b.lo : b.hi < 0 ? b.hi : 0; /* the smallest that does */
    if (a > INT64_MAX / 2 || a < -(INT64_MAX / 2))
        return false;
    *mul = m * k->sign;
    *add = (int64_t)a;
    return true;
}

static bool try_shift(const channel *k, slopes s, int shift, int64_t *mul, int64_t *add) {
    enum { TRIES = 4 };
    double one = (double)((int64_t)1 << shift);
    int64_t first = (int64_t)floor(s.lo * one), last = (int64_t)ceil(s.hi * one);
    int64_t middle = (int64_t)llround((s.lo + s.hi) / 2 * one);
    if (s.lo <= s.hi && try_factor(k, shift, middle, mul, add))
        return true;
    for (int64_t m = first; s.lo <= s.hi && m <= last && m < first + TRIES; m++)
        if (try_factor(k, shift, m, mul, add))
            return true;
    return false;
}

bool lf_requantize_find(const lf_thresholds *t, const lf_range *range, lf_arena *arena, lf_requantizer *out) {
    out->mul = LF_NEW_ARRAY(arena, int64_t, t->elements + 1);
    out->add = LF_NEW_ARRAY(arena, int64_t, t->elements + 1);
    slopes *s = LF_NEW_ARRAY(arena, slopes, t->elements + 1);
    for (int64_t c = 0; c < t->elements; c++) {
        channel k = channel_of(t, range, c);
        s[c] = slopes_of(&k);
        if (s[c].lo > s[c].hi)
            return false;
    }
    for (out->shift = 0; out->shift <= LF_REQUANTIZE_SHIFT; out->shift++) {
        bool fine = true;
        for (int64_t c = 0; fine && c < t->elements; c++) {
            channel k = channel_of(t, range, c);
            fine = try_shift(&k, s[c], out->shift, &out->mul[c], &out->add[c]);
        }
        if (fine)
            return true;
    }
    return false;
}
