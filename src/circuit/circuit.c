/* Circuits: their memory, and words that exist only once. */
#include "circuit/circuit.h"

#include <assert.h>
#include <string.h>

#include "circuit/circuit_inside.h"

const char *const lf_word_op_names[LF_WORD_LUT + 1] = {"none",  "input",  "const", "add",  "sub",   "shift", "less",
                                                       "equal", "select", "bit",   "join", "table", "lut"};
const char *const lf_part_names[LF_CIRCUIT_PARTS] = {"core", "encoder", "head"};

/* Open addressing; a slot holds a word or 0. hash is by word, so that growing need not look at definitions. */
typedef struct lf_word_names {
    lf_word *slot;
    size_t size; /* a power of two */
    LF_VEC(uint32_t) hash;
} lf_word_names;

lf_circuit *lf_circuit_new(lf_ctx *ctx) {
    lf_arena *a = lf_arena_new();
    if (!a) {
        (void)lf_fail(ctx, LF_FAILED, NULL, "no memory for a circuit");
        return NULL;
    }
    lf_circuit *c = LF_NEW(a, lf_circuit);
    c->ctx = ctx;
    c->arena = a;
    c->names = LF_NEW(a, lf_word_names);
    c->names->size = 64;
    c->names->slot = LF_NEW_ARRAY(a, lf_word, 64);
    LF_PUSH(a, &c->words, (lf_word_def){0});
    LF_PUSH(a, &c->names->hash, 0);
    return c;
}

void lf_circuit_free(lf_circuit *c) {
    if (c)
        lf_arena_free(c->arena);
}

/* -- hash-consing ------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t mix_bytes(uint64_t h, const void *data, size_t count) {
    for (size_t i = 0; i < count; i += 8) {
        uint64_t word = 0;
        memcpy(&word, (const char *)data + i, count - i < 8 ? count - i : 8);
        h = mix(h, word);
    }
    return h;
}

static size_t care_bytes(const lf_table_words *t) {
    return t->care ? (t->count + 7) / 8 : 0;
}

static uint32_t hash_of(const lf_word_def *d) {
    uint64_t h = mix(d->op, (uint64_t)d->is_signed << 40 | (uint32_t)d->amount);
    h = mix(mix(h, (uint64_t)d->a << 32 | d->b), d->c);
    h = mix(h, d->truth);
    for (int i = 0; i < d->arg_count; i++)
        h = mix(h, d->args[i]);
    if (d->op == LF_WORD_CONST || d->op == LF_WORD_JOIN)
        h = mix(mix(h, (uint64_t)d->range.lo), (uint64_t)d->range.hi);
    if (d->table)
        h = mix_bytes(h, d->table->values, d->table->count * d->table->bytes);
    return (uint32_t)(h >> 32);
}

static bool same_table(const lf_table_words *x, const lf_table_words *y) {
    if (x == y)
        return true;
    if (!x || !y || x->count != y->count || x->bytes != y->bytes || !x->care != !y->care)
        return false;
    return !memcmp(x->values, y->values, x->count * x->bytes) && (!x->care || !memcmp(x->care, y->care, care_bytes(x)));
}

static bool same_range(lf_range x, lf_range y) {
    return x.lo == y.lo && x.hi == y.hi && x.step == y.step;
}

static bool same_def(const lf_word_def *x, const lf_word_def *y) {
    if (x->op != y->op || x->is_signed != y->is_signed || x->arg_count != y->arg_count || x->amount != y->amount ||
        x->a != y->a || x->b != y->b || x->c != y->c || x->truth != y->truth)
        return false;
    if ((x->op == LF_WORD_CONST || x->op == LF_WORD_JOIN) && !same_range(x->range, y->range))
        return false;
    return (!x->arg_count || !memcmp(x->args, y->args, x->arg_count * sizeof *x->args)) &&
           same_table(x->table, y->table);
}

static void insert(lf_word_names *n, lf_word w) {
    size_t at = n->hash.at[w] & (n->size - 1);
    while (n->slot[at])
        at = (at + 1) & (n->size - 1);
    n->slot[at] = w;
}

static void grow_names(lf_circuit *c) {
    lf_word_names *n = c->names;
    n->size *= 2;
    n->slot = LF_NEW_ARRAY(c->arena, lf_word, n->size);
    for (lf_word w = 1; w < c->words.count; w++)
        insert(n, w);
}

static const lf_table_words *copy_table(lf_arena *a, const lf_table_words *t) {
    lf_table_words *out = lf_copy(a, t, sizeof *t);
    out->values = lf_copy(a, t->values, t->count * t->bytes);
    out->care = t->care ? lf_copy(a, t->care, care_bytes(t)) : NULL;
    return out;
}

static lf_word add_word(lf_circuit *c, const lf_word_def *d, uint32_t hash) {
    lf_word_def own = *d;
    own.part = (uint8_t)c->part;
    if (d->arg_count)
        own.args = lf_copy(c->arena, d->args, d->arg_count * sizeof *d->args);
    if (d->table)
        own.table = copy_table(c->arena, d->table);
    lf_word w = (lf_word)c->words.count;
    LF_PUSH(c->arena, &c->words, own);
    LF_PUSH(c->arena, &c->names->hash, hash);
    if (c->words.count * 2 > c->names->size)
        grow_names(c);
    else
        insert(c->names, w);
    return w;
}

lf_word lf_word_intern(lf_circuit *c, const lf_word_def *d) {
    if (d->range.lo == d->range.hi && d->op != LF_WORD_CONST && d->op != LF_WORD_INPUT)
        return lf_circuit_const(c, d->range.lo);
    uint32_t hash = hash_of(d);
    const lf_word_names *n = c->names;
    for (size_t at = hash & (n->size - 1); n->slot[at]; at = (at + 1) & (n->size - 1)) {
        lf_word w = n->slot[at];
        if (n->hash.at[w] == hash && same_def(&c->words.at[w], d))
            return w;
    }
    return add_word(c, d, hash);
}

/* -- widths ------------------------------------------------------------------------------------------------------- */

