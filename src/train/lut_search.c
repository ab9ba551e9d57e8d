#include "train/lut_search.h"

#include <string.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "train/train_common.h"

enum { GROUPS = 2 * LF_LUT_ENTRIES }; /* address, and above it whether the row wants a 1 */

struct lf_lut_search {
    lf_arena *arena;
    lf_lut_net *net;
    size_t count, words;  /* rows; words of one bit over all of them */
    uint8_t *label;       /* [count] */
    uint8_t *level;       /* [features][words * 64]: thresholds below the value */
    uint64_t *input;      /* [thermometer bits][words] */
    uint64_t **bits;      /* [layers]: [luts][words] */
    uint8_t *address;     /* [words * 64], of one LUT */
    uint16_t *votes;      /* [classes][words * 64] */
    uint64_t *low, *high; /* [words]: rows that are right with the LUT at 0, at 1 */
    float *price;         /* [thermometer bits]: of comparison_cost */
    uint32_t *readers;    /* [thermometer bits]: pins of the first layer */
    uint32_t *row;        /* rows that matter for a step */
    uint8_t *group;       /* [rows]: address and wish of each */
    size_t rows;
    lf_rng rng;
};

/* -- setting up ---------------------------------------------------------------------------------------------------- */

static void load_level(lf_lut_search *s, const lf_feed *f, const uint32_t *rows, size_t feature) {
    const lf_thermometer *t = s->net->thermometer;
    const float *index = t->index + feature * t->levels;
    uint8_t below[256], *level = s->level + feature * s->words * 64;
    for (int v = 0; v < 256; v++)
        for (below[v] = 0; below[v] < t->levels && (float)v > index[below[v]];)
            below[v]++;
    for (size_t i = 0; i < s->count; i++) {
        level[i] = below[f->index[rows[i] * f->features + feature]];
        for (size_t k = 0; k < level[i]; k++)
            s->input[(feature * t->levels + k) * s->words + i / 64] |= (uint64_t)1 << i % 64;
    }
}

static bool allocate(lf_lut_search *s) {
    lf_lut_net *n = s->net;
    size_t rows = s->words * 64, inputs = n->layer[0].in;
    s->label = lf_alloc_try(s->arena, rows, 1);
    s->level = lf_alloc_try(s->arena, n->thermometer->features * rows, 1);
    s->input = lf_alloc_try(s->arena, inputs * s->words, sizeof *s->input);
    s->address = lf_alloc_try(s->arena, rows, 1);
    s->votes = lf_alloc_try(s->arena, n->classes * rows, sizeof *s->votes);
    s->low = lf_alloc_try(s->arena, s->words, sizeof *s->low);
    s->high = lf_alloc_try(s->arena, s->words, sizeof *s->high);
    s->row = lf_alloc_try(s->arena, rows, sizeof *s->row);
    s->group = lf_alloc_try(s->arena, rows, 1);
    s->price = LF_NEW_ARRAY(s->arena, float, inputs);
    s->readers = LF_NEW_ARRAY(s->arena, uint32_t, inputs);
    s->bits = LF_NEW_ARRAY(s->arena, uint64_t *, n->layers);
    bool there = s->label && s->level && s->input && s->address && s->votes && s->low && s->high && s->row && s->group;
    for (int i = 0; i < n->layers && there; i++)
        there = (s->bits[i] = lf_alloc_try(s->arena, n->layer[i].luts * s->words, sizeof **s->bits)) != NULL;
    return there;
}

/* Where features are codes of few bits, a comparison with a round number looks at fewer of them; the highest alone costs nothing. */
static float price_of(float threshold, int bits) {
    uint32_t least = (uint32_t)(threshold > 0 ? threshold : 0) + 1; /* above the threshold */
    int looked = bits;
    for (; looked > 1 && least % 2 == 0; looked--)
        least /= 2;
    return (float)(looked - 1) / (float)(bits - 1);
}

