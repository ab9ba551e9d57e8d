/* Random circuits for property tests: every operation, with the corners that break things counted, so that a test can insist that they occurred. */
#ifndef LF_TESTS_RANDOM_CIRCUITS_H
#define LF_TESTS_RANDOM_CIRCUITS_H

#include <string.h>

#include "base/rng.h"
#include "circuit/lutnet.h"

typedef enum corner {
    CORNER_NEGATIVE,  /* a range below 0 altogether */
    CORNER_LEFT,      /* shift to the left */
    CORNER_RIGHT,     /* shift to the right of a word with negative values */
    CORNER_DONT_CARE, /* a table with entries that do not matter and do not occur */
    CORNER_WIDE_JOIN, /* a join of 20 bits or more */
    CORNER_SIGNED_JOIN,
    CORNER_KNOWN_JOIN, /* a join that says less than its bits */
    CORNER_EQUAL,      /* both operands the same word */
    CORNER_BIT_INPUT,
    CORNER_WIDE_SUM,   /* 58 bits or more */
    CORNER_MIXED_LESS, /* signed against unsigned */
    CORNER_STEP,       /* a range with step > 1 */
    CORNER_MINUS_BIT,  /* {-1, 0} */
    CORNER_BIG_TABLE,  /* more than 6 index bits */
    CORNER_LUT6,
    CORNER_ARGMAX_TIE, /* argmax over repeated words */
    CORNERS
} corner;

static const char *const corner_names[CORNERS] = {
    "negative",  "left",       "right",      "don't care", "wide join", "signed join", "known join", "equal operands",
    "bit input", "60-bit sum", "mixed less", "step",       "minus bit", "big table",   "lut6",       "argmax tie"};

typedef struct random_circuit {
    lf_circuit *c;
    lf_rng *rng;
    size_t *corners; /* [CORNERS] */
} random_circuit;

static inline lf_word any_word(random_circuit *x) {
    return 1 + lf_rng_below(x->rng, (uint32_t)x->c->words.count - 1);
}

/* A word of at most `bits` bits; recent ones more often, so that circuits become deep. */
static inline lf_word narrow_word(random_circuit *x, int bits) {
    for (int i = 0; i < 20; i++) {
        lf_word w = any_word(x);
        if (lf_word_bits(x->c, w) <= bits)
            return w;
    }
    return x->c->inputs.at[0];
}

static inline lf_word any_bit(random_circuit *x) {
    lf_word w = any_word(x);
    return lf_circuit_bit(x->c, w, (int)lf_rng_below(x->rng, (uint32_t)lf_word_bits(x->c, w)));
}

static inline lf_range random_range(random_circuit *x) {
    static const int widths[] = {1, 1, 2, 3, 4, 6, 8, 12};
    int64_t most = ((int64_t)1 << widths[lf_rng_below(x->rng, LF_COUNT(widths))]) - 1;
    int64_t step = lf_rng_below(x->rng, 5) ? 1 : 1 + lf_rng_below(x->rng, 6);
    int64_t lo = 0;
    switch (lf_rng_below(x->rng, 5)) {
    case 0: lo = -most * step; break;
    case 1: lo = -most / 2; break;
    case 2: lo = -most * step - lf_rng_below(x->rng, 20); break;
    case 3: lo = lf_rng_below(x->rng, 9); break;
    }
    x->corners[CORNER_STEP] += step > 1;
    x->corners[CORNER_BIT_INPUT] += lo == 0 && most == 1 && step == 1;
    x->corners[CORNER_MINUS_BIT] += lo == -1 && most == 1 && step == 1;
    x->corners[CORNER_NEGATIVE] += lo + most * step < 0;
    return (lf_range){lo, lo + most * step, step};
}

static inline void random_shift(random_circuit *x) {
    lf_word a = narrow_word(x, 24);
    int amount = (int)lf_rng_below(x->rng, 25) - 12;
    x->corners[CORNER_LEFT] += amount > 0;
    x->corners[CORNER_RIGHT] += amount < 0 && lf_word_signed(x->c, a);
    (void)lf_circuit_shift(x->c, a, amount);
}

