/* The folding solver. At given prices folding_tree.c finds the least sum; what a part is short of gets dearer, and what it has left over
 * cheaper again, until the sum fits (Everett, Generalized Lagrange multiplier method, 1963). Whatever fits, or comes near, on the way is improved by
 * folding_search.c, and the cheapest at usual prices is the answer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "pass/folding_state.h"

static lf_fold_use limit_of(const lf_part *part) {
    return (lf_fold_use){
        {(double)part->lut, (double)part->ff, (double)part->bram, (double)part->uram, (double)part->dsp}};
}

static lf_status too_slow(const lf_folding *f, const lf_fold_layer *l, int64_t ii) {
    const lf_graph *g = f->table.g;
    lf_where where = lf_where_node(g, l->node);
    lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, &where,
                               "the target of %lld cycles a frame cannot be met: this layer takes at least %lld",
                               (long long)ii, (long long)l->fastest);
    lf_hint(g->ctx, "the best that all layers reach is --ii %lld", (long long)lf_folding_fastest(f));
    return status;
}

/* -- foldings that were found ---------------------------------------------------------------------------------------------------- */

typedef struct found {
    int *pick;     /* by layer */
    double beyond; /* 0: it fits */
    double weight; /* at usual prices */
} found;

static found found_new(lf_folding *f) {
    return (found){LF_NEW_ARRAY(f->work, int, f->table.layers.count + 1), INFINITY, INFINITY};
}

static bool is_better(double beyond, double weight, const found *than) {
    return beyond < than->beyond || (beyond == than->beyond && weight < than->weight);
}

/* Keeps the picks that stand when they are better. */
static bool keep_if_better(const lf_folding *f, const lf_fold_use *limit, found *best) {
    lf_fold_use used = lf_fold_used(f);
    double beyond = lf_fold_beyond(limit, &used), weight = lf_fold_weight(&lf_fold_usual, &used);
    if (!is_better(beyond, weight, best))
        return false;
    best->beyond = beyond;
    best->weight = weight;
    for (size_t i = 0; i < f->table.layers.count; i++)
        best->pick[i] = f->at[i].pick;
    return true;
}

static void take(lf_folding *f, const found *best) {
    for (size_t i = 0; i < f->table.layers.count; i++)
        f->at[i].pick = best->pick[i];
}

/* -- prices ------------------------------------------------------------------------------------------------------------------------ */

/* Dearer where there is too much of it, cheaper where there is room, by at most the factor `most`, and never below the usual. */
static void change_prices(lf_folding *f, const lf_fold_use *limit, const lf_fold_use *used, double most) {
    for (int k = 0; k < LF_FOLD_RESOURCES; k++) {
        double ratio = limit->of[k] > 0 ? used->of[k] / limit->of[k] : used->of[k] > 0 ? most : 1;
        double factor = fmin(most, fmax(1 / most, ratio * ratio));
        f->price.of[k] = fmax(lf_fold_usual.of[k], f->price.of[k] * factor);
    }
}

/* True when no folding fits: the least that all layers weigh at these prices is more than everything that the part has. */
static bool is_hopeless(const lf_folding *f, const lf_fold_use *limit) {
    double least = 0;
    for (size_t i = 0; i < f->table.layers.count; i++) {
        double layer = INFINITY;
        for (size_t k = 0; k < f->at[i].kinds.count; k++)
            layer = fmin(layer, f->at[i].kinds.at[k].weight);
        least += layer;
    }
    return least > lf_fold_weight(&f->price, limit) * (1 + 1e-9);
}

static bool is_learned(const lf_folding *f) {
    return f->learned.of[LF_FOLD_LUT] > 0;
}

/* The least sum within the limits for the options at hand, in the picks; false: none was found, and they are the nearest. What fits at usual
 * prices is the best. */
