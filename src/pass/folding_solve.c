/* The folding solver. A layer's choice costs what its unit costs, and every stream between two layers the width converter that their
 * lanes ask for. Along a tree of streams (each layer's first operand) the least sum is found exactly, from the outputs up; other streams
 * (the second operands of joins) are priced with what stands at their other end, and the tree is solved again until nothing changes;
 * then layers are improved one by one. What a part is short of gets dearer until the sum fits. */
#include <math.h>

#include "pass/folding_table.h"

/* LUTs that one of each is worth. A block RAM takes the silicon of about 120 LUTs with their routing. */
typedef struct prices {
    double lut, ff, bram, uram, dsp;
} prices;

static const prices usual = {1, 0.05, 120, 600, 100};

/* A choice that nothing beats: cheapest of its lanes among the fast enough. */
typedef struct option {
    const lf_fold_choice *choice;
    double weight, best; /* its own; with all that hangs on it */
    int lanes;           /* index into the layer's list of output lanes */
} option;

typedef struct state {
    LF_VEC(option) options;
    LF_VEC(int64_t) lanes; /* different output lanes */
    int pick, tree_edge;   /* tree_edge: the stream to its parent in the tree, or -1 */
    double *below;         /* by output lanes of the parent: least sum of this layer and what hangs on it */
    int *below_pick;
} state;

struct lf_folding {
    lf_fold_table table;
    lf_arena *work; /* of one solution */
    state *at;      /* by layer */
    prices price;
};

static double weight_of(const prices *p, const lf_cost *c) {
    return p->lut * c->lut + p->ff * c->ff + p->bram * c->bram + p->uram * c->uram + p->dsp * c->dsp;
}

static double joint(const lf_folding *f, const lf_fold_edge *e, int64_t from_lanes, int64_t to_lanes) {
    double lut, ff;
    lf_fold_joint(from_lanes, to_lanes, e->bits, &lut, &ff);
    return f->price.lut * lut + f->price.ff * ff;
}

/* -- options -------------------------------------------------------------------------------------------------------------------- */

static int lanes_index(lf_folding *f, state *s, int64_t lanes) {
    for (size_t i = 0; i < s->lanes.count; i++)
        if (s->lanes.at[i] == lanes)
            return (int)i;
    LF_PUSH(f->work, &s->lanes, lanes);
    return (int)s->lanes.count - 1;
}

static void offer(lf_folding *f, state *s, const lf_fold_choice *c) {
    double weight = weight_of(&f->price, &c->cost) + f->price.lut * c->buffer_lut;
    for (size_t i = 0; i < s->options.count; i++) {
        option *o = &s->options.at[i];
        if (o->choice->in_lanes != c->in_lanes || o->choice->out_lanes != c->out_lanes)
            continue;
        if (weight < o->weight) {
            o->choice = c;
            o->weight = weight;
        }
        return;
    }
    LF_PUSH(f->work, &s->options, (option){c, weight, 0, lanes_index(f, s, c->out_lanes)});
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

static lf_status make_options(lf_folding *f, int64_t ii) {
    size_t count = f->table.layers.count;
    lf_arena_reset(f->work);
    f->at = LF_NEW_ARRAY(f->work, state, count + 1);
    for (size_t i = 0; i < count; i++) {
        const lf_fold_layer *l = &f->table.layers.at[i];
        for (size_t k = 0; k < l->choices.count; k++)
            if (l->choices.at[k].cost.ii_cycles <= ii)
                offer(f, &f->at[i], &l->choices.at[k]);
        if (f->at[i].options.count == 0)
            return too_slow(f, l, ii);
    }
    return LF_OK;
}

static const lf_fold_choice *picked(const lf_folding *f, int layer) {
    return f->at[layer].options.at[f->at[layer].pick].choice;
}

/* -- the tree ---------------------------------------------------------------------------------------------------------------------- */

/* Streams of a layer that are not in the tree, with the other end as it stands. */
static double loose_streams(const lf_folding *f, int layer, const lf_fold_choice *c) {
    const lf_fold_layer *l = &f->table.layers.at[layer];
    double sum = 0;
    for (size_t i = 0; i < l->in.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->in.at[i]];
        if (l->in.at[i] != f->at[layer].tree_edge)
            sum += joint(f, e, picked(f, e->from)->out_lanes, c->in_lanes);
    }
    for (size_t i = 0; i < l->out.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->out.at[i]];
        if (l->out.at[i] != f->at[e->to].tree_edge)
            sum += joint(f, e, c->out_lanes, picked(f, e->to)->in_lanes);
    }
    return sum;
}