static void find_prices(lf_lut_search *s) {
    const lf_thermometer *t = s->net->thermometer;
    const lf_recipe *r = s->net->recipe;
    int bits = r->table.scaling == LF_SCALING_RANK ? (int)r->table.bits : 0;
    for (size_t i = 0; i < t->features * t->levels; i++)
        s->price[i] = bits > 1 ? price_of(t->threshold[i], bits) : 1;
}

/* -- running the network --------------------------------------------------------------------------------------------- */

static const uint64_t *bit_of(const lf_lut_search *s, int layer, size_t number) {
    return (layer ? s->bits[layer - 1] : s->input) + number * s->words;
}

static uint64_t *out_of(const lf_lut_search *s, int layer, size_t lut) {
    return s->bits[layer] + lut * s->words;
}

static void find_addresses(lf_lut_search *s, int layer, size_t lut) {
    const lf_lut_net *n = s->net;
    const uint64_t *in[6] = {0};
    for (size_t k = 0; k < n->fan_in; k++)
        in[k] = bit_of(s, layer, n->layer[layer].pick[lut * n->fan_in + k]);
    n->rows->address(in, (int)n->fan_in, s->words * 64, s->address);
}

static void run_lut(lf_lut_search *s, int layer, size_t lut) {
    find_addresses(s, layer, lut);
    s->net->rows->look_up(s->net->layer[layer].truth[lut], s->address, s->words * 64, out_of(s, layer, lut));
}

static bool reads_changed(const lf_lut_net *n, int layer, size_t lut, const bool *changed) {
    for (size_t p = lut * n->fan_in; p < (lut + 1) * n->fan_in; p++)
        if (changed[n->layer[layer].pick[p]])
            return true;
    return false;
}

/* The layers behind a LUT whose bit has changed. */
static void run_behind(lf_lut_search *s, int layer, size_t lut) {
    const lf_lut_net *n = s->net;
    lf_arena *scratch = lf_arena_new();
    bool *changed = LF_NEW_ARRAY(scratch, bool, n->layer[layer].luts);
    changed[lut] = true;
    for (int i = layer + 1; i < n->layers; i++) {
        bool *next = LF_NEW_ARRAY(scratch, bool, n->layer[i].luts);
        for (size_t k = 0; k < n->layer[i].luts; k++)
            if ((next[k] = reads_changed(n, i, k, changed)))
                run_lut(s, i, k);
        changed = next;
    }
    lf_arena_free(scratch);
}

/* Bit b: the class with the most votes, the lowest on ties, is the row's. */
static void find_right(lf_lut_search *s, uint64_t *right) {
    const lf_lut_net *n = s->net;
    const lf_lut_layer *l = &n->layer[n->layers - 1];
    size_t rows = s->words * 64;
    memset(s->votes, 0, n->classes * rows * sizeof *s->votes);
    memset(right, 0, s->words * sizeof *right);
    for (size_t lut = 0; lut < l->luts; lut++)
        n->rows->count(out_of(s, n->layers - 1, lut), rows, s->votes + lf_lut_class(n, lut) * rows);
    for (size_t i = 0; i < s->count; i++) {
        const uint16_t *own = s->votes + s->label[i] * rows + i;
        bool is = true;
        for (size_t c = 0; c < n->classes && is; c++)
            is = c < s->label[i] ? s->votes[c * rows + i] < *own : s->votes[c * rows + i] <= *own;
        right[i / 64] |= (uint64_t)is << i % 64;
    }
}

static void right_with(lf_lut_search *s, int layer, size_t lut, bool value, uint64_t *right) {
    memset(out_of(s, layer, lut), value ? 0xff : 0, s->words * sizeof(uint64_t));
    run_behind(s, layer, lut);
    find_right(s, right);
}

/* -- one step -------------------------------------------------------------------------------------------------------- */

