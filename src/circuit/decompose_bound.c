/* Functional decomposition: a bound set of inputs acts on the functions only through which column (cofactor) it selects. Few different columns can
 * be told apart by few bits, each a LUT of the bound set (Ashenhurst 1959, Curtis 1962, Roth and Karp 1962); some inputs of the bound set may
 * stay inputs of the rest, and then the code needs to tell columns apart only where those are equal. */
#include <string.h>

#include "circuit/decompose_inside.h"
#include "circuit/lut_truth.h"

enum { COLUMNS_MAX = 64 };

/* The columns of f for its highest `size` inputs. */
typedef struct lf_columns {
    const lf_fn *f;
    int size, low;
    size_t words; /* of one output's column */
    uint8_t class_of[COLUMNS_MAX];
    int count;
    uint8_t first[COLUMNS_MAX]; /* [class]: a column of it */
    uint64_t *bits, *care; /* with don't-cares: [class][output][words], [class][words]: what its columns say together */
} lf_columns;

static bool same_column(const lf_columns *k, size_t c, size_t d) {
    uint64_t x, y;
    for (int o = 0; o < k->f->m; o++) {
        const uint64_t *p = lf_wide_column(k->f->bits[o], k->low, c, &x),
                       *q = lf_wide_column(k->f->bits[o], k->low, d, &y);
        if (memcmp(p, q, k->words * sizeof *p))
            return false;
    }
    return true;
}

static uint64_t column_hash(const lf_columns *k, size_t c) {
    uint64_t h = 0x2545f4914f6cdd1du, x;
    for (int o = 0; o < k->f->m; o++)
        h = lf_wide_hash(lf_wide_column(k->f->bits[o], k->low, c, &x), k->words, h);
    return h ^ h >> 29;
}

static void classify_exactly(lf_columns *k) {
    uint64_t hash[COLUMNS_MAX];
    uint8_t slot[4 * COLUMNS_MAX] = {0}; /* 1 + class */
    k->count = 0;
    for (size_t c = 0; c < (size_t)1 << k->size; c++) {
        uint64_t h = column_hash(k, c);
        size_t at = h & (4 * COLUMNS_MAX - 1);
        while (slot[at] && !(hash[slot[at] - 1] == h && same_column(k, c, k->first[slot[at] - 1])))
            at = (at + 1) & (4 * COLUMNS_MAX - 1);
        if (!slot[at]) {
            hash[k->count] = h;
            k->first[k->count] = (uint8_t)c;
            slot[at] = (uint8_t)++k->count;
        }
        k->class_of[c] = (uint8_t)(slot[at] - 1);
    }
}

static bool fits(const lf_columns *k, size_t c, size_t class) {
    uint64_t x, y;
    const uint64_t *care = lf_wide_column(k->f->care, k->low, c, &y), *theirs = k->care + class * k->words;
    for (int o = 0; o < k->f->m; o++) {
        const uint64_t *p = lf_wide_column(k->f->bits[o], k->low, c, &x);
        const uint64_t *q = k->bits + (class * (size_t)k->f->m + (size_t)o) * k->words;
        for (size_t w = 0; w < k->words; w++)
            if ((p[w] ^ q[w]) & care[w] & theirs[w])
                return false;
    }
    return true;
}

static void put_column(lf_columns *k, size_t c, size_t class) {
    uint64_t x, y;
    const uint64_t *care = lf_wide_column(k->f->care, k->low, c, &y);
    for (int o = 0; o < k->f->m; o++) {
        const uint64_t *p = lf_wide_column(k->f->bits[o], k->low, c, &x);
        for (size_t w = 0; w < k->words; w++)
            k->bits[(class * (size_t)k->f->m + (size_t)o) * k->words + w] |= p[w] & care[w];
    }
    for (size_t w = 0; w < k->words; w++)
        k->care[class * k->words + w] |= care[w];
    k->class_of[c] = (uint8_t) class;
}

/* First fit: a column joins the first class with which it agrees wherever both matter. */
static void classify_compatibly(lf_columns *k) {
    size_t columns = (size_t)1 << k->size;
    memset(k->bits, 0, columns * (size_t)k->f->m * k->words * sizeof *k->bits);
    memset(k->care, 0, columns * k->words * sizeof *k->care);
    k->count = 0;
    for (size_t c = 0; c < columns; c++) {
        size_t class = 0;
        while (class < (size_t)k->count && !fits(k, c, class))
            class ++;
        if (class == (size_t)k->count)
            k->first[k->count++] = (uint8_t)c;
        put_column(k, c, class);
    }
}

static void classify(lf_columns *k) {
    if (k->f->care)
        classify_compatibly(k);
    else
        classify_exactly(k);
}

static lf_columns columns_of(lf_arena *a, const lf_fn *f, int size) {
    lf_columns k = {.f = f, .size = size, .low = f->n - size, .words = lf_wide_words(f->n - size)};
    if (f->care) {
        k.bits = LF_NEW_ARRAY(a, uint64_t, ((size_t)f->m << size) * k.words);
        k.care = LF_NEW_ARRAY(a, uint64_t, k.words << size);
    }
    return k;
}

