#include "ops/matmul_kernel.h"

#include "num/whole.h"

#include <stdlib.h>

static int64_t magnitude(lf_range r) {
    return lf_most(llabs(r.lo), llabs(r.hi));
}

/* Room for the elements, narrow or wide as w->largest says. */
typedef struct elements {
    int16_t *narrow;
    int64_t *wide;
} elements;

static elements new_elements(lf_arena *a, lf_weights *w, size_t count) {
    bool narrow = w->largest <= INT16_MAX;
    elements e = {.narrow = narrow ? LF_NEW_ARRAY(a, int16_t, count + 1) : NULL,
                  .wide = narrow ? NULL : LF_NEW_ARRAY(a, int64_t, count + 1)};
    w->narrow = e.narrow;
    w->wide = e.wide;
    return e;
}

static void put(elements e, int64_t at, int64_t code) {
    if (e.narrow)
        e.narrow[at] = (int16_t)code;
    else
        e.wide[at] = code;
}

lf_weights *lf_weights_pack(lf_arena *a, const lf_tensor *constant, int64_t k, int64_t n) {
    lf_weights *w = LF_NEW(a, lf_weights);
    size_t count = constant->value->count;
    *w = (lf_weights){.k = k, .n = n};
    for (size_t i = 0; i < count; i++)
        w->largest = lf_most(w->largest, llabs(lf_tensor_code(constant, i)));
    elements e = new_elements(a, w, count);
    int64_t matrices = k && n ? (int64_t)count / (k * n) : 0;
    for (int64_t m = 0; m < matrices; m++)
        for (int64_t r = 0; r < k; r++)
            for (int64_t c = 0; c < n; c++)
                put(e, (m * n + c) * k + r, lf_tensor_code(constant, (size_t)((m * k + r) * n + c)));
    return w;
}

lf_weights *lf_weights_rows(lf_arena *a, const lf_tensor *constant, int64_t k, int64_t n) {
    lf_weights *w = LF_NEW(a, lf_weights);
    size_t count = constant->value->count;
    *w = (lf_weights){.k = k, .n = n, .largest = magnitude(constant->range)};
    elements e = new_elements(a, w, count);
    for (size_t i = 0; i < count; i++)
        put(e, (int64_t)i, lf_tensor_code(constant, i));
    return w;
}

enum { LANES = 4 };

/* Products of 16-bit codes whose whole sum fits in 32 bits. One sum in one loop: compilers know the instruction that multiplies and
 * adds pairs. */
static int32_t dot_narrow(const int16_t *w, const int16_t *x, int64_t k) {
    int32_t sum = 0;
    for (int64_t i = 0; i < k; i++)
        sum += (int32_t)w[i] * x[i];
    return sum;
}

static int64_t dot_mixed(const int16_t *w, const int64_t *x, int64_t k) {
    int64_t lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= k; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += w[i + j] * x[i + j];
    for (; i < k; i++)
        lane[0] += w[i] * x[i];
    return lane[0] + lane[1] + lane[2] + lane[3];
}

static int64_t dot_wide(const int64_t *w, const int64_t *x, int64_t k) {
    int64_t sum = 0;
    for (int64_t i = 0; i < k; i++)
        sum += w[i] * x[i];
    return sum;
}

static bool fits_narrow(const lf_weights *w, lf_range range) {
    int64_t x = magnitude(range);
    return w->narrow && x <= INT16_MAX && (w->largest == 0 || x * w->largest <= INT32_MAX / (w->k + 1));
}

void lf_weights_dot(lf_arena *scratch, const lf_weights *w, int64_t first, const int64_t *x, lf_range range,
                    int64_t *y) {
    if (fits_narrow(w, range)) {
        int16_t *small = LF_NEW_ARRAY(scratch, int16_t, w->k + 1);
        for (int64_t i = 0; i < w->k; i++)
            small[i] = (int16_t)x[i];
        for (int64_t c = 0; c < w->n; c++)
            y[c] = dot_narrow(w->narrow + first + c * w->k, small, w->k);
        return;
    }
    for (int64_t c = 0; c < w->n; c++)
        y[c] = w->narrow ? dot_mixed(w->narrow + first + c * w->k, x, w->k)
                         : dot_wide(w->wide + first + c * w->k, x, w->k);
}
