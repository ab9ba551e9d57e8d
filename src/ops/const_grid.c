#include "ops/const_grid.h"

#include <math.h>
#include <stdlib.h>

#include "num/gcd.h"

enum { FRACTION_MAX = 40 };
#define CODE_MAX 65536.0               /* 2^16: fixed-point numbers, not any float32 */
#define INTEGER_MAX 9007199254740992.0 /* 2^53 */

/* The least k >= from with v * 2^k an integer, or -1 when it is above FRACTION_MAX or the integer too large. */
static int fraction_bits(double v, int from) {
    for (int k = from; k <= FRACTION_MAX; k++) {
        double q = v * (double)((int64_t)1 << k);
        if (fabs(q) >= (k ? CODE_MAX : INTEGER_MAX))
            return -1;
        if (q == (double)(int64_t)q)
            return k;
    }
    return -1;
}

/* The common number of fraction bits, or -1. Larger k make earlier elements larger: the largest is kept. */
static int common_fraction(const lf_const *c) {
    int k = 0;
    double largest = 0;
    for (size_t i = 0; i < c->count; i++) {
        double v = lf_const_real(c, i);
        if (!(fabs(v) < INTEGER_MAX))
            return -1;
        largest = fabs(v) > largest ? fabs(v) : largest;
        k = fraction_bits(v, k);
        if (k < 0 || (k > 0 && largest * (double)((int64_t)1 << k) >= CODE_MAX))
            return -1;
    }
    return k;
}

static lf_range range_of(const lf_const *c, double factor) {
    int64_t first = 0, lo = 0, hi = 0;
    uint64_t step = 0;
    bool is_float = c->elem == LF_ELEM_F32 || c->elem == LF_ELEM_F64;
    for (size_t i = 0; i < c->count; i++) {
        int64_t v = is_float ? (int64_t)(lf_const_real(c, i) * factor) : lf_const_int(c, i);
        if (i == 0)
            first = lo = hi = v;
        lo = v < lo ? v : lo;
        hi = v > hi ? v : hi;
        if (step != 1)
            step = lf_gcd(v > first ? (uint64_t)v - (uint64_t)first : (uint64_t)first - (uint64_t)v, step);
    }
    return (lf_range){lo, hi, step && step <= INT64_MAX ? (int64_t)step : 1};
}

void lf_const_grid_detect(lf_graph *g, lf_tensor *t) {
    if (!t->value || lf_on_grid(t))
        return;
    bool is_float = t->value->elem == LF_ELEM_F32 || t->value->elem == LF_ELEM_F64;
    int k = is_float ? common_fraction(t->value) : 0;
    if (k < 0)
        return;
    double factor = (double)((int64_t)1 << k);
    lf_set_codes(g, t, range_of(t->value, factor));
    if (k == 0)
        return;
    double *scale = LF_NEW(g->arena, double);
    *scale = 1 / factor;
    t->grid = (lf_grid){.scale = scale, .scale_count = 1};
}
