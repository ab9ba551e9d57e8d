/* Truth tables as LUTs: the ways that apply are tried on the function and on what they leave, and the smallest netlist is kept. */
#include <string.h>

#include "circuit/decompose_inside.h"
#include "circuit/lut_truth.h"

/* -- what is already solved ----------------------------------------------------------------------------------------- */

typedef struct lf_answer {
    const lf_fn *fn;
    lf_lutnet *net;
    int depth, effort;
} lf_answer;

enum { ANSWERS = 1 << 10, ANSWER_WORDS_MAX = 1 << 12 };

typedef struct lf_answers {
    lf_answer at[ANSWERS];
} lf_answers;

static size_t fn_words(const lf_fn *f) {
    return lf_wide_words(f->n) * ((size_t)f->m + (f->care != NULL)); /* they lie one behind the other (lf_fn_new) */
}

static bool same_fn(const lf_fn *x, const lf_fn *y) {
    return x->n == y->n && x->m == y->m && !x->care == !y->care &&
           !memcmp(x->bits[0], y->bits[0], fn_words(x) * sizeof(uint64_t));
}

static lf_answer *answer_of(lf_search *s, const lf_fn *f) {
    uint64_t h = lf_wide_hash(f->bits[0], fn_words(f), (uint64_t)f->n << 32 | (uint64_t)f->m);
    return &s->answers->at[(h ^ h >> 20) & (ANSWERS - 1)];
}

/* -- inputs without effect, outputs that need no search ---------------------------------------------------------------- */

static bool needed(const lf_fn *f, int j) {
    for (int o = 0; o < f->m; o++)
        if (lf_wide_depends(f->bits[o], f->care, f->n, j))
            return true;
    return false;
}

/* f without input j, on which nothing that matters depends. */
static lf_fn *without(lf_arena *a, const lf_fn *f, int j) {
    lf_fn *g = lf_fn_new(a, f->n - 1, f->m, f->care != NULL);
    size_t words = lf_wide_words(f->n - 1);
    if (!f->care) {
        for (int o = 0; o < f->m; o++)
            lf_wide_fix(f->bits[o], f->n, j, 0, g->bits[o]);
        return g;
    }
    uint64_t *one = LF_NEW_ARRAY(a, uint64_t, 2 * words), *care_one = one + words;
    lf_wide_fix(f->care, f->n, j, 0, g->care);
    lf_wide_fix(f->care, f->n, j, 1, care_one);
    for (int o = 0; o < f->m; o++) {
        lf_wide_fix(f->bits[o], f->n, j, 0, g->bits[o]);
        lf_wide_fix(f->bits[o], f->n, j, 1, one);
        for (size_t w = 0; w < words; w++)
            g->bits[o][w] = (g->bits[o][w] & g->care[w]) | (one[w] & care_one[w]);
    }
    for (size_t w = 0; w < words; w++)
        g->care[w] |= care_one[w];
    return g;
}

/* f without the inputs that have no effect; kept[i] is the input of f that input i of the result is. */
static const lf_fn *trimmed(lf_arena *a, const lf_fn *f, int *kept) {
    int n = f->n;
    for (int i = 0; i < n; i++)
        kept[i] = i;
    for (int j = n - 1; j >= 0; j--)
        if (!needed(f, j)) {
            f = without(a, f, j);
            n--;
            for (int i = j; i < n; i++)
                kept[i] = kept[i + 1];
        }
    return f;
}

static lf_fn *only_output(lf_arena *a, const lf_fn *f, const int *which, int count) {
    lf_fn *g = lf_fn_new(a, f->n, count, f->care != NULL);
    size_t bytes = lf_wide_words(f->n) * sizeof(uint64_t);
    for (int o = 0; o < count; o++)
        memcpy(g->bits[o], f->bits[which[o]], bytes);
    if (f->care)
        memcpy(g->care, f->care, bytes);
    return g;
}

static lf_signal small_lut(lf_lutnet *net, const lf_fn *f, const int *kept) {
    lf_signal in[LF_LUT_INPUTS];
    for (int i = 0; i < f->n; i++)
        in[i] = lf_lutnet_input((uint32_t)kept[i]);
    return f->n ? lf_lutnet_lut(net, in, f->n, f->bits[0][0]) : (lf_signal)(f->bits[0][0] & 1);
}

/* Output o of f equals an earlier one or its complement where it matters: that one, else -1. */
static int earlier(const lf_fn *f, int o, bool *inverted) {
    size_t words = lf_wide_words(f->n);
    for (int p = 0; p < o; p++) {
        bool same = true, opposite = true;
        for (size_t w = 0; w < words && (same || opposite); w++) {
            uint64_t mask = (f->care ? f->care[w] : UINT64_MAX) & lf_truth_mask(f->n);
            uint64_t differ = (f->bits[o][w] ^ f->bits[p][w]) & mask;
            same &= differ == 0;
            opposite &= differ == mask;
        }
        if (same || opposite) {
            *inverted = !same;
            return p;
        }
    }
    return -1;
}