static int range_bits(lf_range r) {
    return r.lo < 0 ? lf_bits_signed(r.lo, r.hi) : lf_bits_unsigned((uint64_t)r.hi);
}

int lf_word_bits(const lf_circuit *c, lf_word w) {
    return range_bits(c->words.at[w].range);
}

bool lf_word_signed(const lf_circuit *c, lf_word w) {
    return c->words.at[w].range.lo < 0;
}

bool lf_word_is_bit(const lf_circuit *c, lf_word w) {
    return c->words.at[w].range.lo >= 0 && c->words.at[w].range.hi <= 1;
}

bool lf_range_narrow(lf_range r) {
    return range_bits(r) <= LF_WORD_MAX_BITS;
}

bool lf_range_fits(lf_circuit *c, lf_range r, bool overflow) {
    if (!overflow && lf_range_narrow(r))
        return true;
    c->too_wide = true;
    return false;
}

lf_status lf_circuit_ok(const lf_circuit *c) {
    if (!c->too_wide)
        return LF_OK;
    return lf_fail(c->ctx, LF_BAD_INPUT, NULL, "a value of this circuit needs more than %d bits", LF_WORD_MAX_BITS);
}

/* -- ends --------------------------------------------------------------------------------------------------------- */

lf_word lf_circuit_input(lf_circuit *c, lf_range range) {
    if (!lf_range_fits(c, range, false))
        range = (lf_range){0, 0, 1};
    lf_word_def d = {.op = LF_WORD_INPUT, .amount = (int32_t)c->inputs.count, .range = range};
    lf_word w = lf_word_intern(c, &d);
    LF_PUSH(c->arena, &c->inputs, w);
    return w;
}

void lf_circuit_output(lf_circuit *c, lf_word w) {
    assert(w && w < c->words.count);
    LF_PUSH(c->arena, &c->outputs, w);
}