/* Rows on which low and high differ, about `quarters` of four of them, with their addresses; bit `pin` of an address is left 0. */
static void gather(lf_lut_search *s, int layer, size_t lut, size_t pin, int quarters) {
    find_addresses(s, layer, lut);
    uint8_t keep = (uint8_t) ~(pin < 6 ? 1u << pin : 0);
    s->rows = 0;
    for (size_t w = 0; w < s->words; w++) {
        uint64_t a = quarters < 4 ? lf_rng_u64(&s->rng) : 0, b = quarters < 4 ? lf_rng_u64(&s->rng) : 0;
        uint64_t part = quarters == 1 ? a & b : quarters == 2 ? a : quarters == 3 ? a | b : UINT64_MAX;
        for (uint64_t left = (s->low[w] ^ s->high[w]) & part; left; left &= left - 1) {
            size_t i = w * 64 + (size_t)LF_ZEROS_BELOW(left);
            s->row[s->rows] = (uint32_t)i;
            s->group[s->rows++] = (uint8_t)((s->address[i] & keep) | (s->high[w] >> i % 64 & 1) << 6);
        }
    }
}

/* What a pin may read, and how good it is: rows that the best tables get right, and a little that decides ties. */
typedef struct offer {
    uint32_t bit;
    double worth;
} offer;

typedef struct contest {
    lf_lut_search *s;
    int layer;
    size_t lut, pin, first, candidates; /* first: of the LUT's pins */
    uint64_t tie;                       /* this step's random number */
    double cost;
    uint32_t total[GROUPS]; /* rows per group; bit `pin` of the address is 0 */
    offer *best;            /* [features], or [1] behind the first layer */
} contest;

/* In [0, 1/4): smaller than what the present bit is given. */
static double tie_breaker(const contest *c, uint32_t bit) {
    uint32_t out[4];
    lf_philox(c->tie, 0, bit, out);
    return (double)out[0] / 17179869184.0;
}

static void consider(const contest *c, uint32_t bit, const uint32_t *ones, offer *best) {
    const uint32_t *pick = c->s->net->layer[c->layer].pick + c->first;
    for (size_t k = 0; k < c->s->net->fan_in; k++)
        if (k != c->pin && pick[k] == bit)
            return;
    double worth = pick[c->pin] == bit ? 0.375 : tie_breaker(c, bit);
    for (size_t a = 0; a < LF_LUT_ENTRIES; a++) {
        uint32_t one[2] = {ones[a], ones[a + LF_LUT_ENTRIES]};
        uint32_t zero[2] = {c->total[a] - one[0], c->total[a + LF_LUT_ENTRIES] - one[1]};
        worth += one[0] > one[1] ? one[0] : one[1];
        worth += zero[0] > zero[1] ? zero[0] : zero[1];
    }
    if (!c->layer && !c->s->readers[bit])
        worth -= c->cost * (double)c->s->price[bit];
    if (worth > best->worth)
        *best = (offer){bit, worth};
}

/* All thresholds of one feature: rows per level and group, added up from the highest level downwards. */
static void try_feature(void *arg, size_t feature, int worker) {
    (void)worker;
    contest *c = arg;
    const lf_lut_search *s = c->s;
    size_t levels = s->net->thermometer->levels;
    const uint8_t *level = s->level + feature * s->words * 64;
    uint32_t at[251][GROUPS];
    memset(at, 0, (levels + 1) * sizeof *at);
    for (size_t i = 0; i < s->rows; i++)
        at[level[s->row[i]]][s->group[i]]++;
    c->best[feature] = (offer){0, -1e300};
    for (size_t k = levels; k-- > 0;) {
        consider(c, (uint32_t)(feature * levels + k), at[k + 1], &c->best[feature]);
        for (size_t g = 0; g < GROUPS; g++)
            at[k][g] += at[k + 1][g];
    }
}

static void try_bits(contest *c) {
    const lf_lut_search *s = c->s;
    c->best[0] = (offer){0, -1e300};
    for (size_t bit = 0; bit < s->net->layer[c->layer].in; bit++) {
        const uint64_t *b = bit_of(s, c->layer, bit);
        uint32_t ones[GROUPS] = {0};
        for (size_t i = 0; i < s->rows; i++)
            ones[s->group[i]] += (uint32_t)(b[s->row[i] / 64] >> s->row[i] % 64 & 1);
        consider(c, (uint32_t)bit, ones, &c->best[0]);
    }
}

