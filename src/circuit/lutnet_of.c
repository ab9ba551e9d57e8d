/* A circuit bit by bit: words become vectors of signals. */
#include "circuit/blast.h"
#include "circuit/circuit_inside.h"

enum { LUT_NOT = 0x1, LUT_XNOR = 0x9, LUT_AND = 0x8, LUT_XOR3 = 0x96, LUT_MAJORITY = 0xe8, LUT_MUX = 0xca };

/* Bit k of a word, its sign beyond the highest. */
static lf_signal bit_of(const lf_blast *x, lf_word w, int k) {
    int bits = lf_word_bits(x->c, w);
    if (k < bits)
        return x->bits[w][k];
    return lf_word_signed(x->c, w) ? x->bits[w][bits - 1] : 0;
}

static lf_signal lut2(lf_blast *x, lf_signal a, lf_signal b, uint64_t truth) {
    return lf_lutnet_lut(x->net, (const lf_signal[]){a, b}, 2, truth);
}

static lf_signal lut3(lf_blast *x, lf_signal a, lf_signal b, lf_signal c, uint64_t truth) {
    return lf_lutnet_lut(x->net, (const lf_signal[]){a, b, c}, 3, truth);
}

/* s ? yes : no */
static lf_signal mux(lf_blast *x, lf_signal s, lf_signal yes, lf_signal no) {
    return lut3(x, no, yes, s, LUT_MUX);
}

static lf_signal invert(lf_blast *x, lf_signal s) {
    return lf_lutnet_lut(x->net, &s, 1, LUT_NOT);
}

/* a + b, or a - b = a + ~b + 1. */
static void add(lf_blast *x, const lf_word_def *d, lf_signal *out, int bits) {
    bool minus = d->op == LF_WORD_SUB;
    lf_signal carry = minus;
    for (int k = 0; k < bits; k++) {
        lf_signal a = bit_of(x, d->a, k), b = bit_of(x, d->b, k);
        if (minus)
            b = invert(x, b);
        out[k] = lut3(x, a, b, carry, LUT_XOR3);
        carry = lut3(x, a, b, carry, LUT_MAJORITY);
    }
}

static int wider(const lf_blast *x, lf_word a, lf_word b) {
    int p = lf_word_bits(x->c, a), q = lf_word_bits(x->c, b);
    return p > q ? p : q;
}

/* From the lowest bit: a < b where b is larger here, or equal here and less below. At a sign bit the roles are exchanged. */
static lf_signal less(lf_blast *x, const lf_word_def *d) {
    bool a_signed = lf_word_signed(x->c, d->a), b_signed = lf_word_signed(x->c, d->b);
    int bits = wider(x, d->a, d->b) + (a_signed != b_signed); /* an unsigned word beside a signed one needs a sign */
    lf_signal below = 0;
    for (int k = 0; k < bits; k++) {
        bool sign = k == bits - 1 && (a_signed || b_signed);
        lf_signal small = bit_of(x, sign ? d->b : d->a, k), large = bit_of(x, sign ? d->a : d->b, k);
        below = lut3(x, invert(x, small), large, below, LUT_MAJORITY);
    }
    return below;
}

static lf_signal equal(lf_blast *x, const lf_word_def *d) {
    lf_signal same[LF_WORD_MAX_BITS + 1];
    int n = wider(x, d->a, d->b) + (lf_word_signed(x->c, d->a) != lf_word_signed(x->c, d->b));
    for (int k = 0; k < n; k++)
        same[k] = lut2(x, bit_of(x, d->a, k), bit_of(x, d->b, k), LUT_XNOR);
    for (; n > 1; n = (n + 1) / 2) /* a balanced tree of ANDs */
        for (int k = 0; k < (n + 1) / 2; k++)
            same[k] = 2 * k + 1 < n ? lut2(x, same[2 * k], same[2 * k + 1], LUT_AND) : same[2 * k];
    return same[0];
}

