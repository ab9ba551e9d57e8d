/* The builders: each says what its word can be, and gives an older or simpler word where there is one. What they return for the same operands is always
 * the same, which is why the text form and lf_circuit_clean may rebuild a circuit through them. */
#include <assert.h>
#include <string.h>

#include "circuit/circuit_inside.h"
#include "circuit/lut_truth.h"

enum { TRUTH_NOT = 1, TRUTH_XNOR = 9, TRUTH_NOT_A_AND_B = 4 };

static bool is_value(const lf_circuit *c, lf_word w, int64_t v) {
    lf_range r = lf_word_range(c, w);
    return r.lo == v && r.hi == v;
}

/* An operand: a word of one value is that constant. */
static lf_word operand(lf_circuit *c, lf_word w) {
    assert(w && w < c->words.count);
    return lf_word_is_const(c, w) ? lf_circuit_const(c, c->words.at[w].range.lo) : w;
}

static lf_word_def def_of(const lf_circuit *c, lf_word w) {
    return c->words.at[w]; /* a copy: words move while others are made */
}

static lf_word too_wide(lf_circuit *c) {
    return lf_circuit_const(c, 0);
}

static lf_word ranged(lf_circuit *c, lf_word_def d, lf_range r, bool overflow) {
    if (!lf_range_fits(c, r, overflow))
        return too_wide(c);
    d.range = r;
    return lf_word_intern(c, &d);
}

lf_word lf_circuit_const(lf_circuit *c, int64_t v) {
    lf_range r = {v, v, 1};
    if (!lf_range_fits(c, r, false))
        r = (lf_range){0, 0, 1};
    return lf_word_intern(c, &(lf_word_def){.op = LF_WORD_CONST, .range = r});
}

/* -- sums --------------------------------------------------------------------------------------------------------- */

static void order(const lf_circuit *c, lf_word *a, lf_word *b) {
    bool swap = lf_word_is_const(c, *a) != lf_word_is_const(c, *b) ? lf_word_is_const(c, *a) : *a > *b;
    if (swap) {
        lf_word t = *a;
        *a = *b;
        *b = t;
    }
}

static bool fits(int64_t v) {
    return v >= -((int64_t)1 << (LF_WORD_MAX_BITS - 1)) && v < (int64_t)1 << LF_WORD_MAX_BITS;
}

/* w is x + k with constant k: gives x and adds k. */
static lf_word without_constant(const lf_circuit *c, lf_word w, int64_t *k) {
    const lf_word_def *d = lf_word_at(c, w);
    if (d->op != LF_WORD_ADD || !lf_word_is_const(c, d->b))
        return w;
    *k += lf_word_range(c, d->b).lo;
    return d->a;
}

lf_word lf_circuit_add(lf_circuit *c, lf_word a, lf_word b) {
    a = operand(c, a);
    b = operand(c, b);
    order(c, &a, &b);
    if (is_value(c, b, 0))
        return a;
    if (a == b)
        return lf_circuit_shift(c, a, 1);
    int64_t k = lf_word_range(c, b).lo;
    lf_word x = lf_word_is_const(c, b) ? without_constant(c, a, &k) : a;
    if (x != a && fits(k))
        return lf_circuit_add(c, x, lf_circuit_const(c, k));
    bool over = false;
    lf_range r = lf_range_add(lf_word_range(c, a), lf_word_range(c, b), &over);
    return ranged(c, (lf_word_def){.op = LF_WORD_ADD, .a = a, .b = b}, r, over);
}

lf_word lf_circuit_sub(lf_circuit *c, lf_word a, lf_word b) {
    a = operand(c, a);
    b = operand(c, b);
    if (a == b)
        return lf_circuit_const(c, 0);
    if (lf_word_is_const(c, b) && fits(-lf_word_range(c, b).lo))
        return lf_circuit_add(c, a, lf_circuit_const(c, -lf_word_range(c, b).lo));
    bool over = false;
    lf_range r = lf_range_add(lf_word_range(c, a), lf_range_scale(lf_word_range(c, b), -1, &over), &over);
    return ranged(c, (lf_word_def){.op = LF_WORD_SUB, .a = a, .b = b}, r, over);
}

