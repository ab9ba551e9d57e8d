#include "kern/byte_net.h"

#include <string.h>

#include "base/compiler.h"
#include "kern/byte_tables.h"

/* Neurons one after the other that are evaluated in the same way. */
typedef struct stretch {
    lf_byte_fn *run;
    size_t first, count;
} stretch;

typedef struct layer {
    size_t neurons;
    lf_byte_neuron *neuron;
    LF_VEC(stretch) stretches;
} layer;

struct lf_byte_net {
    lf_arena *arena;
    const lf_byte_kernel *kernel;
    size_t inputs, outputs, widest; /* widest: of the layers, the last aside */
    LF_VEC(layer) layers;
    lf_byte_counts counts;
};

lf_byte_net *lf_byte_net_new(lf_arena *a, size_t inputs, lf_isa isa) {
    lf_byte_net *n = lf_alloc_try(a, 1, sizeof *n);
    if (n)
        *n = (lf_byte_net){.arena = a, .kernel = lf_byte_kernel_for(isa), .inputs = inputs, .outputs = inputs};
    return n;
}

enum { LEAST_ENTRIES = 1 << 8 }; /* kernels read tables of fewer as such with inputs that do not matter */

/* Of whole registers: none reaches over the end of a line of the cache. */
static void *aligned_new(lf_arena *a, size_t bytes) {
    uint8_t *room = LF_NEW_ARRAY(a, uint8_t, bytes + 63);
    return room + (64 - (uintptr_t)room % 64) % 64;
}

static const uint8_t *table_of(lf_arena *a, const uint8_t *table, size_t entries) {
    if (entries >= LEAST_ENTRIES)
        return table;
    uint8_t *own = aligned_new(a, LEAST_ENTRIES);
    for (size_t i = 0; i < LEAST_ENTRIES; i++)
        own[i] = table[i & (entries - 1)];
    return own;
}

/* The last part's inputs may be fewer: those that are missing do not matter. */
static void repeat_terms(lf_byte_sums *s, int bits_of_last) {
    for (int p = 0; p < s->parts; p++) {
        int bits = p + 1 < s->parts ? s->part_bits : bits_of_last;
        for (int i = 1 << bits; i < LF_SUM_ENTRIES; i++) {
            s->high[p][i] = s->high[p][i & ((1 << bits) - 1)];
            s->low[p][i] = s->low[p][i & ((1 << bits) - 1)];
        }
    }
}

/* In the order of the six highest bits of a sum in two's complement. */
static void turn_steps(lf_byte_sums *s) {
    uint8_t step[LF_SUM_ENTRIES];
    for (int i = 0; i < LF_SUM_ENTRIES; i++)
        step[i] = s->step[i ^ LF_SUM_ENTRIES / 2];
    memcpy(s->step, step, sizeof step);
}

static void find_sums(lf_byte_net *n, lf_byte_neuron *x) {
    lf_byte_sums sums;
    if (!n->kernel->sums || x->fan_in * x->bits <= n->kernel->direct_bits ||
        !lf_byte_sums_find(x->table, x->fan_in, x->bits, &sums))
        return;
    repeat_terms(&sums, x->fan_in * x->bits - (sums.parts - 1) * sums.part_bits);
    turn_steps(&sums);
    x->sums = aligned_new(n->arena, sizeof sums);
    *x->sums = sums;
}

static void count(lf_byte_net *n, const lf_byte_neuron *x) {
    if (x->fan_in * x->bits <= 8)
        n->counts.tables++;
    else if (x->sums)
        n->counts.sums++;
    else
        n->counts.pieces++;
}

static void extend(lf_arena *a, layer *l, lf_byte_fn *run, size_t neuron) {
    stretch *last = l->stretches.count ? &l->stretches.at[l->stretches.count - 1] : NULL;
    if (last && last->run == run)
        last->count++;
    else
        LF_PUSH(a, &l->stretches, (stretch){run, neuron, 1});
}

void lf_byte_net_add(lf_byte_net *n, const lf_byte_layer *l) {
    size_t entries = (size_t)1 << l->fan_in * l->bits;
    layer made = {l->neurons, LF_NEW_ARRAY(n->arena, lf_byte_neuron, l->neurons + 1), {0}};
    for (size_t i = 0; i < l->neurons; i++) {
        lf_byte_neuron *x = &made.neuron[i];
        *x = (lf_byte_neuron){.fan_in = l->fan_in, .bits = l->bits};
        for (size_t j = 0; j < LF_COUNT(x->from); j++)
            x->from[j] = l->from[i * (size_t)l->fan_in + (j < (size_t)l->fan_in ? j : (size_t)l->fan_in - 1)];
        x->table = table_of(n->arena, l->table + i * entries, entries);
        find_sums(n, x);
        extend(n->arena, &made, n->kernel->choose(x), i);
        count(n, x);
    }
    if (n->layers.count && n->outputs > n->widest)
        n->widest = n->outputs;
    LF_PUSH(n->arena, &n->layers, made);
    n->outputs = l->neurons;
}

void lf_byte_net_run(const lf_byte_net *n, const uint8_t *in, uint8_t *out, uint8_t *scratch, size_t groups) {
    for (size_t g = 0; g < groups; g++) {
        const uint8_t *from = in + g * n->inputs * LF_BYTE_SAMPLES;
        for (size_t k = 0; k < n->layers.count; k++) {
            const layer *l = &n->layers.at[k];
            uint8_t *to = k + 1 == n->layers.count ? out + g * n->outputs * LF_BYTE_SAMPLES
                                                   : scratch + k % 2 * n->widest * LF_BYTE_SAMPLES;
            for (size_t i = 0; i < l->stretches.count; i++) {
                const stretch *s = &l->stretches.at[i];
                s->run(l->neuron + s->first, s->count, from, to + s->first * LF_BYTE_SAMPLES);
            }
            from = to;
        }
    }
}

size_t lf_byte_net_scratch(const lf_byte_net *n) {
    return (2 * n->widest + 1) * LF_BYTE_SAMPLES;
}

lf_byte_counts lf_byte_net_counts(const lf_byte_net *n) {
    return n->counts;
}