/* -- the best of all ways ----------------------------------------------------------------------------------------------- */

static void keep_better(lf_search *s, lf_lutnet **best, lf_lutnet *net) {
    enum { ABSORB_MAX = 1500 };
    if (net && net->luts.count < ABSORB_MAX)
        net = lf_lutnet_absorb(net, s->k);
    if (net && (!*best || net->luts.count < (*best)->luts.count)) {
        lf_lutnet *t = *best;
        *best = net;
        net = t;
    }
    lf_lutnet_free(net);
}

/* Each output by itself: what they share is what turns out equal. */
static lf_lutnet *solve_apart(lf_search *s, const lf_fn *f) {
    lf_lutnet *net = lf_lutnet_new(s->ctx, (uint32_t)f->n);
    lf_signal in[20];
    for (int i = 0; i < f->n; i++)
        in[i] = lf_lutnet_input((uint32_t)i);
    for (int o = 0; net && o < f->m; o++) {
        lf_lutnet *part = lf_solve(s, only_output(s->scratch, f, &o, 1));
        lf_signal out;
        if (!part) {
            lf_lutnet_free(net);
            return NULL;
        }
        lf_splice(net, part, in, &out);
        LF_PUSH(net->arena, &net->outputs, out);
        lf_lutnet_free(part);
    }
    return net;
}

/* All ways, as far as the effort goes. */
static lf_lutnet *search_all(lf_search *s, const lf_fn *f) {
    enum { BOUNDS = 4 };
    lf_bound bound[BOUNDS];
    lf_lutnet *best = NULL;
    int tries = s->depth == 1 ? 2 + s->effort : 1 + (s->effort > 1);
    keep_better(s, &best, lf_solve_mux(s, f));
    keep_better(s, &best, f->m == 1 ? lf_solve_staircase(s, f) : lf_solve_sum(s, f));
    int count = lf_find_bounds(s, f, bound, tries < BOUNDS ? tries : BOUNDS);
    for (int i = 0; i < count; i++)
        keep_better(s, &best, lf_solve_bound(s, f, &bound[i]));
    if (f->m > 1)
        keep_better(s, &best, solve_apart(s, f));
    return best;
}

/* Wide functions are tried as sums first, which is quick and, where it applies, hardly ever beaten; narrow ones by the best bound set. */
static lf_lutnet *search_quickly(lf_search *s, const lf_fn *f) {
    lf_bound bound;
    lf_lutnet *best = NULL;
    bool wide = f->n >= 2 * s->k - 1;
    if (wide)
        keep_better(s, &best, f->m == 1 ? lf_solve_staircase(s, f) : lf_solve_sum(s, f));
    if (best)
        return best;
    keep_better(s, &best, lf_solve_mux(s, f));
    if (lf_find_bounds(s, f, &bound, 1))
        keep_better(s, &best, lf_solve_bound(s, f, &bound));
    else if (f->m > 1)
        keep_better(s, &best, solve_apart(s, f));
    return best;
}

static lf_lutnet *search(lf_search *s, const lf_fn *f) {
    enum { WIDEST = 16 }; /* beyond, only multiplexer trees */
    s->depth++;
    lf_lutnet *best = f->n > WIDEST ? lf_solve_mux(s, f) : s->effort ? search_all(s, f) : search_quickly(s, f);
    s->depth--;
    return best;
}

static lf_lutnet *copy_net(const lf_lutnet *n) {
    return n ? lf_lutnet_clean(n) : NULL;
}

static lf_lutnet *search_once(lf_search *s, const lf_fn *f) {
    if (fn_words(f) > ANSWER_WORDS_MAX)
        return search(s, f);
    lf_answer *a = answer_of(s, f);
    if (a->fn && same_fn(a->fn, f))
        return copy_net(a->net);
    lf_lutnet *net = search(s, f);
    lf_lutnet_free(a->net);
    *a = (lf_answer){.fn = f, .net = copy_net(net)};
    return net;
}

/* The outputs listed, which need more than one LUT each. */
static bool solve_wide(lf_search *s, lf_lutnet *net, const lf_fn *f, const int *wide, int count, lf_signal *out) {
    int kept[20];
    lf_signal in[20], *got = LF_NEW_ARRAY(s->scratch, lf_signal, (size_t)count + 1);
    const lf_fn *g = trimmed(s->scratch, only_output(s->scratch, f, wide, count), kept);
    if (g->n <= s->k) { /* don't-cares let all outputs together lose inputs that none by itself would lose */
        for (int o = 0; o < count; o++)
            out[wide[o]] = small_lut(net, only_output(s->scratch, g, &o, 1), kept);
        return true;
    }
    lf_lutnet *part = search_once(s, g);
    if (!part)
        return false;
    for (int i = 0; i < g->n; i++)
        in[i] = lf_lutnet_input((uint32_t)kept[i]);
    lf_splice(net, part, in, got);
    for (int o = 0; o < count; o++)
        out[wide[o]] = got[o];
    lf_lutnet_free(part);
    return true;
}