/* -- shifts ------------------------------------------------------------------------------------------------------- */

static lf_range shifted_right(lf_range r, int n) {
    int64_t unit = (int64_t)1 << n;
    bool exact = r.lo % unit == 0 && r.step % unit == 0;
    lf_range out = {r.lo >> n, r.hi >> n, exact ? r.step / unit : 1};
    if (out.lo == out.hi)
        out.step = 1;
    return out;
}

lf_word lf_circuit_shift(lf_circuit *c, lf_word a, int amount) {
    a = operand(c, a);
    if (amount < -LF_WORD_MAX_BITS)
        amount = -LF_WORD_MAX_BITS; /* nothing but the sign is left */
    if (amount > LF_WORD_MAX_BITS && !is_value(c, a, 0))
        amount = LF_WORD_MAX_BITS; /* too wide */
    if (amount == 0 || is_value(c, a, 0))
        return a;
    lf_word_def d = def_of(c, a);
    if (d.op == LF_WORD_SHIFT && (d.amount > 0 || amount < 0))
        return lf_circuit_shift(c, d.a, d.amount + amount);
    bool over = false;
    lf_range r = amount < 0 ? shifted_right(d.range, -amount) : lf_range_scale(d.range, (int64_t)1 << amount, &over);
    return ranged(c, (lf_word_def){.op = LF_WORD_SHIFT, .a = a, .amount = amount}, r, over);
}

/* -- comparisons -------------------------------------------------------------------------------------------------- */

static lf_word lut2(lf_circuit *c, lf_word a, lf_word b, uint64_t truth) {
    return lf_circuit_lut(c, (const lf_word[]){a, b}, 2, truth);
}

static lf_word invert(lf_circuit *c, lf_word bit) {
    return lf_circuit_lut(c, &bit, 1, TRUTH_NOT);
}

/* a >= k as one bit of a, or 0: the sign, or the highest bit of an unsigned word. */
static lf_word at_least_by_one_bit(lf_circuit *c, lf_word a, int64_t k) {
    lf_range r = lf_word_range(c, a);
    int top = lf_word_bits(c, a) - 1;
    if (r.lo < 0)
        return k == 0 ? invert(c, lf_circuit_bit(c, a, top)) : 0;
    return k == (int64_t)1 << top ? lf_circuit_bit(c, a, top) : 0;
}

/* x + k < b becomes x < b - k where b is constant; the same on the other side and for equality. b lies in the range of x + k, so that b - k fits. */
static void move_constant(lf_circuit *c, lf_word *a, lf_word *b) {
    int64_t k = 0;
    lf_word x = lf_word_is_const(c, *b) ? without_constant(c, *a, &k) : *a;
    if (x == *a)
        return;
    *b = lf_circuit_const(c, lf_word_range(c, *b).lo - k);
    *a = x;
}

lf_word lf_circuit_less(lf_circuit *c, lf_word a, lf_word b) {
    a = operand(c, a);
    b = operand(c, b);
    lf_range x = lf_word_range(c, a), y = lf_word_range(c, b);
    if (a == b || x.lo >= y.hi)
        return lf_circuit_const(c, 0);
    if (x.hi < y.lo)
        return lf_circuit_const(c, 1);
    move_constant(c, &a, &b);
    move_constant(c, &b, &a);
    x = lf_word_range(c, a);
    y = lf_word_range(c, b);
    if (lf_word_is_bit(c, a) && lf_word_is_bit(c, b))
        return lut2(c, a, b, TRUTH_NOT_A_AND_B);
    lf_word bit = y.lo == y.hi   ? at_least_by_one_bit(c, a, y.lo)
                  : x.lo == x.hi ? at_least_by_one_bit(c, b, x.lo + 1)
                                 : 0;
    if (bit)
        return y.lo == y.hi ? invert(c, bit) : bit;
    return lf_word_intern(c, &(lf_word_def){.op = LF_WORD_LESS, .a = a, .b = b, .range = {0, 1, 1}});
}

