/* Small networks to the end: layer by layer every option, the cheapest at the last prices first, and never further where what is left is too
 * little for the layers behind, or where the sum is no better than what was found (branch and bound). */
#include <math.h>
#include <stdlib.h>

#include "pass/folding_state.h"

/* What the layers from one on take at least: of every resource, at the prices, at usual prices. */
typedef struct rest {
    lf_fold_use use;
    double priced, usual;
} rest;

typedef struct ranked {
    int option;
    double priced;
} ranked;

typedef struct search {
    lf_folding *f;
    const lf_fold_use *limit;
    double all, least; /* what the part has at the prices; weight of the best so far */
    rest *behind;      /* by layer */
    ranked **order;    /* by layer */
    int *best;
    bool found;
    int64_t steps; /* that are left */
} search;

static int ascending(const void *a, const void *z) {
    const ranked *x = a, *y = z;
    return x->priced != y->priced ? (x->priced > y->priced) - (x->priced < y->priced)
                                  : (x->option > y->option) - (x->option < y->option);
}

static void rank(search *s, int layer, lf_arena *a) {
    const lf_fold_state *at = &s->f->at[layer];
    rest *here = &s->behind[layer], own = {{{0}}, INFINITY, INFINITY};
    s->order[layer] = LF_NEW_ARRAY(a, ranked, at->options.count);
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        own.use.of[k] = INFINITY;
    for (size_t i = 0; i < at->options.count; i++) {
        const lf_fold_use *use = &at->options.at[i].use;
        s->order[layer][i] = (ranked){(int)i, lf_fold_weight(&s->f->price, use)};
        own.priced = fmin(own.priced, s->order[layer][i].priced);
        own.usual = fmin(own.usual, lf_fold_weight(&lf_fold_usual, use));
        for (int k = 0; k < LF_FOLD_RESOURCES; k++)
            own.use.of[k] = fmin(own.use.of[k], use->of[k]);
    }
    qsort(s->order[layer], at->options.count, sizeof(ranked), ascending);
    *here = s->behind[layer + 1];
    lf_fold_add(&here->use, &own.use, 1);
    here->priced += own.priced;
    here->usual += own.usual;
}

/* The option and the streams to it from layers before. */
static lf_fold_use use_at(const search *s, int layer, int option) {
    const lf_fold_layer *l = &s->f->table.layers.at[layer];
    const lf_fold_option *o = &s->f->at[layer].options.at[option];
    lf_fold_use use = o->use;
    for (size_t i = 0; i < l->in.count; i++) {
        const lf_fold_edge *e = &s->f->table.edges.at[l->in.at[i]];
        lf_fold_use joint = lf_fold_joint_use(e, lf_fold_picked(s->f, e->from)->out_lanes, o->choice->in_lanes);
        lf_fold_add(&use, &joint, 1);
    }
    return use;
}

static bool is_open(const search *s, const lf_fold_use *used, const rest *behind) {
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        if (used->of[k] + behind->use.of[k] > s->limit->of[k])
            return false;
    return lf_fold_weight(&lf_fold_usual, used) + behind->usual < s->least &&
           lf_fold_weight(&s->f->price, used) + behind->priced <= s->all;
}

static void keep(search *s, const lf_fold_use *used) {
    s->least = lf_fold_weight(&lf_fold_usual, used) * (1 - 1e-9);
    s->found = true;
    for (size_t i = 0; i < s->f->table.layers.count; i++)
        s->best[i] = s->f->at[i].pick;
}

static void go_on(search *s, int layer, const lf_fold_use *used) {
    if (layer == (int)s->f->table.layers.count) {
        keep(s, used);
        return;
    }
    double priced = lf_fold_weight(&s->f->price, used) + s->behind[layer + 1].priced;
    for (size_t i = 0; i < s->f->at[layer].options.count && s->steps > 0; i++, s->steps--) {
        const ranked *r = &s->order[layer][i];
        if (priced + r->priced > s->all)
            return;
        lf_fold_use use = use_at(s, layer, r->option);
        lf_fold_add(&use, used, 1);
        if (!is_open(s, &use, &s->behind[layer + 1]))
            continue;
        s->f->at[layer].pick = r->option;
        go_on(s, layer + 1, &use);
    }
}

bool lf_fold_search_all(lf_folding *f, const lf_fold_use *limit, double less_than, int64_t steps) {
    enum { DEEPEST = 1000 }; /* calls; so many layers are never gone through anyway */
    int count = (int)f->table.layers.count;
    if (count > DEEPEST)
        return false;
    lf_fold_use nothing = {{0}};
    search s = {.f = f,
                .limit = limit,
                .all = lf_fold_weight(&f->price, limit) * (1 + 1e-9),
                .least = less_than,
                .steps = steps};
    lf_arena *a = lf_arena_new();
    s.behind = LF_NEW_ARRAY(a, rest, count + 1);
    s.order = LF_NEW_ARRAY(a, ranked *, count + 1);
    s.best = LF_NEW_ARRAY(a, int, count + 1);
    for (int i = count; i-- > 0;)
        rank(&s, i, a);
    go_on(&s, 0, &nothing);
    for (int i = 0; s.found && i < count; i++)
        f->at[i].pick = s.best[i];
    lf_arena_free(a);
    return s.found;
}
