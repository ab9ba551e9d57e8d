/* Local search over mapped netlists: a LUT with all LUTs that serve only it (its fanout-free cone) is one function of the cone's inputs; where these
 * are few, it is decomposed again. */
#include <string.h>

#include "circuit/decompose.h"
#include "circuit/decompose_inside.h"
#include "circuit/lut_truth.h"

enum { INPUTS_MAX = 12, CONE_MAX = 64 };

typedef struct lf_collapse {
    const lf_lutnet *n;
    lf_lutnet *out;
    lf_arena *a;
    lf_decompose_options o;
    int *readers;        /* [signal] */
    lf_signal *map;      /* [signal] of n: of out */
    bool *gone;          /* [signal]: inside a cone that was replaced */
    lf_lutnet **instead; /* [LUT]: netlist over cone inputs, or NULL */
    lf_signal **inputs;  /* [LUT] */
    uint64_t *value;
    lf_signal cone[CONE_MAX], leaf[INPUTS_MAX]; /* of the LUT at hand; cone in order of evaluation */
    int cones, leaves;
} lf_collapse;

static bool in_list(const lf_signal *list, int count, lf_signal s) {
    for (int i = 0; i < count; i++)
        if (list[i] == s)
            return true;
    return false;
}

/* The cone of s: LUTs read once, by LUTs of the cone. False when it grows too wide. */
static bool collect(lf_collapse *k, lf_signal s) {
    const lf_lut *l = &k->n->luts.at[s - 2 - k->n->inputs];
    for (int j = 0; j < l->fan_in; j++) {
        lf_signal t = l->in[j];
        if (t >= 2 + k->n->inputs && k->readers[t] == 1 && !k->gone[t] && !k->instead[t - 2 - k->n->inputs]) {
            if (!collect(k, t))
                return false;
        } else if (!in_list(k->leaf, k->leaves, t)) {
            if (k->leaves == INPUTS_MAX)
                return false;
            k->leaf[k->leaves++] = t;
        }
    }
    if (k->cones == CONE_MAX)
        return false;
    k->cone[k->cones++] = s;
    return true;
}

static uint64_t *cone_table(lf_collapse *k, lf_arena *a) {
    uint64_t *bits = LF_NEW_ARRAY(a, uint64_t, lf_wide_words(k->leaves));
    for (size_t w = 0; w < lf_wide_words(k->leaves); w++) {
        for (int i = 0; i < k->leaves; i++)
            k->value[k->leaf[i]] = i < 6 ? lf_truth_variable(i) : w >> (i - 6) & 1 ? UINT64_MAX : 0;
        for (int i = 0; i < k->cones; i++) {
            const lf_lut *l = &k->n->luts.at[k->cone[i] - 2 - k->n->inputs];
            k->value[k->cone[i]] = lf_truth_look_up(k->value, l->in, l->truth, l->fan_in);
        }
        bits[w] = k->value[k->cone[k->cones - 1]] & lf_truth_mask(k->leaves);
    }
    return bits;
}

/* What replaces the cone, when that is smaller. */
static void try_cone(lf_collapse *k, size_t lut, lf_arena *scratch) {
    lf_lutnet *part = lf_lutnet_new(k->n->ctx, (uint32_t)k->leaves);
    lf_signal in[INPUTS_MAX], out;
    const uint64_t *bits[1] = {cone_table(k, scratch)};
    for (int i = 0; i < k->leaves; i++)
        in[i] = lf_lutnet_input((uint32_t)i);
    if (!part || lf_decompose(part, &(lf_truth_table){k->leaves, 1, bits, NULL}, &k->o, in, &out) != LF_OK ||
        part->luts.count >= (size_t)k->cones) {
        lf_lutnet_free(part);
        return;
    }
    LF_PUSH(part->arena, &part->outputs, out);
    k->instead[lut] = part;
    k->inputs[lut] = lf_copy(k->a, k->leaf, (size_t)k->leaves * sizeof *k->leaf);
    for (int i = 0; i + 1 < k->cones; i++)
        k->gone[k->cone[i]] = true;
}

static void search(lf_collapse *k) {
    lf_arena *scratch = lf_arena_new();
    for (size_t i = k->n->luts.count; scratch && i-- > 0;) { /* from the outputs: the widest cones first */
        lf_signal s = lf_lutnet_signal(k->n, i);
        k->cones = k->leaves = 0;
        if (k->gone[s] || !collect(k, s) || k->cones < 3 || k->leaves <= k->o.lut_inputs / 2)
            continue;
        try_cone(k, i, scratch);
        lf_arena_reset(scratch);
    }
    lf_arena_free(scratch);
}

static void rebuild(lf_collapse *k) {
    const lf_lutnet *n = k->n;
    lf_signal in[INPUTS_MAX];
    for (size_t i = 0; i < n->luts.count; i++) {
        const lf_lut *l = &n->luts.at[i];
        lf_signal s = lf_lutnet_signal(n, i);
        const lf_signal *from = k->instead[i] ? k->inputs[i] : l->in;
        int count = k->instead[i] ? (int)k->instead[i]->inputs : l->fan_in;
        if (k->gone[s])
            continue;
        for (int j = 0; j < count; j++)
            in[j] = k->map[from[j]];
        if (k->instead[i])
            lf_splice(k->out, k->instead[i], in, &k->map[s]);
        else
            k->map[s] = lf_lutnet_lut(k->out, in, l->fan_in, l->truth);
    }
    for (size_t o = 0; o < n->outputs.count; o++)
        LF_PUSH(k->out->arena, &k->out->outputs, k->map[n->outputs.at[o]]);
}

static void collapse_in(lf_collapse *k) {
    const lf_lutnet *n = k->n;
    size_t signals = 2 + n->inputs + n->luts.count;
    k->readers = LF_NEW_ARRAY(k->a, int, signals);
    k->map = LF_NEW_ARRAY(k->a, lf_signal, signals);
    k->gone = LF_NEW_ARRAY(k->a, bool, signals);
    k->value = LF_NEW_ARRAY(k->a, uint64_t, signals);
    k->instead = LF_NEW_ARRAY(k->a, lf_lutnet *, n->luts.count + 1);
    k->inputs = LF_NEW_ARRAY(k->a, lf_signal *, n->luts.count + 1);
    for (size_t s = 0; s < 2 + n->inputs; s++)
        k->map[s] = (lf_signal)s;
    for (size_t i = 0; i < n->luts.count; i++)
        for (int j = 0; j < n->luts.at[i].fan_in; j++)
            k->readers[n->luts.at[i].in[j]]++;
    for (size_t o = 0; o < n->outputs.count; o++)
        k->readers[n->outputs.at[o]] += 2;
    search(k);
    rebuild(k);
    for (size_t i = 0; i < n->luts.count; i++)
        lf_lutnet_free(k->instead[i]);
}

lf_lutnet *lf_lutnet_collapse(const lf_lutnet *n, int lut_inputs, int effort) {
    lf_collapse k = {.n = n, .out = lf_lutnet_new(n->ctx, n->inputs), .a = lf_arena_new(), .o = {lut_inputs, effort}};
    if (k.out && k.a) {
        collapse_in(&k);
        lf_arena_free(k.a);
        return k.out;
    }
    lf_lutnet_free(k.out);
    lf_arena_free(k.a);
    return NULL;
}
