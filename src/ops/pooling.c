#include "ops/pooling.h"

const char *const lf_reduce_names[] = {"max", "min", "sum", NULL};

int64_t lf_reduce_code(lf_reduce f, int64_t a, int64_t b) {
    switch (f) {
    case LF_REDUCE_MAX: return a > b ? a : b;
    case LF_REDUCE_MIN: return a < b ? a : b;
    default: return a + b;
    }
}

static lf_range checked(lf_range r, bool *overflow) {
    *overflow |= r.lo < -((int64_t)1 << 62) || r.hi > (int64_t)1 << 62;
    return r;
}

lf_range lf_reduce_range(lf_reduce f, lf_range a, lf_range b, bool *overflow) {
    if (f != LF_REDUCE_SUM) {
        lf_range r = {lf_reduce_code(f, a.lo, b.lo), lf_reduce_code(f, a.hi, b.hi), lf_range_join(a, b).step};
        r.step = r.lo == r.hi ? 1 : r.step;
        return r;
    }
    return checked(lf_range_add(a, b, overflow), overflow);
}

lf_range lf_reduce_many(lf_reduce f, lf_range r, int64_t count, bool *overflow) {
    if (f != LF_REDUCE_SUM)
        return r;
    lf_range sum = lf_range_scale(r, count, overflow);
    sum.step = r.step;
    return checked(sum, overflow);
}
