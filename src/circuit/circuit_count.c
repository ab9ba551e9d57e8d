/* What a circuit costs, and how deep it is. */
#include <string.h>

#include "circuit/circuit_inside.h"

static int most_bits(const lf_circuit *c, lf_word a, lf_word b) {
    int x = lf_word_bits(c, a), y = lf_word_bits(c, b);
    return x > y ? x : y;
}

/* Signals that decide whether two words are equal; a constant is none. */
static int equal_inputs(const lf_circuit *c, const lf_word_def *d) {
    int bits = most_bits(c, d->a, d->b);
    return lf_word_is_const(c, d->a) || lf_word_is_const(c, d->b) ? bits : 2 * bits;
}

int lf_word_levels(const lf_circuit *c, lf_word w) {
    const lf_word_def *d = lf_word_at(c, w);
    int levels = 1;
    switch ((lf_word_op)d->op) {
    case LF_WORD_ADD:
    case LF_WORD_SUB:
    case LF_WORD_LESS:
    case LF_WORD_SELECT:
    case LF_WORD_LUT: return 1;
    case LF_WORD_EQUAL:
        for (int n = equal_inputs(c, d); n > LF_LUT_INPUTS; n = (n + LF_LUT_INPUTS - 1) / LF_LUT_INPUTS)
            levels++;
        return levels;
    case LF_WORD_TABLE:
        for (int n = lf_word_bits(c, d->a); n > LF_LUT_INPUTS; n -= 2)
            levels++; /* four leaves more: a multiplexer in one LUT6 */
        return levels;
    default: return 0;
    }
}

/* LUT6 of one bit of a table: leaves, and 4:1 multiplexers above them. */
static size_t table_luts(int index_bits) {
    size_t n = 1;
    for (int i = LF_LUT_INPUTS; i < index_bits; i += 2)
        n = index_bits - i == 1 ? 2 * n + 1 : 4 * n + 1;
    return n;
}

/* Bits from `first` on change, and none from `end` on: multiples of a power of two begin with constants, and a word without sign ends. */
typedef struct lf_live_bits {
    int first, end;
} lf_live_bits;

static lf_live_bits live_bits(const lf_circuit *c, lf_word w, int width) {
    lf_range r = lf_word_range(c, w);
    if (r.lo == r.hi)
        return (lf_live_bits){0, 0};
    return (lf_live_bits){LF_ZEROS_BELOW((uint64_t)r.step), lf_word_signed(c, w) ? width : lf_word_bits(c, w)};
}

/* A LUT where two bits meet on the carry chain; a bit alone goes through the chain without one, unless it is subtracted from or from it is
 * subtracted: it is inverted on the way. */
void lf_adder_places(const lf_circuit *c, lf_word w, int *from, int *upto) {
    const lf_word_def *d = lf_word_at(c, w);
    int width = lf_word_bits(c, w);
    lf_live_bits a = live_bits(c, d->a, width), b = live_bits(c, d->b, width);
    int first = a.first > b.first ? a.first : b.first, end = a.end < b.end ? a.end : b.end;
    if (d->op == LF_WORD_SUB) {
        first = b.first;
        end = width;
    }
    if (a.end == 0 || b.end == 0) { /* a constant */
        first = a.end == 0 ? b.first : a.first;
        end = width;
    }
    *from = first;
    *upto = end > first ? end : first;
}

static size_t adder_luts(const lf_circuit *c, lf_word w) {
    int first, end;
    lf_adder_places(c, w, &first, &end);
    return (size_t)(end - first);
}

size_t lf_word_luts(const lf_circuit *c, lf_word w) {
    const lf_word_def *d = lf_word_at(c, w);
    size_t bits = (size_t)lf_word_bits(c, w);
    switch ((lf_word_op)d->op) {
    case LF_WORD_ADD:
    case LF_WORD_SUB: return adder_luts(c, w);
    case LF_WORD_SELECT: return bits;
    case LF_WORD_LUT: return 1;
    case LF_WORD_LESS: return (size_t)most_bits(c, d->a, d->b);
    case LF_WORD_EQUAL: return (size_t)(equal_inputs(c, d) + 3) / 5;
    case LF_WORD_TABLE: return bits * table_luts(lf_word_bits(c, d->a));
    default: return 0;
    }
}

/* Bits in registers. The lowest bits of multiples of a power of two are constant. */
static size_t registers_of(const lf_circuit *c, lf_word w, const int *delay) {
    if (delay[w] < 1)
        return 0;
    int off = lf_word_read_off(c, w, delay), chain = off ? delay[w] + 1 - off : delay[w];
    int still = LF_ZEROS_BELOW((uint64_t)lf_word_range(c, w).step);
    return (size_t)chain * (size_t)(lf_word_bits(c, w) - still);
}

/* -- depth -------------------------------------------------------------------------------------------------------- */

typedef struct lf_depths {
    const lf_circuit *c;
    int *level; /* [word] levels since the register before it */
    uint16_t stage;
    int most;
} lf_depths;

static void deepen(void *user, lf_word operand) {
    lf_depths *x = user;
    bool same_stage = !x->c->stage.count || x->c->stage.at[operand] == x->stage;
    if (same_stage && x->level[operand] > x->most)
        x->most = x->level[operand];
}

static int depth_of(const lf_circuit *c, const uint8_t *absorbed, lf_arena *scratch) {
    lf_depths x = {.c = c, .level = LF_NEW_ARRAY(scratch, int, c->words.count)};
    int deepest = 0;
    for (lf_word w = 1; w < c->words.count; w++) {
        x.stage = c->stage.count ? c->stage.at[w] : 0;
        x.most = 0;
        lf_word_operands(lf_word_at(c, w), deepen, &x);
        x.level[w] = x.most + (absorbed[w] ? 0 : lf_word_levels(c, w));
        if (x.level[w] > deepest)
            deepest = x.level[w];
    }
    return deepest;
}

void lf_circuit_count(const lf_circuit *c, lf_circuit_stats *out) {
    lf_arena *scratch = lf_arena_new();
    const uint8_t *absorbed = scratch ? lf_circuit_absorbed(c, scratch) : NULL;
    memset(out, 0, sizeof *out);
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        out->ops[d->op]++;
        out->luts[d->part] += absorbed && absorbed[w] ? 0 : lf_word_luts(c, w);
    }
    if (scratch && c->stage.count) {
        const int *delay = lf_circuit_delays(c, scratch);
        for (lf_word w = 1; w < c->words.count; w++)
            out->registers[lf_word_at(c, w)->part] += registers_of(c, w, delay);
    }
    out->depth = scratch ? depth_of(c, absorbed, scratch) : 0;
    lf_arena_free(scratch);
}

size_t lf_circuit_luts(const lf_circuit *c) {
    lf_circuit_stats s;
    size_t luts = 0;
    lf_circuit_count(c, &s);
    for (int p = 0; p < LF_CIRCUIT_PARTS; p++)
        luts += s.luts[p];
    return luts;
}
