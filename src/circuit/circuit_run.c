/* The meaning of a circuit, and the circuit without what no output needs. */
#include "circuit/circuit_inside.h"

/* Sums are taken in uint64: a circuit from a file may say wrong things about what can occur, and then they wrap. */
static int64_t sum(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t difference(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t joined(const lf_word_def *d, const int64_t *v) {
    uint64_t all = 0;
    for (int i = 0; i < d->arg_count; i++)
        all += ((uint64_t)v[d->args[i]] & 1) << i;
    return (int64_t)(d->is_signed
                         ? all - ((uint64_t)v[d->args[d->arg_count - 1]] & 1) * ((uint64_t)2 << (d->arg_count - 1))
                         : all);
}

static int64_t looked_up(const lf_word_def *d, const int64_t *v) {
    uint64_t address = 0;
    for (int i = 0; i < d->arg_count; i++)
        address |= ((uint64_t)v[d->args[i]] & 1) << i;
    return (int64_t)(d->truth >> address & 1);
}

/* A right shift of a negative number is arithmetic in every compiler we build with: floor. */
static int64_t shifted(int64_t v, int amount) {
    return amount < 0 ? v >> -amount : (int64_t)((uint64_t)v << amount);
}

static int64_t value_of(const lf_word_def *d, const int64_t *v, const int64_t *in) {
    switch ((lf_word_op)d->op) {
    case LF_WORD_INPUT: return in[d->amount];
    case LF_WORD_CONST: return d->range.lo;
    case LF_WORD_ADD: return sum(v[d->a], v[d->b]);
    case LF_WORD_SUB: return difference(v[d->a], v[d->b]);
    case LF_WORD_SHIFT: return shifted(v[d->a], d->amount);
    case LF_WORD_LESS: return v[d->a] < v[d->b];
    case LF_WORD_EQUAL: return v[d->a] == v[d->b];
    case LF_WORD_SELECT: return v[d->a] ? v[d->b] : v[d->c];
    case LF_WORD_BIT: return v[d->a] >> d->amount & 1;
    case LF_WORD_JOIN: return joined(d, v);
    case LF_WORD_TABLE: return (uint64_t)v[d->a] < d->table->count ? lf_table_at(d->table, (size_t)v[d->a]) : 0;
    case LF_WORD_LUT: return looked_up(d, v);
    case LF_WORD_NONE: break;
    }
    return 0;
}

void lf_circuit_run(const lf_circuit *c, const int64_t *in, int64_t *out, int64_t *scratch) {
    for (size_t w = 1; w < c->words.count; w++)
        scratch[w] = value_of(&c->words.at[w], scratch, in);
    for (size_t i = 0; i < c->outputs.count; i++)
        out[i] = scratch[c->outputs.at[i]];
}

/* -- rebuilding --------------------------------------------------------------------------------------------------- */

lf_word lf_word_rebuild(lf_circuit *c, const lf_word_def *d, const lf_word *map) {
    lf_word args[LF_WORD_MAX_BITS], a = map[d->a], b = map[d->b];
    for (int i = 0; i < d->arg_count; i++)
        args[i] = map[d->args[i]];
    switch ((lf_word_op)d->op) {
    case LF_WORD_CONST: return lf_circuit_const(c, d->range.lo);
    case LF_WORD_ADD: return lf_circuit_add(c, a, b);
    case LF_WORD_SUB: return lf_circuit_sub(c, a, b);
    case LF_WORD_SHIFT: return lf_circuit_shift(c, a, d->amount);
    case LF_WORD_LESS: return lf_circuit_less(c, a, b);
    case LF_WORD_EQUAL: return lf_circuit_equal(c, a, b);
    case LF_WORD_SELECT: return lf_circuit_select(c, a, b, map[d->c]);
    case LF_WORD_BIT: return lf_circuit_bit(c, a, d->amount);
    case LF_WORD_JOIN: return lf_circuit_join_known(c, args, d->arg_count, d->is_signed, d->range);
    case LF_WORD_TABLE: return lf_circuit_table_again(c, a, d->table);
    case LF_WORD_LUT: return lf_circuit_lut(c, args, d->arg_count, d->truth);
    case LF_WORD_INPUT:
    case LF_WORD_NONE: break;
    }
    return 0;
}

static void mark(void *user, lf_word operand) {
    ((bool *)user)[operand] = true;
}

/* What a word has become, and words made on the way to it, are computed where it was. */
static void set_stages(lf_circuit *out, lf_word became, uint16_t stage) {
    for (size_t w = out->stage.count; w < out->words.count; w++)
        LF_PUSH(out->arena, &out->stage, out->words.at[w].op == LF_WORD_CONST ? 0 : stage);
    out->stage.at[became] = stage;
}

static lf_circuit *clean(const lf_circuit *c, bool staged) {
    lf_circuit *out = lf_circuit_new(c->ctx);
    if (!out)
        return NULL;
    bool *live = LF_NEW_ARRAY(out->arena, bool, c->words.count);
    lf_word *map = LF_NEW_ARRAY(out->arena, lf_word, c->words.count);
    for (size_t i = 0; i < c->outputs.count; i++)
        live[c->outputs.at[i]] = true;
    for (size_t w = c->words.count; w-- > 1;)
        if (live[w])
            lf_word_operands(&c->words.at[w], mark, live);
    out->count_with_adders = c->count_with_adders;
    out->too_wide = c->too_wide;
    for (size_t i = 0; i < c->inputs.count; i++) {
        const lf_word_def *d = lf_word_at(c, c->inputs.at[i]);
        out->part = (lf_circuit_part)d->part;
        map[c->inputs.at[i]] = lf_circuit_input(out, d->range);
    }
    if (staged)
        set_stages(out, 0, 0);
    for (lf_word w = 1; w < c->words.count; w++)
        if (live[w] && c->words.at[w].op != LF_WORD_INPUT) {
            out->part = (lf_circuit_part)c->words.at[w].part;
            map[w] = lf_word_rebuild(out, &c->words.at[w], map);
            if (staged)
                set_stages(out, map[w], c->stage.at[w]);
        }
    out->part = c->part;
    for (size_t i = 0; i < c->outputs.count; i++)
        lf_circuit_output(out, map[c->outputs.at[i]]);
    return out;
}

lf_circuit *lf_circuit_clean(const lf_circuit *c) {
    return clean(c, false);
}

lf_circuit *lf_circuit_clean_staged(const lf_circuit *c) {
    lf_circuit *out = clean(c, c->stage.count > 0);
    if (out)
        out->latency = c->latency;
    return out;
}

void lf_circuit_append(lf_circuit *to, const lf_circuit *c, const lf_word *in, lf_word *out) {
    lf_arena *scratch = lf_arena_new();
    lf_circuit_part part = to->part;
    if (!scratch) {
        to->too_wide = true;
        for (size_t o = 0; o < c->outputs.count; o++)
            out[o] = lf_circuit_const(to, 0);
        return;
    }
    lf_word *map = LF_NEW_ARRAY(scratch, lf_word, c->words.count);
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        to->part = (lf_circuit_part)d->part;
        map[w] = d->op == LF_WORD_INPUT ? in[d->amount] : lf_word_rebuild(to, d, map);
    }
    for (size_t o = 0; o < c->outputs.count; o++)
        out[o] = map[c->outputs.at[o]];
    to->part = part;
    lf_arena_free(scratch);
}