/* Bit `bit` of entries base .. base + 2^vars - 1 of a table, by the lowest `vars` bits of the index; -1 where none of them exists. */
static int64_t table_tree(lf_blast *x, const lf_word_def *d, int bit, size_t base, int vars) {
    if (base >= d->table->count)
        return -1;
    if (vars == 0)
        return lf_table_at(d->table, base) >> bit & 1;
    int64_t no = table_tree(x, d, bit, base, vars - 1);
    int64_t yes = table_tree(x, d, bit, base + ((size_t)1 << (vars - 1)), vars - 1);
    if (yes < 0 || yes == no)
        return no;
    return mux(x, bit_of(x, d->a, vars - 1), (lf_signal)yes, (lf_signal)no);
}

static lf_signal lut(lf_blast *x, const lf_word_def *d) {
    lf_signal in[LF_LUT_INPUTS];
    for (int j = 0; j < d->arg_count; j++)
        in[j] = x->bits[d->args[j]][0];
    return lf_lutnet_lut(x->net, in, d->arg_count, d->truth);
}

static lf_signal wire(const lf_blast *x, const lf_word_def *d, int k) {
    switch ((lf_word_op)d->op) {
    case LF_WORD_CONST: return (lf_signal)(d->range.lo >> k & 1);
    case LF_WORD_SHIFT: return k < d->amount ? 0 : bit_of(x, d->a, k - d->amount);
    case LF_WORD_BIT: return bit_of(x, d->a, d->amount);
    case LF_WORD_JOIN: return x->bits[d->args[k]][0];
    default: return 0;
    }
}

void lf_blast_word(lf_blast *x, lf_word w) {
    const lf_word_def *d = lf_word_at(x->c, w);
    int bits = lf_word_bits(x->c, w);
    lf_signal *out = x->bits[w];
    if (d->op == LF_WORD_ADD || d->op == LF_WORD_SUB) {
        add(x, d, out, bits);
        return;
    }
    for (int k = 0; k < bits; k++) {
        switch ((lf_word_op)d->op) {
        case LF_WORD_LESS: out[k] = less(x, d); break;
        case LF_WORD_EQUAL: out[k] = equal(x, d); break;
        case LF_WORD_SELECT: out[k] = mux(x, x->bits[d->a][0], bit_of(x, d->b, k), bit_of(x, d->c, k)); break;
        case LF_WORD_TABLE: out[k] = (lf_signal)table_tree(x, d, k, 0, lf_word_bits(x->c, d->a)); break;
        case LF_WORD_LUT: out[k] = lut(x, d); break;
        default: out[k] = wire(x, d, k); break;
        }
    }
}

static uint32_t input_bits(const lf_circuit *c) {
    uint32_t n = 0;
    for (size_t i = 0; i < c->inputs.count; i++)
        n += (uint32_t)lf_word_bits(c, c->inputs.at[i]);
    return n;
}

static void blast(lf_blast *x, lf_arena *a) {
    const lf_circuit *c = x->c;
    uint32_t next = 0;
    x->bits = LF_NEW_ARRAY(a, lf_signal *, c->words.count);
    for (lf_word w = 1; w < c->words.count; w++)
        x->bits[w] = LF_NEW_ARRAY(a, lf_signal, lf_word_bits(c, w));
    for (size_t i = 0; i < c->inputs.count; i++)
        for (int k = 0; k < lf_word_bits(c, c->inputs.at[i]); k++)
            x->bits[c->inputs.at[i]][k] = lf_lutnet_input(next++);
    for (lf_word w = 1; w < c->words.count; w++)
        if (c->words.at[w].op != LF_WORD_INPUT)
            lf_blast_word(x, w);
    for (size_t i = 0; i < c->outputs.count; i++)
        for (int k = 0; k < lf_word_bits(c, c->outputs.at[i]); k++)
            LF_PUSH(x->net->arena, &x->net->outputs, x->bits[c->outputs.at[i]][k]);
}

lf_lutnet *lf_lutnet_of(const lf_circuit *c) {
    lf_arena *scratch = lf_arena_new();
    lf_blast x = {.c = c, .net = lf_lutnet_new(c->ctx, input_bits(c))};
    if (!scratch || !x.net) {
        lf_arena_free(scratch);
        lf_lutnet_free(x.net);
        return NULL;
    }
    blast(&x, scratch);
    lf_lutnet *clean = lf_lutnet_clean(x.net);
    lf_lutnet_free(x.net);
    lf_arena_free(scratch);
    return clean;
}
