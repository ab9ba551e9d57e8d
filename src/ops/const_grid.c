#include "ops/const_grid.h"

#include <math.h>
#include <string.h>

/* -- which power of two --------------------------------------------------------------------------------------------------- */

/* Exponents of the lowest and the highest bit that is set in any element so far. */
typedef struct span {
    int low, high;
} span;

enum { DEEPEST = -40, FRACTION_BITS = 24, INTEGER_BITS = 53 };

static bool fits(span s) { return s.low >= 0 ? s.high < INTEGER_BITS : s.low >= DEEPEST && s.high - s.low < FRACTION_BITS; }

static int trailing_zeros(uint64_t v) {
    int n = 0;
    if (!(v & 0xffffffffu)) {
        n += 32;
        v >>= 32;
    }
    for (; !(v & 0xff); v >>= 8)
        n += 8;
    for (; !(v & 1); v >>= 1)
        n++;
    return n;
}

/* Adds +-mantissa * 2^exponent whose highest possible bit is `width` - 1; false when the span grows too wide. */
static bool widen(span *s, uint64_t mantissa, int exponent, int width) {
    int low = exponent + trailing_zeros(mantissa), high = exponent + width - 1;
    if (low >= s->low && high <= s->high)
        return true;
    s->low = low < s->low ? low : s->low;
    s->high = high > s->high ? high : s->high;
    return fits(*s);
}

/* Subnormals have their lowest bit far below 2^-40 and NaN and infinity their highest far above 2^53: both end the scan. */
static bool scan_f32(const float *v, size_t count, span *s) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        if ((bits << 1) != 0 && !widen(s, (bits & 0x7fffff) | 0x800000, (int)(bits >> 23 & 0xff) - 150, 24))
            return false;
    }
    return true;
}

static bool scan_f64(const double *v, size_t count, span *s) {
    const uint64_t hidden = (uint64_t)1 << 52;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        if ((bits << 1) != 0 && !widen(s, (bits & (hidden - 1)) | hidden, (int)(bits >> 52 & 0x7ff) - 1075, 53))
            return false;
    }
    return true;
}

static bool is_integer(lf_elem e) { return e != LF_ELEM_F32 && e != LF_ELEM_F64; }

/* The exponent of the scale, 0 or less; false when there is none. */
static bool find_exponent(const lf_const *c, int *exponent) {
    span s = {1000, -1000};
    *exponent = 0;
    if (is_integer(c->elem))
        return true;
    if (c->elem == LF_ELEM_F32 ? !scan_f32(c->data, c->count, &s) : !scan_f64(c->data, c->count, &s))
        return false;
    *exponent = s.low < 0 ? s.low : 0;
    return true;
}

/* -- the range of the codes ------------------------------------------------------------------------------------------------- */

enum { BLOCK = 1024 };

static void codes_of(const lf_const *c, size_t first, size_t count, double per_code, int64_t *out) {
    if (c->elem == LF_ELEM_F32)
        for (size_t i = 0; i < count; i++)
            out[i] = (int64_t)((double)((const float *)c->data)[first + i] * per_code);
    else if (c->elem == LF_ELEM_F64)
        for (size_t i = 0; i < count; i++)
            out[i] = (int64_t)(((const double *)c->data)[first + i] * per_code);
    else
        for (size_t i = 0; i < count; i++)
            out[i] = lf_const_int(c, first + i);
}

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

typedef struct extent {
    int64_t base, lo, hi;
    uint64_t step; /* greatest common divisor of the distances from base; 0 while all are equal */
} extent;

static void extend(extent *x, const int64_t *code, size_t count) {
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++) {
        x->lo = code[i] < x->lo ? code[i] : x->lo;
        x->hi = code[i] > x->hi ? code[i] : x->hi;
        all |= (uint64_t)code[i] - (uint64_t)x->base;
    }
    bool power = x->step && !(x->step & (x->step - 1));
    if (power ? !(all & (x->step - 1)) : !all)
        return; /* nothing finer in this block */
    for (size_t i = 0; i < count && x->step != 1; i++)
        x->step = gcd(x->step, code[i] > x->base ? (uint64_t)code[i] - (uint64_t)x->base : (uint64_t)x->base - (uint64_t)code[i]);
}

static lf_range range_of(const lf_const *c, double per_code) {
    int64_t code[BLOCK];
    extent x = {0};
    for (size_t i = 0; i < c->count; i += BLOCK) {
        size_t n = c->count - i < BLOCK ? c->count - i : BLOCK;
        codes_of(c, i, n, per_code, code);
        if (i == 0)
            x.base = x.lo = x.hi = code[0];
        extend(&x, code, n);
    }
    return (lf_range){x.lo, x.hi, x.step && x.step <= INT64_MAX ? (int64_t)x.step : 1};
}

bool lf_const_grid_detect(lf_graph *g, lf_tensor *t) {
    int exponent;
    if (!t->value || t->value->count == 0 || lf_on_grid(t))
        return t->value && lf_on_grid(t);
    if (!find_exponent(t->value, &exponent))
        return false;
    lf_set_codes(g, t, range_of(t->value, ldexp(1.0, -exponent)));
    if (exponent == 0)
        return true;
    double *scale = LF_NEW(g->arena, double);
    *scale = ldexp(1.0, exponent);
    t->grid = (lf_grid){.scale = scale, .scale_count = 1};
    return true;
}