/* -- which inputs are bound ---------------------------------------------------------------------------------------------- */

static void exchange(lf_fn *f, int *order, int i, int j) {
    int t = order[i];
    lf_fn_swap(f, i, j);
    order[i] = order[j];
    order[j] = t;
}

/* Exchanges inputs between the bound and the free ones as long as that gives fewer columns. */
static void improve_bound(lf_fn *f, int *order, lf_columns *k) {
    classify(k);
    int best = k->count;
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < k->low; i++)
            for (int j = k->low; j < f->n; j++) {
                exchange(f, order, i, j);
                classify(k);
                if (k->count < best) {
                    best = k->count;
                    again = true;
                } else {
                    exchange(f, order, i, j);
                }
            }
    }
    classify(k);
}

/* Classes within each choice of values of the kept inputs: the most there are. kept is a mask of the bound set's inputs. */
static int most_classes(const lf_columns *k, unsigned kept) {
    uint64_t seen[COLUMNS_MAX] = {0}; /* by the values of the kept inputs */
    int most = 0;
    for (unsigned c = 0; c < 1u << k->size; c++)
        seen[c & kept] |= (uint64_t)1 << k->class_of[c];
    for (unsigned c = 0; c < 1u << k->size; c++) {
        int count = 0;
        for (uint64_t x = seen[c & kept]; x; x &= x - 1)
            count++;
        most = count > most ? count : most;
    }
    return most;
}

static int ones(unsigned x) {
    int count = 0;
    for (; x; x &= x - 1)
        count++;
    return count;
}

/* The kept inputs that make code and rest cheapest; false when nothing is gained. */
static bool choose_kept(const lf_search *s, const lf_columns *k, lf_bound *b, unsigned *kept) {
    b->guess = 1e30;
    for (unsigned mask = 0; mask < 1u << k->size; mask++) {
        int keeps = ones(mask);
        if (keeps > 2)
            continue;
        int code = lf_log2_up((size_t)most_classes(k, mask)), rest = k->low + keeps + code;
        double guess = code + k->f->m * lf_guess_luts(s, rest);
        if (rest < k->f->n && guess < b->guess) {
            b->guess = guess;
            b->kept = keeps;
            b->code_bits = code;
            *kept = mask;
        }
    }
    return b->guess < 1e30;
}

/* The kept inputs go to the end of the order. */
static void order_bound(lf_bound *b, const int *order, int n, unsigned kept) {
    int low = n - b->size, at = low;
    memcpy(b->order, order, (size_t)low * sizeof *order);
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < b->size; j++)
            if ((kept >> j & 1) == (unsigned)pass)
                b->order[at++] = order[low + j];
}

static bool same_bound(const lf_bound *x, const lf_bound *y, int n) {
    unsigned in_x = 0, in_y = 0;
    for (int j = n - x->size; j < n; j++)
        in_x |= 1u << x->order[j];
    for (int j = n - y->size; j < n; j++)
        in_y |= 1u << y->order[j];
    return in_x == in_y;
}

static int insert_bound(lf_bound *list, int count, int max, const lf_bound *b, int n) {
    for (int i = 0; i < count; i++)
        if (same_bound(&list[i], b, n))
            return count;
    int at = count;
    while (at > 0 && list[at - 1].guess > b->guess)
        at--;
    if (at == max)
        return count;
    count = count < max ? count + 1 : max;
    memmove(&list[at + 1], &list[at], (size_t)(count - 1 - at) * sizeof *list);
    list[at] = *b;
    return count;
}

/* From the order given, forward or backward. */
static int find_from(lf_search *s, const lf_fn *f, const int *start, lf_bound *out, int count, int max) {
    for (int size = s->k; size >= 3; size--) {
        int order[20];
        unsigned kept = 0;
        lf_bound b = {.size = size};
        if (size >= f->n)
            continue;
        memcpy(order, start, (size_t)f->n * sizeof *order);
        lf_fn *g = lf_fn_ordered(s->scratch, f, order);
        lf_columns k = columns_of(s->scratch, g, size);
        improve_bound(g, order, &k);
        if (!choose_kept(s, &k, &b, &kept))
            continue;
        order_bound(&b, order, f->n, kept);
        count = insert_bound(out, count, max, &b, f->n);
    }
    return count;
}

int lf_find_bounds(lf_search *s, const lf_fn *f, lf_bound *out, int max) {
    int order[20], count = 0;
    if (max <= 0)
        return 0;
    for (int i = 0; i < f->n; i++)
        order[i] = i;
    count = find_from(s, f, order, out, count, max);
    if (s->depth > 1 && s->effort < 2)
        return count;
    for (int i = 0; i < f->n; i++)
        order[i] = f->n - 1 - i;
    return find_from(s, f, order, out, count, max);
}

/* -- codes and the rest --------------------------------------------------------------------------------------------------- */

typedef struct lf_coding {
    lf_columns k;
    int rank[COLUMNS_MAX];     /* of a class, by how many ones its column has */
    uint8_t code[COLUMNS_MAX]; /* by column */
} lf_coding;

