#include "circuit/compare_set.h"

#include <stdlib.h>
#include <string.h>

#include "circuit/circuit_inside.h"

/* Thresholds 0 <= T < 2^n - 1, ascending, each once: what is asked is y > T. */
typedef struct set {
    int64_t *at;
    size_t count;
} set;

typedef struct comparer {
    lf_circuit *c;
    lf_arena *a;
    int k; /* inputs of a LUT */
} comparer;

typedef enum cut_kind { CUT_NONE, CUT_SHARE_LOW, CUT_SHARE_HIGH } cut_kind;

/* `low` bits lie below the cut. */
typedef struct cut {
    cut_kind kind;
    int low;
    int64_t luts;
} cut;

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorted, once, without those that are decided for n bits. */
static void settle(set *s, int n) {
    size_t kept = 0;
    qsort(s->at, s->count, sizeof *s->at, by_value);
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i] >= 0 && s->at[i] < ((int64_t)1 << n) - 1 && (!kept || s->at[kept - 1] != s->at[i]))
            s->at[kept++] = s->at[i];
    s->count = kept;
}

/* Tl of all T. */
static set low_parts(lf_arena *a, const set *s, int low) {
    set out = {LF_NEW_ARRAY(a, int64_t, s->count + 1), s->count};
    for (size_t i = 0; i < s->count; i++)
        out.at[i] = s->at[i] & (((int64_t)1 << low) - 1);
    settle(&out, low);
    return out;
}

/* high > Th and high >= Th of all T; where Tl is all ones, only the first. */
static set high_parts(lf_arena *a, const set *s, int low, int n) {
    set out = {LF_NEW_ARRAY(a, int64_t, 2 * s->count + 1), 0};
    for (size_t i = 0; i < s->count; i++) {
        out.at[out.count++] = s->at[i] >> low;
        if ((s->at[i] & (((int64_t)1 << low) - 1)) != ((int64_t)1 << low) - 1)
            out.at[out.count++] = (s->at[i] >> low) - 1;
    }
    settle(&out, n - low);
    return out;
}

/* Thresholds that are LUTs of their own when the high parts are there: those whose Tl is all ones are among the high parts. */
static int64_t not_high(const set *s, int low) {
    int64_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        count += (s->at[i] & (((int64_t)1 << low) - 1)) != ((int64_t)1 << low) - 1;
    return count;
}

static cut best_cut(comparer *m, const set *s, int n);

static int64_t cost(comparer *m, const set *s, int n) {
    return n <= 1 ? 0 : best_cut(m, s, n).luts; /* one bit is its own comparison */
}

static void try_cut(comparer *m, const set *s, int n, cut_kind kind, int low, cut *best) {
    if (low < 1 || low >= n)
        return;
    set part = kind == CUT_SHARE_LOW ? low_parts(m->a, s, low) : high_parts(m->a, s, low, n);
    int64_t own = kind == CUT_SHARE_LOW ? (int64_t)s->count : not_high(s, low);
    int64_t luts = own + cost(m, &part, kind == CUT_SHARE_LOW ? low : n - low);
    if (best->kind == CUT_NONE || luts < best->luts)
        *best = (cut){kind, low, luts};
}

/* The widest cuts that a LUT allows, and one narrower: the parts are then as narrow as can be. */
static cut best_cut(comparer *m, const set *s, int n) {
    cut best = {CUT_NONE, 0, (int64_t)s->count};
    if (n <= m->k || !s->count)
        return best;
    try_cut(m, s, n, CUT_SHARE_LOW, n - (m->k - 1), &best);
    try_cut(m, s, n, CUT_SHARE_HIGH, m->k - 2, &best);
    if (n <= 2 * m->k) {
        try_cut(m, s, n, CUT_SHARE_LOW, n - (m->k - 2), &best);
        try_cut(m, s, n, CUT_SHARE_HIGH, m->k - 3, &best);
    }
    return best;
}

/* -- the words ---------------------------------------------------------------------------------------------------------------- */

