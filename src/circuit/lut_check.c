/* Netlists compared: all outputs at random inputs; then y is proved against x, signal by signal. What random inputs cannot tell apart is looked at for
 * all values of a few signals that lie before both and are proved equal already (cut points), or, for outputs, of the inputs. */
#include "circuit/lut_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "circuit/lut_cone.h"
#include "circuit/wide_truth.h"

enum { RANDOM_WORDS = 64, CONE_INPUTS = 14, CONE_LUTS = 4000, LOOK_ALIKES = 8 };
static const size_t work_max = (size_t)1 << 27; /* LUT words evaluated at all values, for signals, and for outputs */

/* A LUT of x and what it has shown. */
typedef struct lf_shown {
    uint64_t values;
    lf_signal signal;
} lf_shown;

typedef struct lf_check {
    const lf_lutnet *net[2];
    lf_arena *a;
    uint64_t *shown[2]; /* [signal]: hash of its values at the random inputs */
    lf_signal *twin;    /* [signal of y]: the signal of x it is equal to, or 0 */
    bool *proved;       /* [signal of y]: a LUT that has one */
    lf_shown *look;     /* LUTs of x by what they have shown, look-alikes in their order */
    lf_cone cone[2];
    size_t work;
} lf_check;

/* -- at random --------------------------------------------------------------------------------------------------------- */

static size_t signals_of(const lf_lutnet *n) {
    return 2 + n->inputs + n->luts.count;
}

static void note_values(lf_check *k, int side, const uint64_t *value) {
    for (size_t s = 0; s < signals_of(k->net[side]); s++) {
        uint64_t h = (k->shown[side][s] ^ value[s]) * 0x9e3779b97f4a7c15u;
        k->shown[side][s] = h ^ h >> 29;
    }
}

static bool same_at_random(lf_check *k) {
    lf_rng r = lf_rng_make(21, 0);
    size_t inputs = k->net[0]->inputs, outputs = k->net[0]->outputs.count;
    uint64_t *in = LF_NEW_ARRAY(k->a, uint64_t, inputs + 1), *out[2], *value[2];
    for (int side = 0; side < 2; side++) {
        out[side] = LF_NEW_ARRAY(k->a, uint64_t, outputs + 1);
        value[side] = LF_NEW_ARRAY(k->a, uint64_t, signals_of(k->net[side]));
    }
    for (int w = 0; w < RANDOM_WORDS; w++) {
        for (size_t i = 0; i < inputs; i++)
            in[i] = lf_rng_u64(&r);
        for (size_t i = 0; w == 0 && i < inputs; i++) /* all 0 and all 1 in the first two lanes */
            in[i] = (in[i] & ~(uint64_t)3) | 2;
        for (int side = 0; side < 2; side++) {
            lf_lutnet_run(k->net[side], in, out[side], value[side]);
            note_values(k, side, value[side]);
        }
        if (memcmp(out[0], out[1], outputs * sizeof *in))
            return false;
    }
    return true;
}

/* -- at all values ------------------------------------------------------------------------------------------------------- */

typedef enum lf_verdict { UNKNOWN, EQUAL, DIFFERENT } lf_verdict;

static lf_signal twin_of(const lf_check *k, lf_signal y) {
    return y < 2 + k->net[1]->inputs ? y : k->twin[y];
}

/* Both cones over common leaves: y's end at what is proved, or, with ends NULL, at the inputs. */
static bool collect(lf_check *k, lf_signal x, lf_signal y, const bool *ends) {
    lf_cone *cx = &k->cone[0], *cy = &k->cone[1];
    cy->ends = ends;
    lf_cone_begin(cx);
    lf_cone_begin(cy);
    if (!lf_cone_add(cy, y))
        return false;
    for (size_t i = 0; i < cy->leaves.count; i++)
        if (!lf_cone_leaf(cx, twin_of(k, cy->leaves.at[i])))
            return false;
    return lf_cone_add(cx, x);
}

static void count_walked(lf_check *k, size_t luts) {
    k->work -= luts < k->work ? luts : k->work;
}

/* Values that differ at inner signals need not occur: only at the inputs they tell that the functions differ. */
static lf_verdict compare(lf_check *k, lf_signal x, lf_signal y, const bool *ends) {
    lf_cone *cx = &k->cone[0], *cy = &k->cone[1];
    bool fits = collect(k, x, y, ends);
    count_walked(k, cx->met + cy->met);
    if (!fits)
        return UNKNOWN;
    int leaves = (int)cx->leaves.count;
    size_t words = lf_wide_words(leaves), cost = words * (cx->luts.count + cy->luts.count + 1);
    if (cost > k->work)
        return UNKNOWN;
    k->work -= cost;
    for (size_t w = 0; w < words; w++) {
        lf_cone_look(cx, w);
        for (size_t i = 0; i < cy->leaves.count; i++)
            cy->value[cy->leaves.at[i]] = lf_cone_value(cx, twin_of(k, cy->leaves.at[i]));
        lf_cone_evaluate(cy);
        if (lf_cone_value(cx, x) != lf_cone_value(cy, y))
            return ends ? UNKNOWN : DIFFERENT;
    }
    return EQUAL;
}

