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

static uint8_t *short_table(lf_arena *a, const uint8_t *table, size_t entries) {
    if (entries >= LEAST_ENTRIES)
        return NULL;
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
    if (x->fan_in * x->bits <= n->kernel->direct_bits)
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

static bool is_short(const lf_byte_neuron *x) {
    return x->fan_in * x->bits <= LF_BYTE_SHORT_BITS;
}

/* Whether the last layer may give its values so that they repeat every `bits` bits: from tables of our own, all of them. */
static bool can_repeat(const lf_byte_net *n, int bits) {
    const layer *l = n->layers.count ? &n->layers.at[n->layers.count - 1] : NULL;
    bool can = l && n->kernel->blends && bits <= 3;
    for (size_t i = 0; can && i < l->neurons; i++)
        can = l->neuron[i].own || l->neuron[i].sums;
    return can;
}

/* Indices of 6 bits alone: longer ones want their values as they are. */
static bool takes_repeated(const lf_byte_neuron *x) {
    return is_short(x) || x->sums;
}

static void repeat(uint8_t *values, size_t count, int bits) {
    for (size_t i = 0; i < count; i++)
        for (int at = bits; at < LF_BYTE_SHORT_BITS; at += bits)
            values[i] = (uint8_t)(values[i] | (values[i] & ((1 << bits) - 1)) << at);
}

static void repeat_outputs(const layer *l, int bits) {
    for (size_t i = 0; i < l->neurons; i++)
        if (l->neuron[i].sums)
            repeat(l->neuron[i].sums->step, LF_SUM_ENTRIES, bits);
        else
            repeat(l->neuron[i].own, LEAST_ENTRIES, bits);
}

static uint32_t swap_fields(uint32_t index, int a, int b, int bits) {
    uint32_t differ = (index >> a * bits ^ index >> b * bits) & ((1u << bits) - 1);
    return index ^ (differ << a * bits | differ << b * bits);
}

/* Input j becomes the first one. */
static void put_first(lf_byte_neuron *x, int j) {
    if (j == 0)
        return;
    uint8_t old[LEAST_ENTRIES];
    memcpy(old, x->own, sizeof old);
    for (uint32_t i = 0; i < LEAST_ENTRIES; i++)
        x->own[i] = old[swap_fields(i, 0, j, x->bits)];
    uint32_t first = x->from[0];
    x->from[0] = x->from[j];
    x->from[j] = first;
}

/* Of its inputs, the one that most neurons of the layer read. */
static int most_read(const lf_byte_neuron *x, const size_t *readers) {
    int most = 0;
    for (int j = 1; j < x->fan_in; j++)
        most = readers[x->from[j]] > readers[x->from[most]] ? j : most;
    return most;
}

/* Every neuron has the most read of its inputs as its first; those of one input stand side by side. */
static void put_side_by_side(const lf_byte_net *n, const layer *l) {
    lf_arena *own = lf_arena_new();
    if (!own)
        return; /* as they are: slower */
    size_t *readers = LF_NEW_ARRAY(own, size_t, n->outputs + 1), *place = LF_NEW_ARRAY(own, size_t, n->outputs + 1);
    for (size_t i = 0; i < l->neurons; i++)
        for (int j = 0; j < l->neuron[i].fan_in; j++)
            readers[l->neuron[i].from[j]]++;
    for (size_t i = 0; i < l->neurons; i++) {
        put_first(&l->neuron[i], most_read(&l->neuron[i], readers));
        place[l->neuron[i].from[0] + 1]++;
    }
    for (size_t i = 0; i < n->outputs; i++)
        place[i + 1] += place[i];
    const lf_byte_neuron *old = lf_copy(own, l->neuron, l->neurons * sizeof *l->neuron);
    for (size_t i = 0; i < l->neurons; i++)
        l->neuron[place[old[i].from[0]]++] = old[i];
    lf_arena_free(own);
}

static layer make_layer(lf_byte_net *n, const lf_byte_layer *l) {
    size_t entries = (size_t)1 << l->fan_in * l->bits;
    layer made = {l->neurons, aligned_new(n->arena, (l->neurons + 1) * sizeof(lf_byte_neuron)), {0}};
    for (size_t i = 0; i < l->neurons; i++) {
        lf_byte_neuron *x = &made.neuron[i];
        *x = (lf_byte_neuron){.fan_in = l->fan_in, .bits = l->bits, .to = (uint32_t)i};
        for (size_t j = 0; j < LF_COUNT(x->from); j++)
            x->from[j] = l->from[i * (size_t)l->fan_in + (j < (size_t)l->fan_in ? j : (size_t)l->fan_in - 1)];
        x->own = short_table(n->arena, l->table + i * entries, entries);
        x->table = x->own ? x->own : l->table + i * entries;
        find_sums(n, x);
        count(n, x);
    }
    return made;
}

void lf_byte_net_add(lf_byte_net *n, const lf_byte_layer *l) {
    layer made = make_layer(n, l);
    bool repeated = can_repeat(n, l->bits), side_by_side = n->kernel->blends;
    for (size_t i = 0; i < l->neurons; i++) {
        repeated = repeated && takes_repeated(&made.neuron[i]);
        side_by_side = side_by_side && is_short(&made.neuron[i]);
    }
    if (repeated)
        repeat_outputs(&n->layers.at[n->layers.count - 1], l->bits);
    if (side_by_side)
        put_side_by_side(n, &made);
    for (size_t i = 0; i < l->neurons; i++) {
        made.neuron[i].repeated = repeated;
        extend(n->arena, &made, n->kernel->choose(&made.neuron[i]), i);
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
                s->run(l->neuron + s->first, s->count, from, to);
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