static bool never_equal(lf_range x, lf_range y) {
    if (x.hi < y.lo || y.hi < x.lo)
        return true;
    return (y.lo == y.hi && !lf_range_holds(x, y.lo)) || (x.lo == x.hi && !lf_range_holds(y, x.lo));
}

lf_word lf_circuit_equal(lf_circuit *c, lf_word a, lf_word b) {
    a = operand(c, a);
    b = operand(c, b);
    order(c, &a, &b);
    if (a == b)
        return lf_circuit_const(c, 1);
    if (never_equal(lf_word_range(c, a), lf_word_range(c, b)))
        return lf_circuit_const(c, 0);
    move_constant(c, &a, &b);
    if (lf_word_is_bit(c, a) && lf_word_is_bit(c, b))
        return lut2(c, a, b, TRUTH_XNOR);
    return lf_word_intern(c, &(lf_word_def){.op = LF_WORD_EQUAL, .a = a, .b = b, .range = {0, 1, 1}});
}

/* -- choice ------------------------------------------------------------------------------------------------------- */

/* r without what lies below lo or above hi; r if nothing is left (then it cannot occur). */
static lf_range within(lf_range r, int64_t lo, int64_t hi) {
    int64_t from = r.lo, to = r.hi;
    if (lo > from)
        from += (lo - from + r.step - 1) / r.step * r.step;
    if (hi < to)
        to = hi < from ? from : from + (hi - from) / r.step * r.step;
    if (from > r.hi || hi < r.lo)
        return r;
    return (lf_range){from, to, from == to ? 1 : r.step};
}

/* What the condition says about word w when it is `yes`: bounds of w. */
static void bounds_by_condition(const lf_circuit *c, lf_word cond, lf_word w, bool yes, int64_t *lo, int64_t *hi) {
    const lf_word_def *d = lf_word_at(c, cond);
    if (d->op == LF_WORD_LESS && d->a == w) {
        lf_range other = lf_word_range(c, d->b);
        *(yes ? hi : lo) = yes ? other.hi - 1 : other.lo;
    } else if (d->op == LF_WORD_LESS && d->b == w) {
        lf_range other = lf_word_range(c, d->a);
        *(yes ? lo : hi) = yes ? other.lo + 1 : other.hi;
    } else if (d->op == LF_WORD_BIT && d->a == w && d->amount == lf_word_bits(c, w) - 1) {
        bool minus = lf_word_signed(c, w);
        int64_t split = minus ? 0 : (int64_t)1 << d->amount;
        *(yes != minus ? lo : hi) = yes != minus ? split : split - 1;
    }
}

/* The values of word w where the condition holds (or does not). */
static lf_range chosen_range(const lf_circuit *c, lf_word cond, lf_word w, bool yes) {
    int64_t lo = INT64_MIN / 2, hi = INT64_MAX / 2, k = 0;
    lf_word x = without_constant(c, w, &k);
    if (x != w) {
        bounds_by_condition(c, cond, x, yes, &lo, &hi);
        lo += k;
        hi += k;
    }
    bounds_by_condition(c, cond, w, yes, &lo, &hi);
    return within(lf_word_range(c, w), lo, hi);
}

