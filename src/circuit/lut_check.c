/* Netlists compared: all outputs at random inputs; each output by itself at all inputs where its cone has few. */
#include "circuit/lut_check.h"

#include <string.h>

#include "base/rng.h"
#include "circuit/lut_truth.h"
#include "circuit/wide_truth.h"

enum { RANDOM_WORDS = 64, CONE_INPUTS = 14 };
static const size_t work_max = (size_t)1 << 27; /* LUT words evaluated exhaustively in all */

typedef struct lf_check {
    const lf_lutnet *net[2];
    lf_arena *a;
    uint64_t *value[2]; /* [signal] */
    uint32_t *stamp[2]; /* [signal]: the output whose cone it is in */
    LF_VEC(lf_signal) cone[2];
    lf_signal input[CONE_INPUTS];
    int inputs;
} lf_check;

static bool same_at_random(lf_check *k) {
    lf_rng r = lf_rng_make(21, 0);
    const lf_lutnet *x = k->net[0];
    uint64_t *in = LF_NEW_ARRAY(k->a, uint64_t, x->inputs + 1), *p = LF_NEW_ARRAY(k->a, uint64_t, x->outputs.count + 1);
    uint64_t *q = LF_NEW_ARRAY(k->a, uint64_t, x->outputs.count + 1);
    for (int w = 0; w < RANDOM_WORDS; w++) {
        for (uint32_t i = 0; i < x->inputs; i++)
            in[i] = lf_rng_u64(&r);
        for (uint32_t i = 0; w == 0 && i < x->inputs; i++) /* all 0 and all 1 in the first two lanes */
            in[i] = (in[i] & ~(uint64_t)3) | 2;
        lf_lutnet_run(x, in, p, k->value[0]);
        lf_lutnet_run(k->net[1], in, q, k->value[1]);
        if (memcmp(p, q, x->outputs.count * sizeof *p))
            return false;
    }
    return true;
}

/* The cone of s; false when it has too many inputs. Input lists of both sides are joined. */
static bool collect(lf_check *k, int side, lf_signal s, uint32_t now) {
    uint32_t first = 2 + k->net[side]->inputs;
    if (s < 2 || k->stamp[side][s] == now)
        return true;
    k->stamp[side][s] = now;
    if (s < first) {
        bool known = k->stamp[!side][s] == now;
        if (!known && k->inputs == CONE_INPUTS)
            return false;
        if (!known)
            k->input[k->inputs++] = s;
        return true;
    }
    const lf_lut *l = &k->net[side]->luts.at[s - first];
    for (int j = 0; j < l->fan_in; j++)
        if (!collect(k, side, l->in[j], now))
            return false;
    LF_PUSH(k->a, &k->cone[side], s);
    return true;
}

static uint64_t run_cone(lf_check *k, int side, lf_signal out) {
    uint32_t first = 2 + k->net[side]->inputs;
    for (size_t i = 0; i < k->cone[side].count; i++) {
        lf_signal s = k->cone[side].at[i];
        const lf_lut *l = &k->net[side]->luts.at[s - first];
        k->value[side][s] = lf_truth_look_up(k->value[side], l->in, l->truth, l->fan_in);
    }
    return k->value[side][out];
}

/* Output o at all inputs of its cone, when these are few. */
static bool same_output(lf_check *k, size_t o, size_t *work) {
    lf_signal out[2] = {k->net[0]->outputs.at[o], k->net[1]->outputs.at[o]};
    k->inputs = 0;
    k->cone[0].count = k->cone[1].count = 0;
    if (!collect(k, 0, out[0], (uint32_t)o + 1) || !collect(k, 1, out[1], (uint32_t)o + 1))
        return true;
    size_t words = lf_wide_words(k->inputs), cost = words * (k->cone[0].count + k->cone[1].count + 1);
    if (cost > *work)
        return true;
    *work -= cost;
    for (size_t w = 0; w < words; w++) {
        for (int i = 0; i < k->inputs; i++)
            k->value[0][k->input[i]] = k->value[1][k->input[i]] = i < 6              ? lf_truth_variable(i)
                                                                  : w >> (i - 6) & 1 ? UINT64_MAX
                                                                                     : 0;
        if (run_cone(k, 0, out[0]) != run_cone(k, 1, out[1]))
            return false;
    }
    return true;
}

static bool same_in(lf_check *k) {
    size_t work = work_max;
    for (int side = 0; side < 2; side++) {
        size_t signals = 2 + k->net[side]->inputs + k->net[side]->luts.count;
        k->value[side] = LF_NEW_ARRAY(k->a, uint64_t, signals);
        k->stamp[side] = LF_NEW_ARRAY(k->a, uint32_t, signals);
    }
    if (!same_at_random(k))
        return false;
    for (size_t o = 0; o < k->net[0]->outputs.count; o++)
        if (!same_output(k, o, &work))
            return false;
    return true;
}

bool lf_lutnet_same(const lf_lutnet *x, const lf_lutnet *y) {
    if (x->inputs != y->inputs || x->outputs.count != y->outputs.count)
        return false;
    lf_check k = {.net = {x, y}, .a = lf_arena_new()};
    bool same = k.a && same_in(&k);
    lf_arena_free(k.a);
    return same;
}
