/* Multiplexer trees: the lowest k inputs of a good order make leaves, each one LUT; above them every two inputs make 4:1 multiplexers, each one
 * LUT6 (2:1 for LUT4). Equal and complementary functions are made once, for all outputs together. This is what a shared decision diagram
 * with complement edges, cut every two levels, gives (Sasao and Mishchenko, "On the number of LUTs to implement logic functions"). */
#include <string.h>

#include "circuit/decompose_inside.h"
#include "circuit/lut_truth.h"

/* -- how many different functions there are at a level ------------------------------------------------------------------ */

typedef struct lf_levels {
    lf_search *s;
    lf_fn *f;       /* the table in the order under trial */
    int order[20];  /* [position] = input */
    uint64_t *slot; /* hash set of the functions seen, 0: empty */
    size_t slots;
} lf_levels;

static bool is_new(lf_levels *l, uint64_t key) {
    size_t at = (size_t)(key ^ key >> 31) & (l->slots - 1);
    key |= 1;
    for (; l->slot[at]; at = (at + 1) & (l->slots - 1))
        if (l->slot[at] == key)
            return false;
    l->slot[at] = key;
    return true;
}

/* A hash of the function up to complement; false when it is constant. */
static bool column_key(const uint64_t *t, int low, uint64_t *key) {
    size_t words = lf_wide_words(low);
    uint64_t mask = lf_truth_mask(low), flip = t[0] & 1 ? mask : 0, any = 0, h = 88172645463325252u;
    for (size_t w = 0; w < words; w++) {
        uint64_t x = t[w] ^ flip;
        any |= x;
        h = (h ^ x) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    *key = h;
    return any != 0;
}

/* Different functions of the lowest `low` inputs, up to complement; only those that depend on inputs from `from` on. */
static size_t count_level(lf_levels *l, int low, int from) {
    size_t columns = (size_t)1 << (l->f->n - low), count = 0;
    memset(l->slot, 0, l->slots * sizeof *l->slot);
    for (int o = 0; o < l->f->m; o++)
        for (size_t c = 0; c < columns; c++) {
            uint64_t small, key;
            const uint64_t *t = lf_wide_column(l->f->bits[o], low, c, &small);
            bool depends = from == 0;
            if (!column_key(t, low, &key) || !is_new(l, key))
                continue;
            for (int j = low - 1; j >= from && !depends; j--)
                depends = lf_wide_depends(t, NULL, low, j);
            count += depends;
        }
    return count;
}

static void exchange(lf_levels *l, int i, int j) {
    int t = l->order[i];
    lf_fn_swap(l->f, i, j);
    l->order[i] = l->order[j];
    l->order[j] = t;
}

/* Exchanges inputs between the leaf and the rest as long as there are fewer different leaves. */
static size_t improve_leaf(lf_levels *l, int low) {
    size_t best = count_level(l, low, 0);
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < low; i++)
            for (int j = low; j < l->f->n; j++) {
                exchange(l, i, j);
                size_t count = count_level(l, low, 0);
                if (count < best) {
                    best = count;
                    again = true;
                } else {
                    exchange(l, i, j);
                }
            }
    }
    return best;
}

/* The inputs at low and, for width 2, low + 1 that give the fewest multiplexers. */
static void choose_step(lf_levels *l, int low, int width) {
    int n = l->f->n, best_i = low, best_j = low + 1;
    size_t best = SIZE_MAX;
    for (int i = low; i < n; i++)
        for (int j = width == 2 ? i + 1 : n - 1; j < n; j++) {
            exchange(l, low, i);
            if (width == 2)
                exchange(l, low + 1, j);
            size_t count = count_level(l, low + width, low);
            if (width == 2)
                exchange(l, low + 1, j);
            exchange(l, low, i);
            if (count < best) {
                best = count;
                best_i = i;
                best_j = j;
            }
        }
    exchange(l, low, best_i);
    if (width == 2)
        exchange(l, low + 1, best_j);
}

/* -- don't-cares: columns that agree where both matter become one ------------------------------------------------------- */