static lf_word find(const comparer *m, const set *s, const lf_word *made, int64_t T, int n) {
    if (T < 0 || T >= ((int64_t)1 << n) - 1)
        return lf_circuit_const(m->c, T < 0);
    const int64_t *at = bsearch(&T, s->at, s->count, sizeof T, by_value);
    return made[at - s->at];
}

/* bits[0 .. count-1] as a number > T, by one LUT. */
static lf_word above(const comparer *m, const lf_word *bits, int count, int64_t T) {
    uint64_t truth = 0;
    for (int64_t y = T + 1; y < (int64_t)1 << count; y++)
        truth |= (uint64_t)1 << y;
    return lf_circuit_lut(m->c, bits, count, truth);
}

/* in[0]: low > Tl; the others are the high bits. */
static lf_word join_low(const comparer *m, lf_word low, const lf_word *high, int count, int64_t Th) {
    lf_word in[LF_LUT_INPUTS] = {low};
    uint64_t truth = 0;
    memcpy(in + 1, high, (size_t)count * sizeof *in);
    for (int64_t a = 0; a < (int64_t)1 << (count + 1); a++)
        truth |= (uint64_t)((a >> 1) > Th || ((a >> 1) == Th && (a & 1))) << a;
    return lf_circuit_lut(m->c, in, count + 1, truth);
}

/* in: the low bits, then high >= Th, then high > Th. */
static lf_word join_high(const comparer *m, const lf_word *low, int count, int64_t Tl, lf_word at_least, lf_word more) {
    lf_word in[LF_LUT_INPUTS];
    uint64_t truth = 0;
    memcpy(in, low, (size_t)count * sizeof *in);
    in[count] = at_least;
    in[count + 1] = more;
    for (int64_t a = 0; a < (int64_t)1 << (count + 2); a++) {
        int64_t y = a & (((int64_t)1 << count) - 1);
        truth |= (uint64_t)((a >> (count + 1) & 1) || ((a >> count & 1) && y > Tl)) << a;
    }
    return lf_circuit_lut(m->c, in, count + 2, truth);
}

static void make(comparer *m, const lf_word *bits, int n, const set *s, lf_word *out) {
    cut best = best_cut(m, s, n);
    int low = best.low;
    int64_t mask = ((int64_t)1 << low) - 1;
    set part = best.kind == CUT_SHARE_LOW    ? low_parts(m->a, s, low)
               : best.kind == CUT_SHARE_HIGH ? high_parts(m->a, s, low, n)
                                             : (set){0};
    lf_word *made = LF_NEW_ARRAY(m->a, lf_word, part.count + 1);
    if (best.kind == CUT_SHARE_LOW)
        make(m, bits, low, &part, made);
    else if (best.kind == CUT_SHARE_HIGH)
        make(m, bits + low, n - low, &part, made);
    for (size_t i = 0; i < s->count; i++) {
        int64_t T = s->at[i], Th = T >> low, Tl = T & mask;
        if (best.kind == CUT_NONE)
            out[i] = above(m, bits, n, T);
        else if (best.kind == CUT_SHARE_LOW)
            out[i] = join_low(m, find(m, &part, made, Tl, low), bits + low, n - low, Th);
        else if (Tl == mask)
            out[i] = find(m, &part, made, Th, n - low);
        else
            out[i] =
                join_high(m, bits, low, Tl, find(m, &part, made, Th - 1, n - low), find(m, &part, made, Th, n - low));
    }
}

/* -- the circuit -------------------------------------------------------------------------------------------------------------- */

/* A comparison with a constant as "x > T", perhaps inverted. */
typedef struct comparison {
    lf_word x;
    int64_t T;
    bool inverted;
} comparison;

static bool comparison_of(const lf_circuit *c, lf_word w, comparison *out) {
    const lf_word_def *d = lf_word_at(c, w);
    if (d->op != LF_WORD_LESS)
        return false;
    if (lf_word_is_const(c, d->a))
        *out = (comparison){d->b, lf_word_range(c, d->a).lo, false};
    else if (lf_word_is_const(c, d->b))
        *out = (comparison){d->a, lf_word_range(c, d->b).lo - 1, true};
    else
        return false;
    return true;
}