static inline void random_sum(random_circuit *x) {
    lf_word a = narrow_word(x, 58), b = lf_rng_below(x->rng, 12) ? narrow_word(x, 58) : a, w;
    x->corners[CORNER_EQUAL] += a == b;
    w = lf_rng_below(x->rng, 2) ? lf_circuit_add(x->c, a, b) : lf_circuit_sub(x->c, a, b);
    x->corners[CORNER_WIDE_SUM] += lf_word_bits(x->c, w) >= 58;
}

static inline void random_wide_sum(random_circuit *x) {
    lf_word a = narrow_word(x, 12), b = narrow_word(x, 12);
    int shift = 58 - lf_word_bits(x->c, a);
    lf_word w = lf_circuit_sub(x->c, lf_circuit_shift(x->c, a, shift), b);
    x->corners[CORNER_WIDE_SUM] += lf_word_bits(x->c, w) >= 58;
}

static inline void random_compare(random_circuit *x) {
    lf_word a = any_word(x), b = any_word(x);
    lf_range r = lf_word_range(x->c, a);
    if (lf_rng_below(x->rng, 3) == 0)
        b = lf_circuit_const(x->c, lf_rng_between(x->rng, r.lo, r.hi));
    x->corners[CORNER_MIXED_LESS] += lf_word_signed(x->c, a) != lf_word_signed(x->c, b);
    (void)(lf_rng_below(x->rng, 3) ? lf_circuit_less(x->c, a, b) : lf_circuit_equal(x->c, a, b));
}

static inline void random_join(random_circuit *x) {
    lf_word bits[40];
    int n = 1 + (int)(lf_rng_below(x->rng, 4) ? lf_rng_below(x->rng, 7) : lf_rng_below(x->rng, 40));
    bool is_signed = lf_rng_below(x->rng, 2);
    for (int i = 0; i < n; i++)
        bits[i] = any_bit(x);
    x->corners[CORNER_WIDE_JOIN] += n >= 20;
    x->corners[CORNER_SIGNED_JOIN] += is_signed;
    (void)lf_circuit_join(x->c, bits, n, is_signed);
}

/* How many of some bits are 1, and so never 7 of 3 bits; and sums of several words. */
static inline void random_terms(random_circuit *x) {
    lf_word terms[20];
    int n = 1 + (int)lf_rng_below(x->rng, 20);
    for (int i = 0; i < n; i++)
        terms[i] = lf_rng_below(x->rng, 3) ? any_bit(x) : narrow_word(x, 40);
    x->corners[CORNER_KNOWN_JOIN] += n > 6;
    (void)lf_circuit_sum(x->c, terms, (size_t)n);
}

static inline void random_table(random_circuit *x) {
    int64_t values[2048];
    uint8_t care[256];
    lf_word a = narrow_word(x, 11);
    lf_range r = lf_word_range(x->c, a);
    if (r.lo < 0) {
        a = lf_circuit_sub(x->c, a, lf_circuit_const(x->c, r.lo));
        r = lf_word_range(x->c, a);
    }
    int64_t count = r.hi + 1 + lf_rng_below(x->rng, 3), spread = (int64_t)1 << lf_rng_below(x->rng, 12);
    int64_t base = lf_rng_between(x->rng, -3000, 3000);
    if (count > 2048)
        return;
    bool dont_care = false;
    memset(care, 0xff, sizeof care);
    for (int64_t i = 0; i < count; i++) {
        values[i] = base + lf_rng_between(x->rng, 0, spread - 1);
        bool occurs = lf_range_holds(r, i);
        if (!occurs && lf_rng_below(x->rng, 2)) {
            care[i / 8] = (uint8_t)(care[i / 8] & ~(1u << (i % 8)));
            dont_care = true;
        }
    }
    x->corners[CORNER_DONT_CARE] += dont_care;
    x->corners[CORNER_BIG_TABLE] += r.hi > 64;
    (void)lf_circuit_table(x->c, a, values, (size_t)count, dont_care ? care : NULL);
}

