/* What is made of the builders: sums, the largest, clamps, remainders. */
#include <assert.h>

#include "circuit/add_bits.h"
#include "circuit/circuit_inside.h"

lf_word lf_circuit_negate(lf_circuit *c, lf_word a) {
    return lf_circuit_sub(c, lf_circuit_const(c, 0), a);
}

/* -- sums --------------------------------------------------------------------------------------------------------- */

/* A heap of terms, the narrowest on top, older ones first. */
typedef struct lf_terms {
    const lf_circuit *c;
    LF_VEC(lf_word) heap;
    lf_arena *arena;
} lf_terms;

static bool before(const lf_terms *t, lf_word a, lf_word b) {
    int x = lf_word_bits(t->c, a), y = lf_word_bits(t->c, b);
    return x != y ? x < y : a < b;
}

static void swap(lf_word *a, lf_word *b) {
    lf_word t = *a;
    *a = *b;
    *b = t;
}

static void put_term(lf_terms *t, lf_word w) {
    LF_PUSH(t->arena, &t->heap, w);
    for (size_t i = t->heap.count - 1; i > 0 && before(t, t->heap.at[i], t->heap.at[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&t->heap.at[i], &t->heap.at[(i - 1) / 2]);
}

static lf_word take_term(lf_terms *t) {
    lf_word top = t->heap.at[0];
    t->heap.at[0] = t->heap.at[--t->heap.count];
    for (size_t i = 0;;) {
        size_t best = i;
        for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < t->heap.count; k++)
            if (before(t, t->heap.at[k], t->heap.at[best]))
                best = k;
        if (best == i)
            return top;
        swap(&t->heap.at[i], &t->heap.at[best]);
        i = best;
    }
}

/* How many of some bits are 1. Up to five of them are one LUT word per bit of the count; lf_circuit_add_bits leaves no more rows than that. */
static lf_word count_bits(lf_circuit *c, lf_arena *a, const lf_word *bits, size_t n) {
    if (n >= LF_LUT_INPUTS) {
        lf_weighted_bit *weighted = LF_NEW_ARRAY(a, lf_weighted_bit, n);
        for (size_t i = 0; i < n; i++)
            weighted[i].bit = bits[i];
        return lf_circuit_add_bits(c, weighted, n);
    }
    return lf_circuit_count_few(c, bits, (int)n);
}

/* Puts the terms on the heap: constants added up, single bits counted together. */
static void put_terms(lf_circuit *c, lf_terms *t, const lf_word *terms, size_t count) {
    lf_word constant = lf_circuit_const(c, 0);
    LF_VEC(lf_word) bits = {0};
    for (size_t i = 0; i < count; i++) {
        if (lf_word_is_const(c, terms[i]))
            constant = lf_circuit_add(c, constant, terms[i]);
        else if (lf_word_is_bit(c, terms[i]))
            LF_PUSH(t->arena, &bits, terms[i]);
        else
            put_term(t, terms[i]);
    }
    bool together = bits.count >= LF_LUT_INPUTS || !c->count_with_adders;
    if (bits.count && together)
        put_term(t, count_bits(c, t->arena, bits.at, bits.count));
    for (size_t i = 0; i < bits.count && !together; i++)
        put_term(t, bits.at[i]);
    if (lf_word_range(c, constant).lo || !t->heap.count)
        put_term(t, constant);
}

lf_word lf_circuit_sum(lf_circuit *c, const lf_word *terms, size_t count) {
    lf_terms t = {.c = c, .arena = lf_arena_new()};
    if (!t.arena) {
        c->too_wide = true;
        return lf_circuit_const(c, 0);
    }
    put_terms(c, &t, terms, count);
    while (t.heap.count > 1) {
        lf_word a = take_term(&t), b = take_term(&t);
        put_term(&t, lf_circuit_add(c, a, b));
    }
    lf_word sum = t.heap.at[0];
    lf_arena_free(t.arena);
    return sum;
}

/* -- the largest -------------------------------------------------------------------------------------------------- */

typedef struct lf_best {
    lf_word value;
    lf_word index[32]; /* bits, lowest first */
} lf_best;

/* The best of values[0 .. count - 1]: halves at the largest power of two below count, so that the index is one new bit on top. */
static lf_best best_of(lf_circuit *c, const lf_word *values, size_t count, int *bits) {
    lf_best out = {.value = values[0]};
    *bits = 0;
    if (count == 1)
        return out;
    int top = lf_bits_unsigned(count - 1) - 1, left_bits, right_bits;
    size_t half = (size_t)1 << top;
    lf_best left = best_of(c, values, half, &left_bits), right = best_of(c, values + half, count - half, &right_bits);
    lf_word later = lf_circuit_less(c, left.value, right.value), zero = lf_circuit_const(c, 0);
    out.value = lf_circuit_select(c, later, right.value, left.value);
    for (int i = 0; i < top; i++)
        out.index[i] = lf_circuit_select(c, later, i < right_bits ? right.index[i] : zero, left.index[i]);
    out.index[top] = later;
    *bits = top + 1;
    return out;
}

lf_word lf_circuit_argmax(lf_circuit *c, const lf_word *values, size_t count) {
    int bits;
    assert(count >= 1 && count <= INT32_MAX);
    lf_best best = best_of(c, values, count, &bits);
    if (bits == 0)
        return lf_circuit_const(c, 0);
    return lf_circuit_join_known(c, best.index, bits, false, (lf_range){0, (int64_t)count - 1, 1});
}

/* -- narrowing ---------------------------------------------------------------------------------------------------- */

lf_word lf_circuit_clamp(lf_circuit *c, lf_word a, int64_t lo, int64_t hi) {
    assert(lo <= hi);
    lf_word low = lf_circuit_const(c, lo), high = lf_circuit_const(c, hi);
    a = lf_circuit_select(c, lf_circuit_less(c, a, low), low, a);
    return lf_circuit_select(c, lf_circuit_less(c, high, a), high, a);
}

lf_word lf_circuit_wrap(lf_circuit *c, lf_word a, int bits, bool is_signed) {
    lf_word own[LF_WORD_MAX_BITS];
    assert(bits >= 1 && bits <= LF_WORD_MAX_BITS);
    lf_range r = lf_word_range(c, a), target = lf_dtype_range(is_signed ? lf_int(bits) : lf_uint(bits));
    if (r.lo >= target.lo && r.hi <= target.hi)
        return a;
    for (int i = 0; i < bits; i++)
        own[i] = lf_circuit_bit(c, a, i);
    return lf_circuit_join(c, own, bits, is_signed);
}