static void wire(lf_lut_search *s, int layer, size_t pin, uint32_t bit) {
    lf_lut_layer *l = &s->net->layer[layer];
    if (layer == 0) {
        s->readers[l->pick[pin]]--;
        s->readers[bit]++;
    }
    l->choice[pin] = (float)bit;
    l->pick[pin] = bit;
}

static void rewire(lf_lut_search *s, int layer, size_t lut, size_t pin, int quarters) {
    lf_lut_net *n = s->net;
    lf_arena *scratch = lf_arena_new();
    size_t first = lut * n->fan_in, features = n->thermometer->features, offers = layer ? 1 : features;
    contest c = {.s = s, .layer = layer, .lut = lut, .pin = pin, .first = first, .tie = lf_rng_u64(&s->rng)};
    uint32_t present = n->layer[layer].pick[first + pin];
    c.best = LF_NEW_ARRAY(scratch, offer, offers);
    c.cost = n->recipe->luts.comparison_cost * quarters / 4;
    for (size_t i = 0; i < s->rows; i++)
        c.total[s->group[i]]++;
    if (layer == 0) { /* its own use of the present bit does not make that one free */
        s->readers[present]--;
        lf_pool_run(n->pool, features, try_feature, &c);
        s->readers[present]++;
    } else {
        try_bits(&c);
    }
    offer best = c.best[0];
    for (size_t k = 1; k < offers; k++)
        best = c.best[k].worth > best.worth ? c.best[k] : best;
    if (best.worth > -1e299)
        wire(s, layer, first + pin, best.bit);
    lf_arena_free(scratch);
}

/* Entries take the value that more of the gathered rows want; those that none reads stay. */
static void fill_table(lf_lut_search *s, int layer, size_t lut) {
    lf_lut_layer *l = &s->net->layer[layer];
    int64_t lead[LF_LUT_ENTRIES] = {0};
    find_addresses(s, layer, lut);
    for (size_t i = 0; i < s->rows; i++)
        lead[s->address[s->row[i]]] += s->group[i] >= LF_LUT_ENTRIES ? 1 : -1;
    for (size_t a = 0; a < LF_LUT_ENTRIES; a++) {
        if (lead[a] > 0)
            l->truth[lut] |= (uint64_t)1 << a;
        if (lead[a] < 0)
            l->truth[lut] &= ~((uint64_t)1 << a);
        l->table[lut * LF_LUT_ENTRIES + a] = l->truth[lut] >> a & 1 ? 1 : -1;
    }
    run_lut(s, layer, lut);
}

/* pin: of the LUT, or fan_in: the table only. */
static void step(lf_lut_search *s, int layer, size_t lut, size_t pin, int quarters) {
    right_with(s, layer, lut, false, s->low);
    right_with(s, layer, lut, true, s->high);
    bool wires = pin < s->net->fan_in && s->net->layer[layer].in > s->net->fan_in;
    gather(s, layer, lut, wires ? pin : 6, quarters);
    if (wires)
        rewire(s, layer, lut, pin, quarters);
    fill_table(s, layer, lut);
    run_behind(s, layer, lut);
}

/* -- the start ------------------------------------------------------------------------------------------------------ */

/* The class that a LUT stands for at first. */
static size_t first_class(const lf_lut_net *n, int layer, size_t lut) {
    return layer == n->layers - 1 ? lf_lut_class(n, lut) : n->classes == 2 ? 1 : lut % n->classes;
}

static void want_class(lf_lut_search *s, size_t class) {
    memset(s->low, 0, s->words * sizeof *s->low);
    memset(s->high, 0, s->words * sizeof *s->high);
    for (size_t i = 0; i < s->count; i++)
        (s->label[i] == class ? s->high : s->low)[i / 64] |= (uint64_t)1 << i % 64;
}

