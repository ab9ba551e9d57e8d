/* LUTs that need none of their own: the LUT of a place of a carry chain has inputs to spare. */
#include "circuit/circuit_inside.h"

enum { SPARE = LF_LUT_INPUTS - 1 }; /* beside the other operand's bit */

static void count_use(void *user, lf_word operand) {
    ((uint32_t *)user)[operand]++;
}

static uint32_t *uses_of(const lf_circuit *c, lf_arena *a) {
    uint32_t *uses = LF_NEW_ARRAY(a, uint32_t, c->words.count);
    for (lf_word w = 1; w < c->words.count; w++)
        lf_word_operands(lf_word_at(c, w), count_use, uses);
    for (size_t i = 0; i < c->outputs.count; i++)
        uses[c->outputs.at[i]]++;
    return uses;
}

/* The bits that an operand is joined from, or it itself: none if others read it, too. */
static int bits_of(const lf_circuit *c, const uint32_t *uses, lf_word operand, const lf_word **bits) {
    const lf_word_def *d = lf_word_at(c, operand);
    *bits = d->args;
    return uses[operand] == 1 && d->op == LF_WORD_JOIN ? d->arg_count : 0;
}

/* A register between two words, where stages are given, keeps them apart. */
static bool together(const lf_circuit *c, lf_word a, lf_word b) {
    return !c->stage.count || c->stage.at[a] == c->stage.at[b];
}

static bool fits_in(const lf_circuit *c, const uint32_t *uses, lf_word bit) {
    const lf_word_def *d = lf_word_at(c, bit);
    return d->op == LF_WORD_LUT && d->arg_count <= SPARE && uses[bit] == 1;
}

/* Bits of the operand that two bits' places of the chain can compute; marked if `into` is given. */
static int absorb(const lf_circuit *c, const uint32_t *uses, lf_word add, lf_word operand, uint8_t *into) {
    const lf_word *bits;
    int first, end, found = 0, count = bits_of(c, uses, operand, &bits);
    lf_adder_places(c, add, &first, &end);
    for (int i = first; i < end && i < count; i++)
        if (together(c, bits[i], operand) && together(c, operand, add) && fits_in(c, uses, bits[i])) {
            found++;
            if (into)
                into[bits[i]] = 1;
        }
    return found;
}

/* Where LUTs have four inputs, those of a carry chain have none to spare; and a circuit that is mapped to them has no wider ones. */
static bool has_wide(const lf_circuit *c) {
    for (lf_word w = 1; w < c->words.count; w++)
        if (lf_word_at(c, w)->op == LF_WORD_LUT && lf_word_at(c, w)->arg_count >= SPARE)
            return true;
    return false;
}

uint8_t *lf_circuit_absorbed(const lf_circuit *c, lf_arena *a) {
    uint8_t *absorbed = LF_NEW_ARRAY(a, uint8_t, c->words.count);
    if (!has_wide(c))
        return absorbed;
    const uint32_t *uses = uses_of(c, a);
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        if (d->op != LF_WORD_ADD)
            continue;
        bool second = absorb(c, uses, w, d->b, NULL) >= absorb(c, uses, w, d->a, NULL);
        (void)absorb(c, uses, w, second ? d->b : d->a, absorbed);
    }
    return absorbed;
}

int lf_word_absorbs(const lf_circuit *c, const uint8_t *absorbed, lf_word operand) {
    const lf_word_def *d = lf_word_at(c, operand);
    int count = 0;
    for (int i = 0; d->op == LF_WORD_JOIN && i < d->arg_count; i++)
        count += absorbed[d->args[i]];
    return count;
}