static bool compatible(const uint64_t *x, const uint64_t *cx, const uint64_t *y, const uint64_t *cy, size_t words,
                       uint64_t flip) {
    for (size_t w = 0; w < words; w++)
        if ((x[w] ^ y[w] ^ flip) & cx[w] & cy[w])
            return false;
    return true;
}

typedef struct lf_merge {
    uint64_t *bits, *care; /* [class][words] */
    size_t count, words;
    int low;
} lf_merge;

/* The class of a column, made when none fits; flip tells whether it is the complement. */
static size_t merge_column(lf_merge *m, const uint64_t *t, const uint64_t *care, uint64_t *flip) {
    uint64_t mask = lf_truth_mask(m->low);
    size_t c = 0;
    for (; c < m->count; c++) {
        *flip = 0;
        if (compatible(t, care, m->bits + c * m->words, m->care + c * m->words, m->words, 0))
            break;
        *flip = mask;
        if (compatible(t, care, m->bits + c * m->words, m->care + c * m->words, m->words, mask))
            break;
    }
    if (c == m->count) {
        *flip = 0;
        m->count++;
    }
    for (size_t w = 0; w < m->words; w++) {
        m->bits[c * m->words + w] |= (t[w] ^ *flip) & care[w];
        m->care[c * m->words + w] |= care[w];
    }
    return c;
}

/* Gives every address a value so that there are few different leaves; the function no longer has don't-cares. */
static void settle_cares(lf_search *s, lf_fn *f, int low) {
    size_t columns = (size_t)1 << (f->n - low), words = lf_wide_words(low), all = columns * (size_t)f->m;
    lf_merge m = {LF_NEW_ARRAY(s->scratch, uint64_t, (all + 1) * words),
                  LF_NEW_ARRAY(s->scratch, uint64_t, (all + 1) * words), 1, words, low};
    size_t *of = LF_NEW_ARRAY(s->scratch, size_t, all);
    uint64_t *flip = LF_NEW_ARRAY(s->scratch, uint64_t, all), small, small_care;
    memset(m.care, 0xff, words * sizeof(uint64_t)); /* class 0 is the constant */
    for (size_t i = 0; i < all; i++) {
        const uint64_t *t = lf_wide_column(f->bits[i / columns], low, i % columns, &small);
        of[i] = merge_column(&m, t, lf_wide_column(f->care, low, i % columns, &small_care), &flip[i]);
    }
    for (size_t i = 0; i < all; i++) {
        size_t at = (i % columns) << low;
        for (size_t a = 0; a < (size_t)1 << low; a += 64)
            f->bits[i / columns][(at + a) >> 6] &= ~(lf_truth_mask(low) << (at & 63));
        for (size_t w = 0; w < words; w++)
            f->bits[i / columns][(at >> 6) + w] |= (m.bits[of[i] * words + w] ^ flip[i]) << (at & 63);
    }
    f->care = NULL;
}

/* -- building ----------------------------------------------------------------------------------------------------------- */

typedef struct lf_edge {
    lf_signal s;
    bool inverted;
} lf_edge;

typedef struct lf_node {
    const uint64_t *bits; /* up to complement: value 0 at address 0 */
    int low;
    lf_signal signal;
    struct lf_node *next;
} lf_node;

typedef struct lf_tree {
    lf_levels *l;
    lf_lutnet *net;
    lf_node **bucket;
    int step; /* inputs per multiplexer */
} lf_tree;

enum { BUCKETS = 1 << 10 };

static lf_signal variable(const lf_tree *t, int position) {
    return lf_lutnet_input((uint32_t)t->l->order[position]);
}

static lf_edge build(lf_tree *t, const uint64_t *bits, int low);

/* One LUT when the function has at most k inputs. */
static bool leaf(lf_tree *t, const uint64_t *bits, int low, lf_signal *out) {
    lf_signal in[20];
    int n = low, k = t->l->s->k;
    uint64_t *left = LF_NEW_ARRAY(t->l->s->scratch, uint64_t, lf_wide_words(low));
    for (int j = 0; j < low; j++)
        in[j] = variable(t, j);
    memcpy(left, bits, lf_wide_words(low) * sizeof *left);
    for (int j = low - 1; j >= 0 && n > k; j--)
        if (!lf_wide_depends(left, NULL, n, j)) {
            lf_wide_fix(left, n, j, 0, left);
            n--;
            for (int i = j; i < n; i++)
                in[i] = in[i + 1];
        }
    if (n <= k)
        *out = lf_lutnet_lut(t->net, in, n, left[0]);
    return n <= k;
}