lf_word lf_circuit_select(lf_circuit *c, lf_word bit, lf_word yes, lf_word no) {
    assert(lf_word_is_bit(c, bit));
    yes = operand(c, yes);
    no = operand(c, no);
    if (lf_word_is_const(c, bit))
        return lf_word_range(c, bit).lo ? yes : no;
    if (yes == no)
        return yes;
    if (lf_word_is_bit(c, yes) && lf_word_is_bit(c, no))
        return lf_circuit_lut(c, (const lf_word[]){bit, yes, no}, 3, 0xd8);
    lf_word_def d = def_of(c, bit);
    if (d.op == LF_WORD_LUT && d.arg_count == 1)
        return lf_circuit_select(c, d.args[0], no, yes);
    lf_range r = lf_range_join(chosen_range(c, bit, yes, true), chosen_range(c, bit, no, false));
    return ranged(c, (lf_word_def){.op = LF_WORD_SELECT, .a = bit, .b = yes, .c = no}, r, false);
}

/* -- bits --------------------------------------------------------------------------------------------------------- */

lf_word lf_circuit_bit(lf_circuit *c, lf_word a, int bit) {
    a = operand(c, a);
    assert(bit >= 0);
    int top = lf_word_bits(c, a) - 1;
    lf_word_def d = def_of(c, a);
    if (bit > top && d.range.lo >= 0)
        return lf_circuit_const(c, 0);
    if (bit > top)
        bit = top;
    if (d.range.lo == d.range.hi || d.range.step % ((int64_t)1 << (bit + 1)) == 0)
        return lf_circuit_const(c, d.range.lo >> bit & 1);
    if (bit == 0 && lf_word_is_bit(c, a))
        return a;
    if (d.op == LF_WORD_JOIN)
        return d.args[bit < d.arg_count ? bit : d.arg_count - 1];
    if (d.op == LF_WORD_SHIFT && bit >= d.amount)
        return lf_circuit_bit(c, d.a, bit - d.amount);
    return lf_word_intern(c, &(lf_word_def){.op = LF_WORD_BIT, .a = a, .amount = bit, .range = {0, 1, 1}});
}

lf_range lf_join_range(const lf_circuit *c, const lf_word *bits, int count, bool is_signed) {
    lf_range r = {0, 0, 1};
    bool none = false;
    for (int i = 0; i < count; i++) {
        int64_t weight = is_signed && i == count - 1 ? -((int64_t)1 << i) : (int64_t)1 << i;
        r = lf_range_add(r, lf_range_scale(lf_word_range(c, bits[i]), weight, &none), &none);
    }
    return r;
}

/* The word whose own bits these are, in order and all of them; 0 if there is none. */
static lf_word joined_whole(const lf_circuit *c, const lf_word *bits, int count, bool is_signed) {
    const lf_word_def *first = lf_word_at(c, bits[0]);
    lf_word w = first->a;
    if (first->op != LF_WORD_BIT || lf_word_bits(c, w) != count || lf_word_signed(c, w) != is_signed)
        return 0;
    for (int i = 0; i < count; i++) {
        const lf_word_def *d = lf_word_at(c, bits[i]);
        if (d->op != LF_WORD_BIT || d->a != w || d->amount != i)
            return 0;
    }
    return w;
}

/* How many bits are left when the highest ones say nothing. */
static int trimmed(const lf_circuit *c, const lf_word *bits, int count, bool *is_signed) {
    while (count > 1) {
        if (is_value(c, bits[count - 1], 0)) {
            *is_signed = false;
            count--;
        } else if (*is_signed && bits[count - 1] == bits[count - 2]) {
            count--;
        } else {
            break;
        }
    }
    return count;
}

static lf_range joined_within(lf_range bits, lf_range known) {
    bool narrower = known.lo >= bits.lo && known.hi <= bits.hi && known.step >= bits.step;
    return narrower ? known : within(bits, known.lo, known.hi);
}

