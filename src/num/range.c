/* Exact ranges of integer codes. Differences are taken in uint64, where they cannot overflow. */
#include <stddef.h>

#include "num/dtype.h"
#include "num/gcd.h"

/* The step as a divisor of differences: a constant has none, so it does not narrow a common step. */
static uint64_t stride(lf_range r) {
    return r.lo == r.hi ? 0 : (uint64_t)r.step;
}

static lf_range with_step(int64_t lo, int64_t hi, uint64_t step) {
    if (lo == hi || step == 0 || step > INT64_MAX)
        step = 1;
    return (lf_range){lo, hi, (int64_t)step};
}

lf_range lf_range_join(lf_range a, lf_range b) {
    int64_t lo = a.lo < b.lo ? a.lo : b.lo;
    int64_t hi = a.hi > b.hi ? a.hi : b.hi;
    uint64_t apart = a.lo > b.lo ? (uint64_t)a.lo - (uint64_t)b.lo : (uint64_t)b.lo - (uint64_t)a.lo;
    return with_step(lo, hi, lf_gcd(lf_gcd(stride(a), stride(b)), apart));
}

static int64_t add_ends(int64_t a, int64_t b, bool *overflow) {
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {
        *overflow = true;
        return b > 0 ? INT64_MAX : INT64_MIN;
    }
    return a + b;
}

lf_range lf_range_add(lf_range a, lf_range b, bool *overflow) {
    bool over = false;
    int64_t lo = add_ends(a.lo, b.lo, &over);
    int64_t hi = add_ends(a.hi, b.hi, &over);
    if (over)
        *overflow = true;
    return with_step(lo, hi, over ? 1 : lf_gcd(stride(a), stride(b)));
}

static uint64_t magnitude(int64_t v) {
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static int64_t times(int64_t a, int64_t b, bool *overflow) {
    uint64_t x = magnitude(a), y = magnitude(b);
    bool minus = (a < 0) != (b < 0);
    uint64_t most = (uint64_t)INT64_MAX + (minus ? 1 : 0);
    if (x && y > most / x) {
        *overflow = true;
        return minus ? INT64_MIN : INT64_MAX;
    }
    return (int64_t)(minus ? 0 - x * y : x * y);
}

lf_range lf_range_scale(lf_range a, int64_t k, bool *overflow) {
    bool over = false;
    int64_t p = times(a.lo, k, &over), q = times(a.hi, k, &over);
    uint64_t step = stride(a), factor = magnitude(k);
    if (over)
        *overflow = true;
    /* Without overflow of the ends the scaled step is no more than their distance, which fits in uint64. */
    return with_step(p < q ? p : q, p < q ? q : p, over ? 1 : step * factor);
}

bool lf_range_holds(lf_range r, int64_t v) {
    return v >= r.lo && v <= r.hi && (r.step == 1 || ((uint64_t)v - (uint64_t)r.lo) % (uint64_t)r.step == 0);
}

static lf_range only(int64_t code) {
    return (lf_range){code, code, 1};
}

/* Ends first, then steps: after few codes none is left over in most ranges. */
lf_range lf_range_of(const int64_t *codes, size_t count) {
    if (count == 0)
        return (lf_range){0, 0, 1};
    int64_t lo = codes[0], hi = codes[0];
    for (size_t i = 1; i < count; i++) {
        lo = codes[i] < lo ? codes[i] : lo;
        hi = codes[i] > hi ? codes[i] : hi;
    }
    bool far = (uint64_t)hi - (uint64_t)lo > INT64_MAX; /* the ends alone have no step then */
    lf_range r = far ? only(codes[0]) : lf_range_join(only(lo), only(hi));
    for (size_t i = 0; i < count && (far || r.step > 1); i++)
        if (!lf_range_holds(r, codes[i]))
            r = lf_range_join(r, only(codes[i]));
    return r;
}

lf_range lf_range_of_bytes(const uint8_t *codes, size_t count) {
    if (count == 0)
        return (lf_range){0, 0, 1};
    uint8_t lo = 255, hi = 0;
    for (size_t i = 0; i < count; i++) {
        lo = codes[i] < lo ? codes[i] : lo;
        hi = codes[i] > hi ? codes[i] : hi;
    }
    lf_range r = lf_range_join(only(lo), only(hi));
    for (size_t i = 0; i < count && r.step > 1; i++)
        r = lf_range_holds(r, codes[i]) ? r : lf_range_join(r, only(codes[i]));
    return r;
}

uint64_t lf_range_count(lf_range r) {
    uint64_t steps = ((uint64_t)r.hi - (uint64_t)r.lo) / (uint64_t)r.step;
    return steps == UINT64_MAX ? steps : steps + 1;
}