static double hanging(const lf_folding *f, int layer, int lanes) {
    const lf_fold_layer *l = &f->table.layers.at[layer];
    double sum = 0;
    for (size_t i = 0; i < l->out.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->out.at[i]];
        if (l->out.at[i] == f->at[e->to].tree_edge)
            sum += f->at[e->to].below[lanes];
    }
    return sum;
}

/* The best choice for each width its parent may give. */
static void offer_upward(lf_folding *f, int layer) {
    state *s = &f->at[layer];
    if (s->tree_edge < 0)
        return;
    const lf_fold_edge *e = &f->table.edges.at[s->tree_edge];
    const state *parent = &f->at[e->from];
    s->below = LF_NEW_ARRAY(f->work, double, parent->lanes.count);
    s->below_pick = LF_NEW_ARRAY(f->work, int, parent->lanes.count);
    for (size_t a = 0; a < parent->lanes.count; a++) {
        s->below[a] = INFINITY;
        for (size_t i = 0; i < s->options.count; i++) {
            const option *o = &s->options.at[i];
            double sum = o->best + joint(f, e, parent->lanes.at[a], o->choice->in_lanes);
            if (sum < s->below[a]) {
                s->below[a] = sum;
                s->below_pick[a] = (int)i;
            }
        }
    }
}

static void solve_tree(lf_folding *f, bool with_loose) {
    size_t count = f->table.layers.count;
    for (size_t i = count; i-- > 0;) {
        state *s = &f->at[i];
        for (size_t k = 0; k < s->options.count; k++) {
            option *o = &s->options.at[k];
            o->best = o->weight + hanging(f, (int)i, o->lanes) + (with_loose ? loose_streams(f, (int)i, o->choice) : 0);
        }
        offer_upward(f, (int)i);
    }
    for (size_t i = 0; i < count; i++) {
        state *s = &f->at[i];
        if (s->tree_edge >= 0) {
            const state *parent = &f->at[f->table.edges.at[s->tree_edge].from];
            s->pick = s->below_pick[parent->options.at[parent->pick].lanes];
            continue;
        }
        s->pick = 0;
        for (size_t k = 1; k < s->options.count; k++)
            s->pick = s->options.at[k].best < s->options.at[s->pick].best ? (int)k : s->pick;
    }
}

static void choose_tree(lf_folding *f, size_t operand) {
    for (size_t i = 0; i < f->table.layers.count; i++) {
        const lf_fold_layer *l = &f->table.layers.at[i];
        f->at[i].tree_edge = l->in.count ? l->in.at[operand < l->in.count ? operand : l->in.count - 1] : -1;
    }
}

/* -- the whole sum, and layers one by one ---------------------------------------------------------------------------------------- */

static double sum_of(const lf_folding *f) {
    double sum = 0;
    for (size_t i = 0; i < f->table.layers.count; i++)
        sum += f->at[i].options.at[f->at[i].pick].weight;
    for (size_t i = 0; i < f->table.edges.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[i];
        sum += joint(f, e, picked(f, e->from)->out_lanes, picked(f, e->to)->in_lanes);
    }
    return sum;
}

static double at_layer(const lf_folding *f, int layer, const option *o) {
    const lf_fold_layer *l = &f->table.layers.at[layer];
    double sum = o->weight;
    for (size_t i = 0; i < l->in.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->in.at[i]];
        sum += joint(f, e, picked(f, e->from)->out_lanes, o->choice->in_lanes);
    }
    for (size_t i = 0; i < l->out.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->out.at[i]];
        sum += joint(f, e, o->choice->out_lanes, picked(f, e->to)->in_lanes);
    }
    return sum;
}

static bool improve_layer(lf_folding *f, int layer) {
    state *s = &f->at[layer];
    int best = s->pick;
    double least = at_layer(f, layer, &s->options.at[best]);
    for (size_t i = 0; i < s->options.count; i++) {
        double sum = at_layer(f, layer, &s->options.at[i]);
        if (sum < least - 1e-9) {
            least = sum;
            best = (int)i;
        }
    }
    bool changed = best != s->pick;
    s->pick = best;
    return changed;
}