lf_word lf_circuit_join_known(lf_circuit *c, const lf_word *bits, int count, bool is_signed, lf_range known) {
    lf_word own[LF_WORD_MAX_BITS + 4];
    assert(count >= 1);
    if (count > LF_WORD_MAX_BITS) {
        c->too_wide = true;
        return too_wide(c);
    }
    for (int i = 0; i < count; i++) {
        assert(lf_word_is_bit(c, bits[i]));
        own[i] = operand(c, bits[i]);
    }
    count = trimmed(c, own, count, &is_signed);
    lf_range r = joined_within(lf_join_range(c, own, count, is_signed), known);
    int need = r.lo < 0 ? lf_bits_signed(r.lo, r.hi) : lf_bits_unsigned((uint64_t)r.hi);
    is_signed = r.lo < 0;
    if (need < count)
        count = need; /* by what is known the others say nothing */
    if (count == 1 && !is_signed)
        return own[0];
    lf_word whole = joined_whole(c, own, count, is_signed);
    if (whole && lf_word_range(c, whole).lo >= r.lo && lf_word_range(c, whole).hi <= r.hi)
        return whole;
    lf_word_def d = {.op = LF_WORD_JOIN, .is_signed = is_signed, .arg_count = (uint8_t)count, .args = own};
    return ranged(c, d, r, false);
}

lf_word lf_circuit_known(lf_circuit *c, lf_word w, lf_range known) {
    lf_range r = lf_word_range(c, w);
    lf_word bits[64];
    int count = lf_word_bits(c, w);
    if (r.lo >= known.lo && r.hi <= known.hi)
        return w;
    for (int k = 0; k < count; k++)
        bits[k] = lf_circuit_bit(c, w, k);
    return lf_circuit_join_known(c, bits, count, lf_word_signed(c, w), known);
}

lf_word lf_circuit_join(lf_circuit *c, const lf_word *bits, int count, bool is_signed) {
    return lf_circuit_join_known(c, bits, count, is_signed, (lf_range){INT64_MIN, INT64_MAX, 1});
}

/* -- arbitrary functions ------------------------------------------------------------------------------------------ */

typedef struct settled {
    const int64_t *values;
    size_t count;
    const uint8_t *care;
    lf_range range;
} settled;

static struct lf_table_room *room_for(lf_circuit *c, size_t count) {
    struct lf_table_room *r = &c->room;
    if (r->size < count) {
        r->size = 2 * count;
        r->values = LF_NEW_ARRAY(c->arena, int64_t, r->size);
        r->wide = LF_NEW_ARRAY(c->arena, int64_t, r->size);
        r->narrow = LF_NEW_ARRAY(c->arena, int64_t, r->size);
        r->care = LF_NEW_ARRAY(c->arena, uint8_t, r->size / 8 + 1);
    }
    return r;
}

/* The table over 0 .. index.hi, the rest as the header says; its values' range. Entries matter that are in the range of the index, and cared
 * for; the others become the first of those. False: no entry matters. */
static bool settle_table(lf_circuit *c, lf_range index, const int64_t *values, const uint8_t *care, settled *out) {
    size_t n = (size_t)index.hi + 1, cared = 0;
    if (!care && index.lo == 0 && index.step == 1) { /* the usual table, as it is */
        *out = (settled){.values = values, .count = n, .range = lf_range_of(values, n)};
        return true;
    }
    int64_t *v = room_for(c, n)->values;
    uint8_t *m = memset(c->room.care, 0, (n + 7) / 8);
    size_t step = (size_t)index.step;
    int64_t first = 0;
    for (size_t i = (size_t)index.lo; i < n; i += step)
        if (!care || (care[i / 8] >> (i % 8) & 1)) {
            if (!cared++)
                first = values[i];
            m[i / 8] = (uint8_t)(m[i / 8] | 1u << (i % 8));
        }
    for (size_t i = 0; i < n; i++)
        v[i] = m[i / 8] >> (i % 8) & 1 ? values[i] : first;
    *out = (settled){.values = v, .count = n, .range = lf_range_of(v, n), .care = cared == n ? NULL : m};
    return cared > 0;
}

static size_t bytes_for(lf_range r) {
    for (size_t bytes = 1; bytes < 8; bytes *= 2) {
        int64_t end = INT64_C(1) << (8 * bytes - 1);
        if (r.lo >= -end && r.hi < end)
            return bytes;
    }
    return 8;
}