static int by_values(const void *a, const void *b) {
    const lf_shown *x = a, *y = b;
    if (x->values != y->values)
        return x->values < y->values ? -1 : 1;
    return (x->signal > y->signal) - (x->signal < y->signal);
}

static void list_signals(lf_check *k) {
    const lf_lutnet *x = k->net[0];
    k->look = LF_NEW_ARRAY(k->a, lf_shown, x->luts.count + 1);
    for (size_t i = 0; i < x->luts.count; i++) {
        lf_signal s = lf_lutnet_signal(x, i);
        k->look[i] = (lf_shown){k->shown[0][s], s};
    }
    qsort(k->look, x->luts.count, sizeof *k->look, by_values);
}

/* The first of the list that is not before `least`. */
static size_t find_look(const lf_check *k, lf_shown least) {
    size_t lo = 0, hi = k->net[0]->luts.count;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        if (by_values(&k->look[middle], &least) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* The last of the signals of x whose twins y is made of, or 0: its own comes behind it. False: the cone is too large to compare. */
static bool last_before(lf_check *k, lf_signal y, lf_signal *last) {
    lf_cone *cy = &k->cone[1];
    *last = 0;
    cy->ends = k->proved;
    lf_cone_begin(cy);
    bool fits = lf_cone_add(cy, y);
    count_walked(k, cy->met);
    for (size_t i = 0; fits && i < cy->leaves.count; i++) {
        lf_signal x = twin_of(k, cy->leaves.at[i]);
        *last = x > *last ? x : *last;
    }
    return fits;
}

/* Signals of x from `from` on, before `to`. */
static bool try_look_alikes(lf_check *k, lf_signal y, lf_signal from, lf_signal to) {
    uint64_t shown = k->shown[1][y];
    size_t first = find_look(k, (lf_shown){shown, from}), end = find_look(k, (lf_shown){shown, to});
    end = end - first > LOOK_ALIKES ? first + LOOK_ALIKES : end;
    for (size_t i = first; i < end; i++) {
        if (compare(k, k->look[i].signal, y, k->proved) != EQUAL)
            continue;
        k->twin[y] = k->look[i].signal;
        return k->proved[y] = true;
    }
    return false;
}

/* Long chains look alike from somewhere on: those behind what y is made of come first. */
static void find_twin(lf_check *k, lf_signal y) {
    if (!k->work)
        return;
    lf_signal last;
    if (last_before(k, y, &last) && !try_look_alikes(k, y, last, UINT32_MAX))
        (void)try_look_alikes(k, y, 0, last);
}

static bool same_outputs(lf_check *k, lf_same *how) {
    for (size_t o = 0; o < k->net[0]->outputs.count; o++) {
        lf_signal x = k->net[0]->outputs.at[o], y = k->net[1]->outputs.at[o];
        lf_verdict v = k->twin[y] && k->twin[y] == x ? EQUAL : compare(k, x, y, k->proved);
        if (v == UNKNOWN)
            v = compare(k, x, y, NULL);
        if (v == DIFFERENT)
            return false;
        how->proved += v == EQUAL;
        how->tested += v == UNKNOWN;
    }
    return true;
}

static bool same_in(lf_check *k, lf_same *how) {
    k->work = work_max;
    for (int side = 0; side < 2; side++) {
        k->shown[side] = LF_NEW_ARRAY(k->a, uint64_t, signals_of(k->net[side]));
        k->cone[side] = lf_cone_make(k->a, k->net[side], CONE_LUTS, CONE_INPUTS);
    }
    k->twin = LF_NEW_ARRAY(k->a, lf_signal, signals_of(k->net[1]));
    k->proved = LF_NEW_ARRAY(k->a, bool, signals_of(k->net[1]));
    if (!same_at_random(k))
        return false;
    list_signals(k);
    for (size_t i = 0; i < k->net[1]->luts.count; i++)
        find_twin(k, lf_lutnet_signal(k->net[1], i));
    k->work = work_max; /* outputs have their own */
    return same_outputs(k, how);
}

bool lf_lutnet_same(const lf_lutnet *x, const lf_lutnet *y, lf_same *how) {
    lf_same own;
    how = how ? how : &own;
    *how = (lf_same){0};
    if (x->inputs != y->inputs || x->outputs.count != y->outputs.count)
        return false;
    lf_check k = {.net = {x, y}, .a = lf_arena_new()};
    bool same = k.a && same_in(&k, how);
    lf_arena_free(k.a);
    return same;
}