static bool solve_within(lf_folding *f, const lf_fold_use *limit) {
    enum { STEPS = 24, SMALL_STEPS = 20000, LAST_STEPS = 3000000, ALL_STEPS = 100000 };
    found best = found_new(f);
    bool hopeless = false;
    f->price = lf_fold_usual;
    lf_fold_solve_priced(f);
    keep_if_better(f, limit, &best);
    if (best.beyond == 0)
        return true;
    lf_fold_use used = lf_fold_used(f);
    if (is_learned(f))
        f->price = f->learned;
    for (int i = 0; i < STEPS && !hopeless; i++) {
        change_prices(f, limit, &used, 1 + 3.0 / (1 + i / 2));
        lf_fold_solve_priced(f);
        used = lf_fold_used(f);
        hopeless = is_hopeless(f, limit);
        lf_fold_improve(f, limit, SMALL_STEPS);
        if (keep_if_better(f, limit, &best))
            f->learned = f->price;
    }
    take(f, &best);
    lf_fold_improve(f, limit, hopeless ? 0 : LAST_STEPS);
    keep_if_better(f, limit, &best);
    if (!hopeless && lf_fold_search_all(f, limit, best.beyond == 0 ? best.weight : INFINITY, ALL_STEPS))
        keep_if_better(f, limit, &best);
    take(f, &best);
    return best.beyond == 0;
}

/* -- answers ----------------------------------------------------------------------------------------------------------------------- */

static void add_up(const lf_folding *f, lf_folding_total *t) {
    lf_fold_use used = lf_fold_used(f);
    *t = (lf_folding_total){.cost = {.lut = used.of[LF_FOLD_LUT],
                                     .ff = used.of[LF_FOLD_FF],
                                     .bram = used.of[LF_FOLD_BRAM],
                                     .uram = used.of[LF_FOLD_URAM],
                                     .dsp = used.of[LF_FOLD_DSP]}};
    for (size_t i = 0; i < f->table.layers.count; i++) {
        const lf_cost *c = &lf_fold_picked(f, (int)i)->cost;
        t->cost.weight_bits += c->weight_bits;
        if (!t->slowest || c->ii_cycles > t->cost.ii_cycles) {
            t->slowest = f->table.layers.at[i].node;
            t->cost.ii_cycles = c->ii_cycles;
        }
    }
}

static void apply(lf_folding *f) {
    for (size_t i = 0; i < f->table.layers.count; i++)
        lf_fold_set(f->table.g, &f->table.layers.at[i], lf_fold_picked(f, (int)i));
}

static lf_status solve(lf_folding *f, const lf_fold_use *limit, int64_t ii, bool *fits) {
    const lf_fold_layer *slow;
    lf_fold_prepare(f, ii, &slow);
    if (slow)
        return too_slow(f, slow, ii);
    *fits = solve_within(f, limit);
    return LF_OK;
}

lf_status lf_folding_reach(lf_folding *f, const lf_part *part, int64_t ii, lf_folding_total *total) {
    lf_fold_use limit = limit_of(part);
    bool fits;
    LF_TRY(solve(f, &limit, ii, &fits));
    if (!fits) {
        f->price = lf_fold_usual;
        lf_fold_solve_priced(f);
    }
    add_up(f, total);
    apply(f);
    return LF_OK;
}

static int ascending(const void *a, const void *z) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)z;
    return (x > y) - (x < y);
}

/* The cycles that some layer can take, from `from` on, each once; *count of them, at least one. */
static int64_t *targets(const lf_folding *f, int64_t from, lf_arena *a, size_t *count) {
    size_t all = 1, kept = 1;
    for (size_t i = 0; i < f->table.layers.count; i++)
        all += f->table.layers.at[i].choices.count;
    int64_t *ii = LF_NEW_ARRAY(a, int64_t, all);
    ii[0] = from;
    *count = 1;
    for (size_t i = 0; i < f->table.layers.count; i++)
        for (size_t k = 0; k < f->table.layers.at[i].choices.count; k++) {
            int64_t cycles = f->table.layers.at[i].choices.at[k].cost.ii_cycles;
            if (cycles > from)
                ii[(*count)++] = cycles;
        }
    qsort(ii, *count, sizeof *ii, ascending);
    for (size_t i = 1; i < *count; i++)
        if (ii[i] != ii[kept - 1])
            ii[kept++] = ii[i];
    *count = kept;
    return ii;
}

static int *copy_picks(const lf_folding *f, lf_arena *a) {
    int *pick = LF_NEW_ARRAY(a, int, f->table.layers.count + 1);
    for (size_t i = 0; i < f->table.layers.count; i++)
        pick[i] = f->at[i].pick;
    return pick;
}