static inline void random_lut(random_circuit *x) {
    lf_word bits[LF_LUT_INPUTS];
    int n = 1 + (int)lf_rng_below(x->rng, LF_LUT_INPUTS);
    for (int i = 0; i < n; i++)
        bits[i] = any_bit(x);
    lf_word w = lf_circuit_lut(x->c, bits, n, lf_rng_u64(x->rng));
    x->corners[CORNER_LUT6] += lf_word_at(x->c, w)->arg_count == 6;
}

static inline void random_made(random_circuit *x) {
    lf_word v[9], a = any_word(x);
    size_t n = 1 + lf_rng_below(x->rng, 9);
    lf_range r = lf_word_range(x->c, a);
    int64_t p = lf_rng_between(x->rng, r.lo, r.hi), q = lf_rng_between(x->rng, r.lo, r.hi);
    switch (lf_rng_below(x->rng, 3)) {
    case 0: (void)lf_circuit_clamp(x->c, a, p < q ? p : q, p < q ? q : p); break;
    case 1: (void)lf_circuit_wrap(x->c, a, 1 + (int)lf_rng_below(x->rng, 20), lf_rng_below(x->rng, 2)); break;
    default:
        for (size_t i = 0; i < n; i++)
            v[i] = i && lf_rng_below(x->rng, 3) == 0 ? v[i - 1] : narrow_word(x, 30);
        x->corners[CORNER_ARGMAX_TIE] += n > 1 && v[n - 1] == v[n - 2];
        (void)lf_circuit_argmax(x->c, v, n);
    }
}

static inline void random_word(random_circuit *x) {
    switch (lf_rng_below(x->rng, 12)) {
    case 0: random_shift(x); break;
    case 1:
    case 2: random_sum(x); break;
    case 3: random_compare(x); break;
    case 4: (void)lf_circuit_select(x->c, any_bit(x), any_word(x), any_word(x)); break;
    case 5: random_join(x); break;
    case 6: random_terms(x); break;
    case 7: random_table(x); break;
    case 8:
    case 9: random_lut(x); break;
    case 10: random_made(x); break;
    case 11:
        if (lf_rng_below(x->rng, 2))
            random_wide_sum(x);
        else
            (void)lf_circuit_const(x->c, lf_rng_between(x->rng, -300, 300));
        break;
    }
}

/* A circuit of seed `seed`. Its outputs are its last words and some others. */
static inline lf_circuit *make_random_circuit(lf_ctx *ctx, uint64_t seed, size_t *corners) {
    lf_rng rng = lf_rng_make(seed, 77);
    random_circuit x = {lf_circuit_new(ctx), &rng, corners};
    uint32_t inputs = 1 + lf_rng_below(&rng, 6), steps = 3 + lf_rng_below(&rng, 30);
    for (uint32_t i = 0; i < inputs; i++)
        (void)lf_circuit_input(x.c, random_range(&x));
    x.c->count_with_adders = lf_rng_below(&rng, 2);
    for (uint32_t i = 0; i < steps; i++) {
        x.c->part = (lf_circuit_part)lf_rng_below(&rng, LF_CIRCUIT_PARTS);
        random_word(&x);
    }
    uint32_t outputs = 1 + lf_rng_below(&rng, 5), words = (uint32_t)x.c->words.count;
    for (uint32_t i = 0; i < outputs; i++)
        lf_circuit_output(x.c, i < 3 && words > i + 1 ? words - 1 - i : any_word(&x));
    return x.c;
}

/* A value of a range: the ends more often. */
static inline int64_t random_value(lf_rng *rng, lf_range r) {
    switch (lf_rng_below(rng, 5)) {
    case 0: return r.lo;
    case 1: return r.hi;
    default: return r.lo + lf_rng_between(rng, 0, (r.hi - r.lo) / r.step) * r.step;
    }
}

#endif