static void start_lut(lf_lut_search *s, int layer, size_t lut) {
    lf_lut_net *n = s->net;
    want_class(s, first_class(n, layer, lut));
    for (size_t k = 0; layer && k < n->fan_in; k++) /* readers of later layers: one behind the other */
        wire(s, layer, lut * n->fan_in + k, (uint32_t)((lut * n->fan_in + k) % n->layer[layer].in));
    for (size_t k = 0; !layer && k < n->fan_in; k++) {
        size_t pin = lf_rng_below(&s->rng, (uint32_t)n->fan_in);
        gather(s, layer, lut, pin, 1);
        rewire(s, layer, lut, pin, 1);
    }
    gather(s, layer, lut, 6, 2);
    fill_table(s, layer, lut);
}

static void count_readers(lf_lut_search *s) {
    const lf_lut_layer *l = &s->net->layer[0];
    memset(s->readers, 0, l->in * sizeof *s->readers);
    for (size_t p = 0; p < l->pins; p++)
        s->readers[l->pick[p]]++;
}

lf_lut_search *lf_lut_search_new(lf_ctx *ctx, lf_lut_net *n, const lf_feed *feed, const uint32_t *rows, size_t count) {
    lf_arena *a = lf_arena_new();
    lf_lut_search *s = LF_NEW(a, lf_lut_search);
    *s = (lf_lut_search){.arena = a, .net = n, .count = count, .words = lf_ceil_div(count, 64)};
    s->rng = lf_rng_make(n->seed, lf_stream(LF_STREAM_SEARCH, 0, 0));
    if (!allocate(s)) {
        (void)!lf_fail(ctx, LF_BAD_INPUT, NULL, "no memory to search on %zu rows", count);
        lf_arena_free(a);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        s->label[i] = feed->labels[rows[i]];
    for (size_t k = 0; k < n->thermometer->features; k++)
        load_level(s, feed, rows, k);
    find_prices(s);
    count_readers(s);
    for (int i = 0; i < n->layers; i++)
        for (size_t k = 0; k < n->layer[i].luts; k++)
            start_lut(s, i, k);
    lf_lut_net_settle(n);
    return s;
}

void lf_lut_search_free(lf_lut_search *s) {
    if (s)
        lf_arena_free(s->arena);
}

/* -- an epoch --------------------------------------------------------------------------------------------------------- */

/* Of four quarters of the rows: 1 and 2 in turns, then 2 with every fourth epoch on all, in the last quarter of the epochs all. */
static int part_of_rows(int64_t epoch, int64_t epochs) {
    if (4 * epoch <= epochs)
        return 1 + (int)(epoch % 2);
    return 4 * epoch > 3 * epochs || epoch % 4 == 0 ? 4 : 2;
}

static void each_lut(lf_lut_search *s, void (*fn)(lf_lut_search *s, int layer, size_t lut)) {
    for (int i = 0; i < s->net->layers; i++)
        for (size_t k = 0; k < s->net->layer[i].luts; k++)
            fn(s, i, k);
}

static void refill(lf_lut_search *s, int layer, size_t lut) {
    step(s, layer, lut, s->net->fan_in, 4);
}

void lf_lut_search_epoch(lf_lut_search *s, int64_t epoch, int64_t epochs) {
    const lf_lut_net *n = s->net;
    size_t luts = 0;
    for (int i = 0; i < n->layers; i++)
        luts += n->layer[i].luts;
    s->rng = lf_rng_make(n->seed, lf_stream(LF_STREAM_SEARCH, 1, (uint64_t)epoch));
    count_readers(s);
    each_lut(s, run_lut);
    for (size_t k = 0; k < luts; k++) {
        size_t lut = lf_rng_below(&s->rng, (uint32_t)luts), pin = lf_rng_below(&s->rng, (uint32_t)n->fan_in);
        int layer = 0;
        for (; lut >= n->layer[layer].luts; layer++)
            lut -= n->layer[layer].luts;
        step(s, layer, lut, pin, part_of_rows(epoch, epochs));
    }
    each_lut(s, refill);
}