/* What was found for a target, again: the search might miss it now, because it begins with the prices learned last. */
static void take_again(lf_folding *f, int64_t ii, const int *pick) {
    const lf_fold_layer *slow;
    lf_fold_prepare(f, ii, &slow);
    for (size_t i = 0; i < f->table.layers.count; i++)
        f->at[i].pick = pick[i];
}

static lf_status fit(lf_folding *f, const lf_fold_use *limit, const int64_t *ii, size_t count, lf_arena *a,
                     bool *fits) {
    size_t low = 0, high = count - 1;
    LF_TRY(solve(f, limit, ii[0], fits));
    if (*fits || count == 1)
        return LF_OK;
    LF_TRY(solve(f, limit, ii[high], fits));
    if (!*fits)
        return LF_OK;
    const int *pick = copy_picks(f, a);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        LF_TRY(solve(f, limit, ii[middle], fits));
        pick = *fits ? copy_picks(f, a) : pick;
        low = *fits ? low : middle;
        high = *fits ? middle : high;
    }
    *fits = true;
    take_again(f, ii[high], pick);
    return LF_OK;
}

lf_status lf_folding_fit(lf_folding *f, const lf_part *part, int64_t from, lf_folding_total *total, bool *fits) {
    lf_fold_use limit = limit_of(part);
    lf_arena *a = lf_arena_new();
    size_t count;
    int64_t best = lf_folding_fastest(f), *ii = targets(f, from > best ? from : best, a, &count);
    lf_status status = fit(f, &limit, ii, count, a, fits);
    lf_arena_free(a);
    LF_TRY(status);
    add_up(f, total);
    if (*fits)
        apply(f);
    return LF_OK;
}

lf_fold_pins *lf_folding_pins(const lf_graph *g, const lf_part *part, lf_arena *a) {
    enum { PRICED_INPUTS = 6 };
    lf_fold_pins *pinned = LF_NEW_ARRAY(a, lf_fold_pins, g->nodes.count + 1);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool said = (lf_has_attr(n, "ram_style") && strcmp(lf_attr_enum_name(n, "ram_style"), "auto")) ||
                    (lf_is_op(n, "requantize") && strcmp(lf_attr_enum_name(n, "style"), "auto"));
        pinned[n->id] =
            (lf_fold_pins)((said ? LF_PIN_MAKE : 0) | (part->lut_inputs < PRICED_INPUTS ? LF_PIN_MEMORY : 0));
    }
    return pinned;
}

lf_status lf_folding_open(lf_graph *g, const lf_fold_pins *pinned, lf_arena *a, lf_folding **out) {
    lf_folding *f = *out = LF_NEW(a, lf_folding);
    f->work = lf_arena_new();
    return lf_fold_table_make(g, pinned, a, &f->table);
}

void lf_folding_close(lf_folding *f) {
    lf_arena_free(f->work);
}

int64_t lf_folding_fastest(const lf_folding *f) {
    int64_t ii = 1;
    for (size_t i = 0; i < f->table.layers.count; i++)
        ii = f->table.layers.at[i].fastest > ii ? f->table.layers.at[i].fastest : ii;
    return ii;
}

double lf_folding_weight(const lf_folding *f) {
    lf_fold_use used = lf_fold_used(f);
    return lf_fold_weight(&lf_fold_usual, &used);
}

bool lf_folding_fits(const lf_part *part, const lf_cost *cost, lf_arena *a, const char **what) {
    const struct {
        const char *name;
        double used;
        double has;
    } all[] = {{"LUT", cost->lut, (double)part->lut},
               {"flip-flops", cost->ff, (double)part->ff},
               {"BRAM36", cost->bram, (double)part->bram},
               {"UltraRAM", cost->uram, (double)part->uram},
               {"DSP", cost->dsp, (double)part->dsp}};
    for (size_t i = 0; i < LF_COUNT(all); i++)
        if (all[i].used > all[i].has) {
            *what = lf_format(a, "%.0f %s, the part has %.0f", ceil(all[i].used), all[i].name, all[i].has);
            return false;
        }
    return true;
}
