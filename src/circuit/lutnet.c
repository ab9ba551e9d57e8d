/* LUT netlists: signals made once, and what they compute. */
#include "circuit/lutnet.h"

#include <assert.h>
#include <string.h>

#include "circuit/lut_truth.h"

/* Open addressing; a slot holds 1 + the number of a LUT, or 0. */
typedef struct lf_lut_names {
    uint32_t *slot;
    size_t size; /* a power of two */
} lf_lut_names;

lf_lutnet *lf_lutnet_new(lf_ctx *ctx, uint32_t inputs) {
    lf_arena *a = lf_arena_new();
    if (!a) {
        (void)lf_fail(ctx, LF_FAILED, NULL, "no memory for a LUT netlist");
        return NULL;
    }
    lf_lutnet *n = LF_NEW(a, lf_lutnet);
    n->ctx = ctx;
    n->arena = a;
    n->inputs = inputs;
    n->names = LF_NEW(a, lf_lut_names);
    n->names->size = 64;
    n->names->slot = LF_NEW_ARRAY(a, uint32_t, 64);
    return n;
}

void lf_lutnet_free(lf_lutnet *n) {
    if (n)
        lf_arena_free(n->arena);
}

/* -- sharing ------------------------------------------------------------------------------------------------------ */

static size_t hash_of(const lf_lut *l) {
    uint64_t h = l->truth ^ (uint64_t)l->fan_in << 56;
    for (int j = 0; j < l->fan_in; j++) {
        h = (h ^ l->in[j]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return (size_t)(h ^ h >> 32);
}

static bool same_lut(const lf_lut *x, const lf_lut *y) {
    return x->truth == y->truth && x->fan_in == y->fan_in && !memcmp(x->in, y->in, x->fan_in * sizeof *x->in);
}

static void insert(lf_lutnet *n, size_t lut) {
    size_t at = hash_of(&n->luts.at[lut]) & (n->names->size - 1);
    while (n->names->slot[at])
        at = (at + 1) & (n->names->size - 1);
    n->names->slot[at] = (uint32_t)lut + 1;
}

/* The LUT that there is, or 0. */
static lf_signal find(const lf_lutnet *n, const lf_lut *l) {
    const lf_lut_names *names = n->names;
    for (size_t at = hash_of(l) & (names->size - 1); names->slot[at]; at = (at + 1) & (names->size - 1))
        if (same_lut(&n->luts.at[names->slot[at] - 1], l))
            return lf_lutnet_signal(n, names->slot[at] - 1);
    return 0;
}

static lf_signal intern(lf_lutnet *n, const lf_lut *l) {
    lf_lut_names *names = n->names;
    lf_signal older = find(n, l);
    if (older)
        return older;
    LF_PUSH(n->arena, &n->luts, *l);
    if (n->luts.count * 2 > names->size) {
        names->size *= 2;
        names->slot = LF_NEW_ARRAY(n->arena, uint32_t, names->size);
        for (size_t i = 0; i < n->luts.count; i++)
            insert(n, i);
    } else {
        insert(n, n->luts.count - 1);
    }
    return lf_lutnet_signal(n, n->luts.count - 1);
}

static const lf_lut *lut_of(const lf_lutnet *n, lf_signal s) {
    return s >= 2 + n->inputs ? &n->luts.at[s - 2 - n->inputs] : NULL;
}

/* Simplified: a signal that there is; or a LUT, *out, and 0 for `is_lut`. */
static lf_signal simplified(const lf_lutnet *n, const lf_signal *in, int fan_in, uint64_t truth, lf_lut *out,
                            bool *is_lut) {
    lf_lut l = {0};
    int k = 0;
    assert(fan_in >= 1 && fan_in <= LF_LUT_INPUTS);
    truth &= lf_truth_mask(fan_in);
    for (int j = 0, left = fan_in; j < fan_in; j++) {
        const lf_lut *source = lut_of(n, in[j]);
        assert(in[j] < 2 + n->inputs + n->luts.count);
        if (in[j] < 2) {
            truth = lf_truth_fix(truth, left--, k, (int)in[j]);
            continue;
        }
        bool inverter = source && source->fan_in == 1;
        if (inverter)
            truth = lf_truth_flip(truth, left, k);
        l.in[k++] = inverter ? source->in[0] : in[j];
    }
    k = lf_truth_reduce(l.in, k, &truth);
    *is_lut = k > 1 || (k == 1 && truth != 2);
    if (!*is_lut)
        return k ? l.in[0] : (lf_signal)(truth & 1);
    memset(l.in + k, 0, (size_t)(LF_LUT_INPUTS - k) * sizeof *l.in);
    l.fan_in = (uint8_t)k;
    l.truth = truth;
    *out = l;
    return 0;
}

lf_signal lf_lutnet_lut(lf_lutnet *n, const lf_signal *in, int fan_in, uint64_t truth) {
    lf_lut l;
    bool is_lut;
    lf_signal s = simplified(n, in, fan_in, truth, &l, &is_lut);
    return is_lut ? intern(n, &l) : s;
}

lf_signal lf_lutnet_lut_or_inverse(lf_lutnet *n, const lf_signal *in, int fan_in, uint64_t truth) {
    lf_lut l;
    bool is_lut;
    lf_signal s = simplified(n, in, fan_in, truth, &l, &is_lut);
    if (!is_lut)
        return s;
    lf_lut opposite = l;
    opposite.truth = ~l.truth & lf_truth_mask(l.fan_in);
    lf_signal other = l.fan_in > 1 && !find(n, &l) ? find(n, &opposite) : 0;
    return other ? intern(n, &(lf_lut){.truth = 1, .in = {other}, .fan_in = 1}) : intern(n, &l);
}

/* -- meaning ------------------------------------------------------------------------------------------------------ */

void lf_lutnet_run(const lf_lutnet *n, const uint64_t *in, uint64_t *out, uint64_t *scratch) {
    scratch[0] = 0;
    scratch[1] = UINT64_MAX;
    for (uint32_t i = 0; i < n->inputs; i++)
        scratch[2 + i] = in[i];
    for (size_t i = 0; i < n->luts.count; i++) {
        const lf_lut *l = &n->luts.at[i];
        scratch[lf_lutnet_signal(n, i)] = lf_truth_look_up(scratch, l->in, l->truth, l->fan_in);
    }
    for (size_t i = 0; i < n->outputs.count; i++)
        out[i] = scratch[n->outputs.at[i]];
}

/* -- structure ---------------------------------------------------------------------------------------------------- */

lf_lutnet *lf_lutnet_clean(const lf_lutnet *n) {
    lf_lutnet *out = lf_lutnet_new(n->ctx, n->inputs);
    if (!out)
        return NULL;
    size_t first = 2 + n->inputs, signals = first + n->luts.count;
    bool *live = LF_NEW_ARRAY(out->arena, bool, signals);
    lf_signal *map = LF_NEW_ARRAY(out->arena, lf_signal, signals);
    for (size_t i = 0; i < n->outputs.count; i++)
        live[n->outputs.at[i]] = true;
    for (size_t i = n->luts.count; i-- > 0;)
        for (int j = 0; live[first + i] && j < n->luts.at[i].fan_in; j++)
            live[n->luts.at[i].in[j]] = true;
    for (size_t s = 0; s < first; s++)
        map[s] = (lf_signal)s;
    for (size_t i = 0; i < n->luts.count; i++) {
        const lf_lut *l = &n->luts.at[i];
        lf_signal in[LF_LUT_INPUTS];
        if (!live[first + i])
            continue;
        for (int j = 0; j < l->fan_in; j++)
            in[j] = map[l->in[j]];
        map[first + i] = lf_lutnet_lut(out, in, l->fan_in, l->truth);
    }
    for (size_t i = 0; i < n->outputs.count; i++)
        LF_PUSH(out->arena, &out->outputs, map[n->outputs.at[i]]);
    return out;
}

int lf_lutnet_depth(const lf_lutnet *n) {
    lf_arena *a = lf_arena_new();
    if (!a)
        return -1;
    size_t first = 2 + n->inputs;
    int *level = LF_NEW_ARRAY(a, int, first + n->luts.count), deepest = 0;
    for (size_t i = 0; i < n->luts.count; i++) {
        int most = 0;
        for (int j = 0; j < n->luts.at[i].fan_in; j++)
            if (level[n->luts.at[i].in[j]] > most)
                most = level[n->luts.at[i].in[j]];
        level[first + i] = most + 1;
    }
    for (size_t i = 0; i < n->outputs.count; i++)
        if (level[n->outputs.at[i]] > deepest)
            deepest = level[n->outputs.at[i]];
    lf_arena_free(a);
    return deepest;
}
