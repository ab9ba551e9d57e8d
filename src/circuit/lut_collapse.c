/* Local search over mapped netlists: a LUT with all LUTs that serve only it (its fanout-free cone) is one function of the cone's inputs; where these
 * are few, it is decomposed again. */
#include <string.h>

#include "circuit/decompose.h"
#include "circuit/decompose_inside.h"
#include "circuit/lut_cone.h"
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
    bool *ends;          /* [signal]: not read once, or replaced: no cone but its own has it */
    lf_lutnet **instead; /* [LUT]: netlist over cone inputs, or NULL */
    lf_signal **inputs;  /* [LUT] */
    lf_cone cone;        /* of the LUT at hand */
} lf_collapse;

/* The function of s over the leaves of its cone: LUTs read once, by LUTs of the cone. */
static uint64_t *cone_table(lf_collapse *k, lf_signal s, lf_arena *a) {
    int leaves = (int)k->cone.leaves.count;
    uint64_t *bits = LF_NEW_ARRAY(a, uint64_t, lf_wide_words(leaves));
    for (size_t w = 0; w < lf_wide_words(leaves); w++) {
        lf_cone_look(&k->cone, w);
        bits[w] = lf_cone_value(&k->cone, s) & lf_truth_mask(leaves);
    }
    return bits;
}

/* What replaces the cone, when that is smaller. */
static void try_cone(lf_collapse *k, size_t lut, lf_arena *scratch) {
    const lf_cone *c = &k->cone;
    int leaves = (int)c->leaves.count;
    lf_lutnet *part = lf_lutnet_new(k->n->ctx, (uint32_t)leaves);
    lf_signal in[INPUTS_MAX], out;
    const uint64_t *bits[1] = {cone_table(k, lf_lutnet_signal(k->n, lut), scratch)};
    for (int i = 0; i < leaves; i++)
        in[i] = lf_lutnet_input((uint32_t)i);
    if (!part || lf_decompose(part, &(lf_truth_table){leaves, 1, bits, NULL}, &k->o, in, &out) != LF_OK ||
        part->luts.count >= c->luts.count) {
        lf_lutnet_free(part);
        return;
    }
    LF_PUSH(part->arena, &part->outputs, out);
    k->instead[lut] = part;
    k->inputs[lut] = lf_copy(k->a, c->leaves.at, c->leaves.count * sizeof *c->leaves.at);
    for (size_t i = 0; i < c->luts.count; i++)
        k->ends[c->luts.at[i]] = k->gone[c->luts.at[i]] = true;
    k->gone[lf_lutnet_signal(k->n, lut)] = false;
}

static void search(lf_collapse *k) {
    lf_arena *scratch = lf_arena_new();
    for (size_t i = k->n->luts.count; scratch && i-- > 0;) { /* from the outputs: the widest cones first */
        lf_signal s = lf_lutnet_signal(k->n, i);
        lf_cone_begin(&k->cone);
        if (k->gone[s] || !lf_cone_add(&k->cone, s) || k->cone.luts.count < 3 ||
            k->cone.leaves.count <= (size_t)k->o.lut_inputs / 2)
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
    k->ends = LF_NEW_ARRAY(k->a, bool, signals);
    k->instead = LF_NEW_ARRAY(k->a, lf_lutnet *, n->luts.count + 1);
    k->inputs = LF_NEW_ARRAY(k->a, lf_signal *, n->luts.count + 1);
    for (size_t s = 0; s < 2 + n->inputs; s++)
        k->map[s] = (lf_signal)s;
    for (size_t i = 0; i < n->luts.count; i++)
        for (int j = 0; j < n->luts.at[i].fan_in; j++)
            k->readers[n->luts.at[i].in[j]]++;
    for (size_t o = 0; o < n->outputs.count; o++)
        k->readers[n->outputs.at[o]] += 2;
    for (size_t s = 0; s < signals; s++)
        k->ends[s] = k->readers[s] != 1;
    k->cone = lf_cone_make(k->a, n, CONE_MAX, INPUTS_MAX);
    k->cone.ends = k->ends;
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
