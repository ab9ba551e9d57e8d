/* What stays a word, and everything else as a netlist. */
#include <string.h>

#include "circuit/circuit_inside.h"
#include "circuit/minimize_inside.h"

static int free_bits(const lf_circuit *c, lf_word w) {
    return lf_word_is_const(c, w) ? 0 : lf_word_bits(c, w);
}

/* A carry chain that computes several LUTs of one operand in its own. */
static bool is_full(const lf_islands *x, const lf_word_def *d) {
    return d->op == LF_WORD_ADD &&
           lf_word_absorbs(x->c, x->absorbed, d->a) + lf_word_absorbs(x->c, x->absorbed, d->b) > 1;
}

/* What is looked at to find out which values of a table's index can occur. */
enum { CONE_INPUTS_MAX = 14, CONE_LUTS_MAX = 2000 };

/* A sum of so few bits that one LUT gives each bit of the result, or a comparison with a constant or of narrow words. */
static bool is_soft(const lf_islands *x, lf_word w) {
    const lf_word_def *d = lf_word_at(x->c, w);
    int k = x->o->lut_inputs, levels = x->o->depth ? x->o->depth : 3;
    switch ((lf_word_op)d->op) {
    case LF_WORD_ADD:
    case LF_WORD_SUB: return !is_full(x, d) && free_bits(x->c, d->a) + free_bits(x->c, d->b) <= k;
    case LF_WORD_LESS: {
        int a = free_bits(x->c, d->a), b = free_bits(x->c, d->b);
        if (!a || !b)
            return true;
        return a + b <= k + (levels > 3 ? 2 : levels - 1) * (k - 2);
    }
    case LF_WORD_EQUAL:
    case LF_WORD_SELECT:
    case LF_WORD_TABLE:
    case LF_WORD_LUT: return true;
    default: return false;
    }
}

static bool is_wire(const lf_word_def *d) {
    return d->op == LF_WORD_SHIFT || d->op == LF_WORD_BIT || d->op == LF_WORD_JOIN;
}

/* -- logic of different parts is kept apart, so that each is counted for itself ---------------------------------------- */

typedef struct lf_readers {
    lf_islands *x;
    const bool *soft;
    uint8_t *part; /* [wire]: of who reads it; PARTS_MIXED: several */
    uint8_t by;
} lf_readers;

enum { PARTS_NONE = 0xff, PARTS_MIXED = 0xfe };

static void note_reader(void *user, lf_word w) {
    lf_readers *r = user;
    uint8_t *seen = &r->part[w];
    *seen = *seen == PARTS_NONE || *seen == r->by ? r->by : PARTS_MIXED;
}

/* Soft words that logic of another part reads stay words. From the last word on, what reads a wire reads what it comes from. */
static void keep_parts_apart(lf_islands *x, const bool *soft) {
    const lf_circuit *c = x->c;
    lf_readers r = {x, soft, LF_NEW_ARRAY(x->a, uint8_t, c->words.count), 0};
    memset(r.part, PARTS_NONE, c->words.count);
    for (lf_word w = (lf_word)c->words.count - 1; w > 0; w--) {
        const lf_word_def *d = lf_word_at(c, w);
        if (soft[w] && r.part[w] != PARTS_NONE && r.part[w] != d->part)
            x->stays[w] = true;
        r.by = is_wire(d) ? r.part[w] : soft[w] ? d->part : PARTS_NONE;
        if (r.by != PARTS_NONE)
            lf_word_operands(d, note_reader, &r);
    }
}

static void classify(lf_islands *x) {
    const lf_circuit *c = x->c;
    bool *soft = LF_NEW_ARRAY(x->a, bool, c->words.count);
    x->absorbed = lf_circuit_absorbed(c, x->a);
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        soft[w] = is_soft(x, w);
        x->stays[w] = !soft[w] && !is_wire(d) && d->op != LF_WORD_CONST;
    }
    keep_parts_apart(x, soft);
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        bool from_one = d->op == LF_WORD_SHIFT || d->op == LF_WORD_BIT;
        x->wordy[w] = x->stays[w] || d->op == LF_WORD_CONST || (from_one && x->wordy[d->a]);
    }
}

/* -- the netlist --------------------------------------------------------------------------------------------------------- */