typedef struct sharer {
    const lf_circuit *from;
    comparer m;
    lf_word *map;  /* [word of from] */
    lf_word *next; /* [word of from]: the next comparison of the same word; first[x]: the first */
    lf_word *first;
} sharer;

/* All comparisons of x, which is made already. Unsigned order: the sign bit is inverted. */
static void make_comparisons(sharer *s, lf_word x) {
    lf_circuit *c = s->m.c;
    lf_word y = s->map[x], bits[LF_WORD_MAX_BITS];
    int n = lf_word_bits(c, y);
    int64_t half = lf_word_signed(c, y) ? (int64_t)1 << (n - 1) : 0;
    comparison k = {0};
    size_t room = 0;
    for (lf_word w = s->first[x]; w; w = s->next[w])
        room++;
    set all = {LF_NEW_ARRAY(s->m.a, int64_t, room), 0};
    for (lf_word w = s->first[x]; w; w = s->next[w])
        if (comparison_of(s->from, w, &k))
            all.at[all.count++] = k.T + half;
    settle(&all, n);
    lf_word *made = LF_NEW_ARRAY(s->m.a, lf_word, all.count + 1);
    for (int i = 0; i < n; i++)
        bits[i] = lf_circuit_bit(c, y, i);
    if (half)
        bits[n - 1] = lf_circuit_lut(c, &bits[n - 1], 1, 1);
    make(&s->m, bits, n, &all, made);
    for (lf_word w = s->first[x]; w; w = s->next[w]) {
        (void)comparison_of(s->from, w, &k);
        lf_word more = find(&s->m, &all, made, k.T + half, n);
        s->map[w] = k.inverted ? lf_circuit_lut(c, &more, 1, 1) : more;
    }
}

static void share(sharer *s) {
    const lf_circuit *from = s->from;
    comparison k = {0};
    for (lf_word w = (lf_word)from->words.count - 1; w > 0; w--)
        if (comparison_of(from, w, &k)) {
            s->next[w] = s->first[k.x];
            s->first[k.x] = w;
        }
    for (size_t i = 0; i < from->inputs.count; i++)
        s->map[from->inputs.at[i]] = lf_circuit_input(s->m.c, lf_word_range(from, from->inputs.at[i]));
    for (lf_word w = 1; w < from->words.count; w++) {
        s->m.c->part = (lf_circuit_part)lf_word_at(from, w)->part;
        if (!s->map[w]) /* a selection no longer shows what its condition, now a LUT, says of the range */
            s->map[w] =
                lf_circuit_known(s->m.c, lf_word_rebuild(s->m.c, lf_word_at(from, w), s->map), lf_word_range(from, w));
        if (s->first[w] && lf_word_bits(from, w) > s->m.k) {
            s->m.c->part = (lf_circuit_part)lf_word_at(from, s->first[w])->part;
            make_comparisons(s, w);
        }
    }
    for (size_t i = 0; i < from->outputs.count; i++)
        lf_circuit_output(s->m.c, s->map[from->outputs.at[i]]);
}

lf_circuit *lf_circuit_share_comparisons(const lf_circuit *c, int lut_inputs) {
    sharer s = {.from = c, .m = {.c = lf_circuit_new(c->ctx), .a = lf_arena_new(), .k = lut_inputs}};
    if (!s.m.c || !s.m.a) {
        lf_circuit_free(s.m.c);
        lf_arena_free(s.m.a);
        (void)lf_fail(c->ctx, LF_BAD_INPUT, NULL, "no memory for %zu words", c->words.count);
        return NULL;
    }
    s.m.c->count_with_adders = c->count_with_adders;
    s.map = LF_NEW_ARRAY(s.m.a, lf_word, c->words.count);
    s.next = LF_NEW_ARRAY(s.m.a, lf_word, c->words.count);
    s.first = LF_NEW_ARRAY(s.m.a, lf_word, c->words.count);
    share(&s);
    lf_arena_free(s.m.a);
    return s.m.c;
}
