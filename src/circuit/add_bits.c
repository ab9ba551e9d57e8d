/* Adding bits up with counters of LUTs: two thirds of what adders take. */
#include "circuit/add_bits.h"

enum { COLUMNS = LF_WORD_MAX_BITS, CHAIN_LEAST = 16, CHAIN_MOST = 36 };

typedef LF_VEC(lf_word) column; /* bits of one weight */

typedef struct heap {
    lf_circuit *c;
    lf_arena *arena;
    uint64_t most; /* the sum is at most this */
    column at[COLUMNS];
} heap;

/* Counters of counters have bits that the sum is too small for: they are 0. */
static void put(heap *h, int weight, lf_word bit) {
    if (weight >= COLUMNS || h->most >> weight == 0)
        return;
    column *to = &h->at[weight];
    LF_PUSH(h->arena, to, bit);
}

/* The LUT that is bit k of the count of n <= 6 bits. */
static uint64_t count_truth(int n, int k) {
    uint64_t truth = 0;
    for (unsigned a = 0; a < 1u << n; a++) {
        unsigned ones = 0;
        for (int j = 0; j < n; j++)
            ones += a >> j & 1;
        truth |= (uint64_t)(ones >> k & 1) << a;
    }
    return truth;
}

/* The count of n <= 6 bits, a LUT per bit of the count: so many. */
static int count_luts(lf_circuit *c, const lf_word *bit, int n, lf_word out[3]) {
    int k = 0;
    for (; n >> k; k++)
        out[k] = lf_circuit_lut(c, bit, n, count_truth(n, k));
    return k;
}

static void counter(heap *to, int weight, const lf_word *bit, int n) {
    lf_word out[3];
    int bits = count_luts(to->c, bit, n, out);
    for (int k = 0; k < bits; k++)
        put(to, weight + k, out[k]);
}

lf_word lf_circuit_count_few(lf_circuit *c, const lf_word *bit, int n) {
    lf_word out[3];
    int bits = count_luts(c, bit, n, out);
    return lf_circuit_join_known(c, out, bits, false, (lf_range){0, n, 1});
}

/* Adds six bits, then five at a time. The LUT of a place of a carry chain has four inputs to spare: a count of five bits, three LUTs, is added in
 * the same three LUTs, and the carry goes on without any. */
static void chain(heap *to, int weight, const lf_word *bit, size_t n) {
    lf_word sum = lf_circuit_count_few(to->c, bit, 6);
    for (size_t i = 6; i < n; i += 5)
        sum = lf_circuit_add(to->c, sum, lf_circuit_count_few(to->c, bit + i, n - i < 5 ? (int)(n - i) : 5));
    for (int k = 0; k < lf_word_bits(to->c, sum); k++)
        put(to, weight + k, lf_circuit_bit(to->c, sum, k));
}

/* One level of chains, as many to a column as there must be, of equal lengths. False: there were none. */
static bool chains(heap *h) {
    heap next = {.c = h->c, .arena = h->arena, .most = h->most};
    bool any = false;
    for (int w = 0; w < COLUMNS; w++) {
        const column *col = &h->at[w];
        size_t count = col->count < CHAIN_LEAST ? 0 : (col->count + CHAIN_MOST - 1) / CHAIN_MOST, at = 0;
        for (size_t k = 0; k < count; k++, any = true) {
            size_t end = col->count * (k + 1) / count;
            chain(&next, w, col->at + at, end - at);
            at = end;
        }
        for (; at < col->count; at++)
            put(&next, w, col->at[at]);
    }
    if (any)
        *h = next;
    return any;
}

/* One level: counters of `size` bits wherever a column has them; what is left goes on as it is. False: there were none. */
static bool level(heap *h, size_t size) {
    heap next = {.c = h->c, .arena = h->arena, .most = h->most};
    bool any = false;
    for (int w = 0; w < COLUMNS; w++) {
        const column *col = &h->at[w];
        size_t i = 0;
        for (; col->count - i >= size; i += size, any = true)
            counter(&next, w, col->at + i, (int)size);
        for (; i < col->count; i++)
            put(&next, w, col->at[i]);
    }
    if (any)
        *h = next;
    return any;
}

/* The r-th bits of all columns as one number, 0 where there is none. */
static lf_word row_of(const heap *h, size_t r) {
    lf_word bit[COLUMNS], zero = lf_circuit_const(h->c, 0);
    int n = 0, first = 0;
    for (int w = 0; w < COLUMNS; w++) {
        bit[w] = r < h->at[w].count ? h->at[w].at[r] : zero;
        if (r < h->at[w].count)
            n = w + 1;
    }
    while (first < n && bit[first] == zero)
        first++;
    return n > first ? lf_circuit_shift(h->c, lf_circuit_join(h->c, bit + first, n - first, false), first) : zero;
}

/* At most five rows are left: carry chains, which from three bits on take less than 3:2 counters. */
static lf_word add_rows(heap *h) {
    lf_word row[6];
    size_t rows = 0;
    for (int w = 0; w < COLUMNS; w++)
        rows = h->at[w].count > rows ? h->at[w].count : rows;
    for (size_t r = 0; r < rows; r++)
        row[r] = row_of(h, r);
    return lf_circuit_sum(h->c, row, rows);
}

/* The ranges of rows add up to more than there are bits. */
static lf_word at_most(lf_circuit *c, lf_word sum, int64_t most) {
    lf_word bit[COLUMNS];
    int bits = lf_bits_unsigned((uint64_t)most);
    for (int k = 0; k < bits; k++)
        bit[k] = lf_circuit_bit(c, sum, k);
    return lf_circuit_join_known(c, bit, bits, false, (lf_range){0, most, 1});
}

lf_word lf_circuit_add_bits(lf_circuit *c, const lf_weighted_bit *bits, size_t count) {
    heap h = {.c = c, .arena = lf_arena_new()};
    bool fits = h.arena != NULL;
    for (size_t i = 0; fits && i < count; i++) {
        h.most += (uint64_t)1 << bits[i].power;
        fits = h.most >> (COLUMNS - 1) == 0;
    }
    for (size_t i = 0; fits && i < count; i++)
        put(&h, bits[i].power, bits[i].bit);
    c->too_wide |= !fits;
    lf_word sum = lf_circuit_const(c, 0);
    if (fits && count) {
        while (!c->count_with_adders && chains(&h)) {
        }
        while (level(&h, c->count_with_adders ? 3 : 6)) {
        }
        sum = at_most(c, add_rows(&h), (int64_t)h.most);
    }
    lf_arena_free(h.arena);
    return sum;
}