/* Good until the next table. */
static lf_table_words narrowed(lf_circuit *c, const settled *t) {
    void *to = room_for(c, t->count)->narrow;
    lf_table_words out = {to, t->count, bytes_for(t->range), t->care};
    for (size_t i = 0; i < t->count; i++)
        switch (out.bytes) {
        case 1: ((int8_t *)to)[i] = (int8_t)t->values[i]; break;
        case 2: ((int16_t *)to)[i] = (int16_t)t->values[i]; break;
        case 4: ((int32_t *)to)[i] = (int32_t)t->values[i]; break;
        default: ((int64_t *)to)[i] = t->values[i];
        }
    return out;
}

static bool is_identity(const settled *t) {
    for (size_t i = 0; i < t->count; i++)
        if (t->values[i] != (int64_t)i && (!t->care || (t->care[i / 8] >> (i % 8) & 1)))
            return false;
    return true;
}

lf_word lf_circuit_table(lf_circuit *c, lf_word a, const int64_t *values, size_t count, const uint8_t *care) {
    (void)count; /* for the assertion */
    a = operand(c, a);
    lf_range index = lf_word_range(c, a);
    assert(index.lo >= 0 && (uint64_t)index.hi < count && count <= (size_t)1 << LF_TABLE_INDEX_BITS);
    if (index.lo == index.hi)
        return lf_circuit_const(c, values[index.lo]);
    settled t;
    if (!settle_table(c, index, values, care, &t))
        return lf_circuit_const(c, 0);
    if (is_identity(&t))
        return a;
    if (lf_word_is_bit(c, a))
        return lf_circuit_select(c, a, lf_circuit_const(c, t.values[1]), lf_circuit_const(c, t.values[0]));
    lf_table_words table = narrowed(c, &t);
    return ranged(c, (lf_word_def){.op = LF_WORD_TABLE, .a = a, .table = &table}, t.range, false);
}

lf_word lf_circuit_table_again(lf_circuit *c, lf_word a, const lf_table_words *t) {
    int64_t *values = room_for(c, t->count)->wide;
    for (size_t i = 0; i < t->count; i++)
        values[i] = lf_table_at(t, i);
    return lf_circuit_table(c, a, values, t->count, t->care);
}

/* Constants and inverters at input j go into the truth table; returns the number of inputs left. */
static int absorb(const lf_circuit *c, lf_word *in, int n, int j, uint64_t *truth) {
    lf_range r = lf_word_range(c, in[j]);
    if (r.lo == r.hi) {
        *truth = lf_truth_fix(*truth, n, j, (int)r.lo);
        memmove(in + j, in + j + 1, (size_t)(n - 1 - j) * sizeof *in);
        return n - 1;
    }
    const lf_word_def *d = lf_word_at(c, in[j]);
    if (d->op == LF_WORD_LUT && d->arg_count == 1) {
        *truth = lf_truth_flip(*truth, n, j);
        in[j] = d->args[0];
    }
    return n;
}

lf_word lf_circuit_lut(lf_circuit *c, const lf_word *bits, int count, uint64_t truth) {
    lf_word in[LF_LUT_INPUTS];
    assert(count >= 1 && count <= LF_LUT_INPUTS);
    for (int i = 0; i < count; i++) {
        assert(bits[i] && bits[i] < c->words.count && lf_word_is_bit(c, bits[i]));
        in[i] = bits[i];
    }
    truth &= lf_truth_mask(count);
    for (int j = count - 1; j >= 0; j--)
        count = absorb(c, in, count, j, &truth);
    count = lf_truth_reduce(in, count, &truth);
    if (count == 0)
        return lf_circuit_const(c, (int64_t)(truth & 1));
    if (count == 1 && truth == 2)
        return in[0];
    lf_word_def d = {.op = LF_WORD_LUT, .arg_count = (uint8_t)count, .args = in, .truth = truth, .range = {0, 1, 1}};
    return lf_word_intern(c, &d);
}
