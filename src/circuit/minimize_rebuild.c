/* The mapped netlist and the words that stayed as a circuit again. */
#include <string.h>

#include "circuit/circuit_inside.h"
#include "circuit/minimize_inside.h"

typedef struct lf_rebuild {
    const lf_islands *x;
    const lf_lutnet *net;
    lf_circuit *d;
    lf_word *word;    /* [word of the old circuit], 0: not yet */
    lf_word *signal;  /* [signal of the netlist] */
    lf_signal **bits; /* [word]: the netlist's outputs that are its bits, or NULL */
    uint8_t *part;    /* [LUT of the netlist] */
    lf_cone cone;     /* all of the netlist that was needed so far, and how much of it is made */
    size_t leaves, luts;
} lf_rebuild;

static lf_word word_of(lf_rebuild *b, lf_word w);

static lf_word leaf_of(lf_rebuild *b, lf_signal s) {
    lf_word from = b->x->source[s - 2];
    return lf_circuit_bit(b->d, word_of(b, from), b->x->source_bit[s - 2]);
}

static lf_word lut_of(lf_rebuild *b, lf_signal s) {
    size_t lut = s - 2 - b->net->inputs;
    const lf_lut *l = &b->net->luts.at[lut];
    lf_word in[LF_LUT_INPUTS];
    for (int j = 0; j < l->fan_in; j++)
        in[j] = b->signal[l->in[j]];
    b->d->part = (lf_circuit_part)b->part[lut];
    return lf_circuit_lut(b->d, in, l->fan_in, l->truth);
}

/* With all that it is made of and that is not there yet: the cone goes on where it was left. The words behind its inputs come before this one in
 * the old circuit, so they are there. */
static lf_word signal_of(lf_rebuild *b, lf_signal s) {
    if (s < 2)
        return lf_circuit_const(b->d, s);
    (void)lf_cone_add(&b->cone, s);
    for (; b->leaves < b->cone.leaves.count; b->leaves++)
        b->signal[b->cone.leaves.at[b->leaves]] = leaf_of(b, b->cone.leaves.at[b->leaves]);
    for (; b->luts < b->cone.luts.count; b->luts++)
        b->signal[b->cone.luts.at[b->luts]] = lut_of(b, b->cone.luts.at[b->luts]);
    return b->signal[s];
}

/* A word from its bits. Where samples decided about entries of tables other values may occur than before. */
static lf_word joined(lf_rebuild *b, lf_word w) {
    lf_word bit[LF_WORD_MAX_BITS + 1];
    int bits = lf_word_bits(b->x->c, w);
    bool is_signed = lf_word_signed(b->x->c, w);
    for (int k = 0; k < bits; k++)
        bit[k] = signal_of(b, b->bits[w][k]);
    b->d->part = (lf_circuit_part)lf_word_at(b->x->c, w)->part;
    if (bits == 1 && !is_signed)
        return bit[0];
    if (b->x->o->samples)
        return lf_circuit_join(b->d, bit, bits, is_signed);
    return lf_circuit_join_known(b->d, bit, bits, is_signed, lf_word_range(b->x->c, w));
}

static lf_word kept_word(lf_rebuild *b, lf_word w) {
    const lf_word_def *d = lf_word_at(b->x->c, w);
    lf_word p = d->a ? word_of(b, d->a) : 0, q = d->b ? word_of(b, d->b) : 0;
    b->d->part = (lf_circuit_part)d->part;
    switch ((lf_word_op)d->op) {
    case LF_WORD_CONST: return lf_circuit_const(b->d, d->range.lo);
    case LF_WORD_ADD: return lf_circuit_add(b->d, p, q);
    case LF_WORD_SUB: return lf_circuit_sub(b->d, p, q);
    case LF_WORD_LESS: return lf_circuit_less(b->d, p, q);
    case LF_WORD_SHIFT: return lf_circuit_shift(b->d, p, d->amount);
    default: return lf_circuit_bit(b->d, p, d->amount);
    }
}

static lf_word word_of(lf_rebuild *b, lf_word w) {
    if (!b->word[w])
        b->word[w] = b->bits[w] ? joined(b, w) : kept_word(b, w);
    return b->word[w];
}

/* Each LUT belongs to the part whose output it makes. */
static void find_parts(lf_rebuild *b) {
    uint32_t first = 2 + b->net->inputs;
    for (size_t o = 0; o < b->net->outputs.count; o++)
        if (b->net->outputs.at[o] >= first)
            b->part[b->net->outputs.at[o] - first] = b->x->outputs.at[o].part;
    for (size_t i = b->net->luts.count; i-- > 0;)
        for (int j = 0; j < b->net->luts.at[i].fan_in; j++)
            if (b->net->luts.at[i].in[j] >= first)
                b->part[b->net->luts.at[i].in[j] - first] = b->part[i];
}

static void find_bits(lf_rebuild *b) {
    for (size_t o = 0; o < b->net->outputs.count; o++) {
        const lf_island_output *out = &b->x->outputs.at[o];
        if (!b->bits[out->word])
            b->bits[out->word] = LF_NEW_ARRAY(b->x->a, lf_signal, lf_word_bits(b->x->c, out->word));
        b->bits[out->word][out->bit] = b->net->outputs.at[o];
    }
}

lf_circuit *lf_islands_rebuild(const lf_islands *x, const lf_lutnet *net) {
    const lf_circuit *c = x->c;
    lf_rebuild b = {.x = x, .net = net, .d = lf_circuit_new(c->ctx)};
    if (!b.d)
        return NULL;
    b.word = LF_NEW_ARRAY(x->a, lf_word, c->words.count);
    b.signal = LF_NEW_ARRAY(x->a, lf_word, 2 + net->inputs + net->luts.count);
    b.bits = LF_NEW_ARRAY(x->a, lf_signal *, c->words.count);
    b.part = LF_NEW_ARRAY(x->a, uint8_t, net->luts.count + 1);
    b.cone = lf_cone_make(x->a, net, SIZE_MAX, SIZE_MAX);
    lf_cone_begin(&b.cone);
    find_bits(&b);
    find_parts(&b);
    for (size_t i = 0; i < c->inputs.count; i++)
        b.word[c->inputs.at[i]] = lf_circuit_input(b.d, lf_word_range(c, c->inputs.at[i]));
    for (lf_word w = 1; w < c->words.count; w++) /* in order, so that chains of words are not deep recursions */
        if (x->stays[w])
            (void)word_of(&b, w);
    for (size_t i = 0; i < c->outputs.count; i++)
        lf_circuit_output(b.d, word_of(&b, c->outputs.at[i]));
    lf_circuit *clean = lf_circuit_ok(b.d) == LF_OK ? lf_circuit_clean(b.d) : NULL;
    lf_circuit_free(b.d);
    return clean;
}