/* The selected of 2^step functions of the inputs below. */
static lf_signal multiplexer(lf_tree *t, const uint64_t *bits, int low) {
    int step = low - t->step < t->l->s->k ? low - t->l->s->k : t->step;
    if ((low - t->l->s->k) % t->step) /* an odd input out stands at the top */
        step = 1;
    lf_signal in[LF_LUT_INPUTS];
    bool inverted[4] = {false};
    uint64_t truth = 0, small;
    for (int i = 0; i < step; i++)
        in[i] = variable(t, low - step + i);
    for (int c = 0; c < 1 << step; c++) {
        lf_edge e = build(t, lf_wide_column(bits, low - step, (size_t)c, &small), low - step);
        in[step + c] = e.s;
        inverted[c] = e.inverted;
    }
    int n = step + (1 << step);
    for (unsigned a = 0; a < 1u << n; a++) {
        unsigned which = a & ((1u << step) - 1);
        truth |= (uint64_t)((a >> (step + (int)which) & 1) ^ (inverted[which] ? 1u : 0u)) << a;
    }
    return lf_lutnet_lut(t->net, in, n, truth);
}

static lf_edge build(lf_tree *t, const uint64_t *bits, int low) {
    size_t words = lf_wide_words(low);
    bool inverted = bits[0] & 1;
    uint64_t *plain = LF_NEW_ARRAY(t->l->s->scratch, uint64_t, words), any = 0,
             flip = inverted ? lf_truth_mask(low) : 0;
    for (size_t w = 0; w < words; w++)
        any |= plain[w] = bits[w] ^ flip;
    if (!any)
        return (lf_edge){0, inverted};
    uint64_t h = lf_wide_hash(plain, words, (uint64_t)low);
    lf_node **b = &t->bucket[(h ^ h >> 40) & (BUCKETS - 1)];
    for (lf_node *n = *b; n; n = n->next)
        if (n->low == low && !memcmp(n->bits, plain, words * sizeof *plain))
            return (lf_edge){n->signal, inverted};
    lf_node *n = LF_NEW(t->l->s->scratch, lf_node);
    *n = (lf_node){plain, low, 0, NULL};
    if (!leaf(t, plain, low, &n->signal))
        n->signal = multiplexer(t, plain, low);
    n->next = *b;
    *b = n;
    return (lf_edge){n->signal, inverted};
}

static lf_lutnet *build_all(lf_levels *l, int step) {
    lf_tree t = {l, lf_lutnet_new(l->s->ctx, (uint32_t)l->f->n), LF_NEW_ARRAY(l->s->scratch, lf_node *, BUCKETS), step};
    for (int o = 0; t.net && o < l->f->m; o++) {
        lf_signal s;
        if (!leaf(&t, l->f->bits[o], l->f->n, &s))
            s = multiplexer(&t, l->f->bits[o], l->f->n);
        LF_PUSH(t.net->arena, &t.net->outputs, s);
    }
    return t.net;
}

lf_lutnet *lf_solve_mux(lf_search *s, const lf_fn *f) {
    int n = f->n, k = s->k, step = k == 6 ? 2 : 1;
    lf_levels l = {.s = s, .f = lf_fn_copy(s->scratch, f)};
    for (l.slots = 64; l.slots < ((size_t)f->m << (n - k)) * 2;)
        l.slots *= 2;
    l.slot = LF_NEW_ARRAY(s->scratch, uint64_t, l.slots);
    for (int i = 0; i < n; i++)
        l.order[i] = i;
    if (l.f->care)
        settle_cares(s, l.f, k);
    (void)improve_leaf(&l, k);
    for (int low = k; low < n - step; low += step)
        choose_step(&l, low, step);
    return build_all(&l, step);
}