lf_lutnet *lf_solve(lf_search *s, const lf_fn *f) {
    lf_lutnet *net = lf_lutnet_new(s->ctx, (uint32_t)f->n);
    lf_signal *out = LF_NEW_ARRAY(s->scratch, lf_signal, (size_t)f->m + 1);
    int *wide = LF_NEW_ARRAY(s->scratch, int, (size_t)f->m + 1), count = 0, kept[20];
    int *like = LF_NEW_ARRAY(s->scratch, int, (size_t)f->m + 1);
    bool *inverted = LF_NEW_ARRAY(s->scratch, bool, (size_t)f->m + 1);
    for (int o = 0; net && o < f->m; o++) {
        like[o] = earlier(f, o, &inverted[o]);
        if (like[o] >= 0)
            continue;
        const lf_fn *one = trimmed(s->scratch, only_output(s->scratch, f, &o, 1), kept);
        if (one->n <= s->k)
            out[o] = small_lut(net, one, kept);
        else
            wide[count++] = o;
    }
    if (net && count && !solve_wide(s, net, f, wide, count, out)) {
        lf_lutnet_free(net);
        return NULL;
    }
    for (int o = 0; net && o < f->m; o++) {
        if (like[o] >= 0)
            out[o] = inverted[o] ? lf_lutnet_lut(net, &out[like[o]], 1, 1) : out[like[o]];
        LF_PUSH(net->arena, &net->outputs, out[o]);
    }
    return net;
}

double lf_guess_luts(const lf_search *s, int n) {
    double luts = 1;
    for (int i = s->k; i < n; i++)
        luts = s->k == 6 ? (i & 1 ? 2 * luts - 1 : 2 * luts + 1) : 2 * luts + 1;
    return luts;
}

/* -- from outside --------------------------------------------------------------------------------------------------------- */

/* The netlist against the table at every address that matters. */
static bool proved(lf_arena *a, const lf_lutnet *net, const lf_truth_table *t) {
    uint64_t *scratch = LF_NEW_ARRAY(a, uint64_t, 2 + net->inputs + net->luts.count);
    uint64_t *out = LF_NEW_ARRAY(a, uint64_t, net->outputs.count + 1), in[20];
    uint64_t mask = lf_truth_mask(t->inputs);
    for (size_t w = 0; w < lf_wide_words(t->inputs); w++) {
        for (int i = 0; i < t->inputs; i++)
            in[i] = i < 6 ? lf_truth_variable(i) : w >> (i - 6) & 1 ? UINT64_MAX : 0;
        lf_lutnet_run(net, in, out, scratch);
        for (int o = 0; o < t->outputs; o++)
            if ((out[o] ^ t->bits[o][w]) & mask & (t->care ? t->care[w] : UINT64_MAX))
                return false;
    }
    return true;
}

static lf_fn *from_table(lf_arena *a, const lf_truth_table *t) {
    lf_fn *f = lf_fn_new(a, t->inputs, t->outputs, t->care != NULL);
    size_t words = lf_wide_words(t->inputs);
    for (size_t w = 0; w < words; w++) {
        uint64_t care = (t->care ? t->care[w] : UINT64_MAX) & lf_truth_mask(t->inputs);
        for (int o = 0; o < t->outputs; o++)
            f->bits[o][w] = t->bits[o][w] & care;
        if (t->care)
            f->care[w] = care;
    }
    return f;
}

static lf_lutnet *solved(lf_search *s, const lf_truth_table *t) {
    s->answers = LF_NEW(s->scratch, lf_answers);
    lf_lutnet *net = lf_solve(s, from_table(s->scratch, t));
    for (size_t i = 0; i < ANSWERS; i++)
        lf_lutnet_free(s->answers->at[i].net);
    return net;
}

lf_status lf_decompose(lf_lutnet *net, const lf_truth_table *t, const lf_decompose_options *o, const lf_signal *in,
                       lf_signal *out) {
    if (t->inputs < 0 || t->inputs > LF_TABLE_INDEX_BITS || (o->lut_inputs != 4 && o->lut_inputs != 6))
        return lf_fail(net->ctx, LF_BAD_INPUT, NULL,
                       "a table of %d inputs cannot become LUT%d: 0 to %d inputs, LUT4 or LUT6", t->inputs,
                       o->lut_inputs, LF_TABLE_INDEX_BITS);
    lf_search s = {.ctx = net->ctx, .scratch = lf_arena_new(), .k = o->lut_inputs, .effort = o->effort};
    lf_lutnet *part = s.scratch ? solved(&s, t) : NULL;
    lf_status status = LF_OK;
    if (!part)
        status = lf_fail(net->ctx, LF_FAILED, NULL, "no memory to decompose a table of %d inputs", t->inputs);
    else if (!proved(s.scratch, part, t))
        status = lf_fail(net->ctx, LF_FAILED, NULL, "a table of %d inputs and %d outputs was decomposed wrongly",
                         t->inputs, t->outputs);
    else
        lf_splice(net, part, in, out);
    lf_lutnet_free(part);
    lf_arena_free(s.scratch);
    return status;
}