static uint32_t number_inputs(lf_islands *x) {
    uint32_t next = 0;
    for (lf_word w = 1; w < x->c->words.count; w++)
        if (x->stays[w]) {
            x->base[w] = next;
            next += (uint32_t)lf_word_bits(x->c, w);
        }
    x->source = LF_NEW_ARRAY(x->a, lf_word, next + 1);
    x->source_bit = LF_NEW_ARRAY(x->a, int, next + 1);
    for (lf_word w = 1; w < x->c->words.count; w++)
        for (int k = 0; x->stays[w] && k < lf_word_bits(x->c, w); k++) {
            x->source[x->base[w] + (uint32_t)k] = w;
            x->source_bit[x->base[w] + (uint32_t)k] = k;
        }
    return next;
}

/* The word's bits as its readers see them; what makes a soft word that stays is put aside. */
static lf_status make_bits(lf_islands *x, lf_word w) {
    const lf_word_def *d = lf_word_at(x->c, w);
    int bits = lf_word_bits(x->c, w);
    bool soft = !is_wire(d) && d->op != LF_WORD_CONST && is_soft(x, w);
    x->blast.bits[w] = LF_NEW_ARRAY(x->a, lf_signal, bits);
    if (d->op == LF_WORD_TABLE)
        LF_TRY(lf_islands_table(x, w));
    else if (soft || !x->stays[w])
        lf_blast_word(&x->blast, w);
    while (x->signal_part.count < x->blast.net->luts.count)
        LF_PUSH(x->a, &x->signal_part, d->part);
    if (!x->stays[w])
        return LF_OK;
    if (soft) {
        x->made[w] = x->blast.bits[w];
        x->blast.bits[w] = LF_NEW_ARRAY(x->a, lf_signal, bits);
    }
    for (int k = 0; k < bits; k++)
        x->blast.bits[w][k] = lf_lutnet_input(x->base[w] + (uint32_t)k);
    return LF_OK;
}

static void add_output(lf_islands *x, lf_word w, int k, lf_signal s) {
    uint32_t first = 2 + x->blast.net->inputs;
    LF_PUSH(x->a, &x->outputs, (lf_island_output){w, k, s >= first ? x->signal_part.at[s - first] : (uint8_t)0});
    LF_PUSH(x->blast.net->arena, &x->blast.net->outputs, s);
}

/* Bits that are needed as a word: of the operands of what stays, and of the outputs. */
static void need(void *user, lf_word w) {
    lf_islands *x = user;
    if (x->wordy[w] || x->base[w])
        return;
    x->base[w] = 1; /* once */
    for (int k = 0; k < lf_word_bits(x->c, w); k++)
        add_output(x, w, k, x->blast.bits[w][k]);
}

static void find_outputs(lf_islands *x) {
    for (lf_word w = 1; w < x->c->words.count; w++) {
        for (int k = 0; x->made[w] && k < lf_word_bits(x->c, w); k++)
            add_output(x, w, k, x->made[w][k]);
        if (x->stays[w] && !x->made[w])
            lf_word_operands(lf_word_at(x->c, w), need, x);
    }
    for (size_t o = 0; o < x->c->outputs.count; o++)
        need(x, x->c->outputs.at[o]);
}

lf_status lf_islands_find(lf_islands *x) {
    size_t words = x->c->words.count;
    x->stays = LF_NEW_ARRAY(x->a, bool, words);
    x->wordy = LF_NEW_ARRAY(x->a, bool, words);
    x->base = LF_NEW_ARRAY(x->a, uint32_t, words);
    x->made = LF_NEW_ARRAY(x->a, lf_signal *, words);
    x->counts = LF_NEW_ARRAY(x->a, uint32_t *, words);
    classify(x);
    x->blast = (lf_blast){x->c, lf_lutnet_new(x->c->ctx, number_inputs(x)), LF_NEW_ARRAY(x->a, lf_signal *, words)};
    if (!x->blast.net)
        return LF_FAILED;
    x->cone = lf_cone_make(x->a, x->blast.net, CONE_LUTS_MAX, CONE_INPUTS_MAX);
    lf_islands_count_samples(x);
    for (lf_word w = 1; w < words; w++)
        LF_TRY(make_bits(x, w));
    find_outputs(x);
    return LF_OK;
}
