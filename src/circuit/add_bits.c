/* Adding bits up with counters of LUTs: two thirds of what adders take. */
#include "circuit/add_bits.h"

enum { COLUMNS = LF_WORD_MAX_BITS };

typedef LF_VEC(lf_word) column; /* bits of one weight */

typedef struct heap {
    lf_circuit *c;
    lf_arena *arena;
    column at[COLUMNS];
} heap;

static void put(heap *h, int weight, lf_word bit) {
    column *to = &h->at[weight];
    LF_PUSH(h->arena, to, bit);
}

/* The count of n <= 6 bits of one weight, a LUT per bit of the count. */
static void counter(heap *to, int weight, const lf_word *bit, int n) {
    for (int k = 0; n >> k; k++) {
        uint64_t truth = 0;
        for (unsigned a = 0; a < 1u << n; a++) {
            unsigned ones = 0;
            for (int j = 0; j < n; j++)
                ones += a >> j & 1;
            truth |= (uint64_t)(ones >> k & 1) << a;
        }
        put(to, weight + k, lf_circuit_lut(to->c, bit, n, truth));
    }
}

/* One level: counters of `size` bits wherever a column has them; what is left goes on as it is. False: there were none. */
static bool level(heap *h, size_t size) {
    heap next = {.c = h->c, .arena = h->arena};
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
    uint64_t most = 0;
    bool fits = h.arena != NULL;
    for (size_t i = 0; fits && i < count; i++) {
        put(&h, bits[i].power, bits[i].bit);
        most += (uint64_t)1 << bits[i].power;
        fits = most >> (COLUMNS - 1) == 0;
    }
    c->too_wide |= !fits;
    lf_word sum = lf_circuit_const(c, 0);
    if (fits && count) {
        while (level(&h, c->count_with_adders ? 3 : 6)) {
        }
        sum = at_most(c, add_rows(&h), (int64_t)most);
    }
    lf_arena_free(h.arena);
    return sum;
}