static void improve(lf_folding *f) {
    enum { SWEEPS = 20 };
    bool changed = true;
    for (int i = 0; i < SWEEPS && changed; i++) {
        changed = false;
        for (size_t k = 0; k < f->table.layers.count; k++)
            changed |= improve_layer(f, (int)k);
    }
}

static void keep_if_better(const lf_folding *f, double *least, int *pick) {
    double sum = sum_of(f);
    if (sum >= *least)
        return;
    *least = sum;
    for (size_t i = 0; i < f->table.layers.count; i++)
        pick[i] = f->at[i].pick;
}

/* Once with the first operands of joins in the tree, once with the last. */
static double solve_sum(lf_folding *f) {
    enum { TREES = 2, ROUNDS = 6 };
    double least = INFINITY;
    int *pick = LF_NEW_ARRAY(f->work, int, f->table.layers.count + 1);
    for (int tree = 0; tree < TREES; tree++) {
        double before = INFINITY;
        choose_tree(f, tree ? SIZE_MAX : 0);
        for (int round = 0; round < ROUNDS; round++) {
            solve_tree(f, round > 0);
            keep_if_better(f, &least, pick);
            double sum = sum_of(f);
            if (sum >= before)
                break;
            before = sum;
        }
        improve(f);
        keep_if_better(f, &least, pick);
    }
    for (size_t i = 0; i < f->table.layers.count; i++)
        f->at[i].pick = pick[i];
    return least;
}

/* -- a part ------------------------------------------------------------------------------------------------------------------------ */

static void add_up(const lf_folding *f, lf_folding_total *t) {
    *t = (lf_folding_total){0};
    for (size_t i = 0; i < f->table.layers.count; i++) {
        const lf_cost *c = &picked(f, (int)i)->cost;
        t->cost.lut += c->lut;
        t->cost.ff += c->ff;
        t->cost.bram += c->bram;
        t->cost.uram += c->uram;
        t->cost.dsp += c->dsp;
        t->cost.weight_bits += c->weight_bits;
        if (!t->slowest || c->ii_cycles > t->cost.ii_cycles) {
            t->slowest = f->table.layers.at[i].node;
            t->cost.ii_cycles = c->ii_cycles;
        }
    }
}

/* Dearer where there is too much of it; true when anything changed. */
static bool raise(double *price, double used, double has) {
    if (used <= has)
        return false;
    double over = has > 0 ? used / has : 4;
    *price *= over < 1.25 ? 1.5 : over > 2 ? 4 : 2;
    return true;
}

static int raise_all(prices *p, const lf_cost *c, const lf_part *part) {
    return raise(&p->lut, c->lut, (double)part->lut) + raise(&p->ff, c->ff, (double)part->ff) +
           raise(&p->bram, c->bram, (double)part->bram) + raise(&p->uram, c->uram, (double)part->uram) +
           raise(&p->dsp, c->dsp, (double)part->dsp);
}

static lf_status solve_priced(lf_folding *f, int64_t ii, lf_folding_total *total) {
    LF_TRY(make_options(f, ii));
    (void)solve_sum(f);
    add_up(f, total);
    return LF_OK;
}

lf_status lf_folding_reach(lf_folding *f, const lf_part *part, int64_t ii, lf_folding_total *total) {
    enum { STEPS = 10, HOPELESS = 3 };
    prices price = usual;
    int raised = 0;
    for (int i = 0; i < STEPS; i++) {
        f->price = price;
        LF_TRY(solve_priced(f, ii, total));
        raised = raise_all(&price, &total->cost, part);
        if (raised == 0 || raised >= HOPELESS)
            break;
    }
    if (raised) { /* nothing fits: the answer with usual prices says by how much */
        f->price = usual;
        LF_TRY(solve_priced(f, ii, total));
    }
    for (size_t i = 0; i < f->table.layers.count; i++)
        lf_fold_set(f->table.g, &f->table.layers.at[i], picked(f, (int)i));
    return LF_OK;
}

lf_status lf_folding_open(lf_graph *g, const bool *pinned, lf_arena *a, lf_folding **out) {
    lf_folding *f = *out = LF_NEW(a, lf_folding);
    f->work = lf_arena_new();
    f->price = usual;
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
    return sum_of(f);
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