static int64_t column_weight(const lf_columns *k, size_t c) {
    int64_t weight = 0;
    uint64_t small;
    for (int o = 0; o < k->f->m; o++) {
        const uint64_t *t = lf_wide_column(k->f->bits[o], k->low, c, &small);
        for (size_t w = 0; w < k->words; w++)
            weight += (int64_t)LF_ONES(t[w]) << o;
    }
    return weight;
}

/* Neighbours in weight get neighbouring codes: what is left of a sum with thresholds is then one, too. */
static void rank_classes(lf_coding *d) {
    int64_t weight[COLUMNS_MAX];
    for (int i = 0; i < d->k.count; i++)
        weight[i] = column_weight(&d->k, d->k.first[i]);
    for (int i = 0; i < d->k.count; i++) {
        d->rank[i] = 0;
        for (int j = 0; j < d->k.count; j++)
            d->rank[i] += weight[j] < weight[i] || (weight[j] == weight[i] && j < i);
    }
}

/* Within each choice of values of the kept inputs (the highest of the column number) classes are numbered by rank. */
static void number_classes(lf_coding *d, int kept) {
    unsigned columns = 1u << d->k.size, per = columns >> kept;
    for (unsigned c = 0; c < columns; c++) {
        unsigned base = c / per * per, code = 0;
        uint64_t below = 0;
        for (unsigned e = base; e < base + per; e++)
            if (d->rank[d->k.class_of[e]] < d->rank[d->k.class_of[c]])
                below |= (uint64_t)1 << d->k.class_of[e];
        for (; below; below &= below - 1)
            code++;
        d->code[c] = (uint8_t)code;
    }
}

/* What is left: free inputs, code, kept inputs. Codes that do not occur do not matter. */
static lf_fn *rest_of(lf_arena *a, const lf_coding *d, const lf_bound *b) {
    const lf_columns *k = &d->k;
    int n = k->low + b->code_bits + b->kept;
    unsigned per = 1u << (k->size - b->kept);
    lf_fn *rest = lf_fn_new(a, n, k->f->m, true);
    for (unsigned c = 0; c < 1u << k->size; c++) {
        size_t base = ((size_t)(c / per) << b->code_bits | d->code[c]) << k->low;
        uint64_t small;
        for (int o = 0; o <= k->f->m; o++) {
            const uint64_t *care = k->f->care ? lf_wide_column(k->f->care, k->low, c, &small) : NULL;
            for (size_t x = 0; x < (size_t)1 << k->low; x++) {
                if (care && !lf_wide_get(care, x))
                    continue;
                if (o == k->f->m)
                    lf_wide_put(rest->care, base + x);
                else if (lf_wide_get(k->f->bits[o], ((size_t)c << k->low) + x))
                    lf_wide_put(rest->bits[o], base + x);
            }
        }
    }
    bool all = true;
    for (size_t w = 0; w < lf_wide_words(n); w++)
        all &= rest->care[w] == lf_truth_mask(n);
    if (all)
        rest->care = NULL;
    return rest;
}

lf_lutnet *lf_solve_bound(lf_search *s, const lf_fn *f, const lf_bound *b) {
    lf_coding d = {.k = columns_of(s->scratch, lf_fn_ordered(s->scratch, f, b->order), b->size)};
    lf_signal in[20], bound[LF_LUT_INPUTS], *out = LF_NEW_ARRAY(s->scratch, lf_signal, (size_t)f->m + 1);
    classify(&d.k);
    unsigned kept = (1u << b->size) - (1u << (b->size - b->kept));
    int code_bits = lf_log2_up((size_t)most_classes(&d.k, kept));
    if (code_bits > b->code_bits) /* with don't-cares the classes depend on the order of the columns */
        return NULL;
    rank_classes(&d);
    number_classes(&d, b->kept);
    lf_lutnet *net = lf_lutnet_new(s->ctx, (uint32_t)f->n), *rest = lf_solve(s, rest_of(s->scratch, &d, b));
    if (!net || !rest) {
        lf_lutnet_free(net);
        lf_lutnet_free(rest);
        return NULL;
    }
    for (int j = 0; j < d.k.low; j++)
        in[j] = lf_lutnet_input((uint32_t)b->order[j]);
    for (int j = 0; j < b->size; j++)
        bound[j] = lf_lutnet_input((uint32_t)b->order[d.k.low + j]);
    for (int i = 0; i < b->code_bits; i++) {
        uint64_t truth = 0;
        for (unsigned c = 0; c < 1u << b->size; c++)
            truth |= (uint64_t)(d.code[c] >> i & 1) << c;
        in[d.k.low + i] = lf_lutnet_lut(net, bound, b->size, truth);
    }
    for (int i = 0; i < b->kept; i++)
        in[d.k.low + b->code_bits + i] = bound[b->size - b->kept + i];
    lf_splice(net, rest, in, out);
    for (int o = 0; o < f->m; o++)
        LF_PUSH(net->arena, &net->outputs, out[o]);
    lf_lutnet_free(rest);
    return net;
}
