/* The least sum of a network at given prices. A layer's choice costs what its unit costs, and every stream between two layers the
 * width converter that their lanes ask for. Along a tree of streams (one operand of each layer) the least sum is found exactly, from the
 * outputs up; other streams (the other operands of joins) are priced with what stands at their other end, and the tree is solved again until
 * nothing changes; then layers are improved one by one. */
#include <math.h>

#include "pass/folding_state.h"

static double joint(const lf_folding *f, const lf_fold_edge *e, int64_t from_lanes, int64_t to_lanes) {
    if (from_lanes == to_lanes)
        return 0;
    lf_fold_use use = lf_fold_joint_use(e, from_lanes, to_lanes);
    return lf_fold_weight(&f->price, &use);
}

static const lf_fold_kind *picked(const lf_folding *f, int layer) {
    return &f->at[layer].kinds.at[f->at[layer].pick_kind];
}

static void price_kinds(lf_folding *f) {
    for (size_t i = 0; i < f->table.layers.count; i++)
        for (size_t k = 0; k < f->at[i].kinds.count; k++) {
            lf_fold_kind *kind = &f->at[i].kinds.at[k];
            kind->weight = INFINITY;
            for (int o = kind->first; o < kind->first + kind->count; o++) {
                double weight = lf_fold_weight(&f->price, &f->at[i].options.at[o].use);
                if (weight < kind->weight) {
                    kind->weight = weight;
                    kind->cheapest = o;
                }
            }
        }
}

/* -- the tree ---------------------------------------------------------------------------------------------------------------------- */

/* Streams of a layer that are not in the tree, with the other end as it stands. */
static double loose_streams(const lf_folding *f, int layer, const lf_fold_kind *kind) {
    const lf_fold_layer *l = &f->table.layers.at[layer];
    double sum = 0;
    for (size_t i = 0; i < l->in.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->in.at[i]];
        if (l->in.at[i] != f->at[layer].tree_edge)
            sum += joint(f, e, picked(f, e->from)->out_lanes, kind->in_lanes);
    }
    for (size_t i = 0; i < l->out.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->out.at[i]];
        if (l->out.at[i] != f->at[e->to].tree_edge)
            sum += joint(f, e, kind->out_lanes, picked(f, e->to)->in_lanes);
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

/* The best kind for each width its parent may give. */
static void offer_upward(lf_folding *f, int layer) {
    lf_fold_state *s = &f->at[layer];
    if (s->tree_edge < 0)
        return;
    const lf_fold_edge *e = &f->table.edges.at[s->tree_edge];
    const lf_fold_state *parent = &f->at[e->from];
    for (size_t a = 0; a < parent->lanes.count; a++) {
        s->below[a] = INFINITY;
        for (size_t i = 0; i < s->kinds.count; i++) {
            const lf_fold_kind *k = &s->kinds.at[i];
            if (k->best >= s->below[a])
                continue;
            double sum = k->best + joint(f, e, parent->lanes.at[a], k->in_lanes);
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
        lf_fold_state *s = &f->at[i];
        for (size_t k = 0; k < s->kinds.count; k++) {
            lf_fold_kind *kind = &s->kinds.at[k];
            kind->best =
                kind->weight + hanging(f, (int)i, kind->lanes) + (with_loose ? loose_streams(f, (int)i, kind) : 0);
        }
        offer_upward(f, (int)i);
    }
    for (size_t i = 0; i < count; i++) {
        lf_fold_state *s = &f->at[i];
        if (s->tree_edge >= 0) {
            s->pick_kind = s->below_pick[picked(f, f->table.edges.at[s->tree_edge].from)->lanes];
            continue;
        }
        s->pick_kind = 0;
        for (size_t k = 1; k < s->kinds.count; k++)
            s->pick_kind = s->kinds.at[k].best < s->kinds.at[s->pick_kind].best ? (int)k : s->pick_kind;
    }
}

static void choose_tree(lf_folding *f, size_t operand) {
    for (size_t i = 0; i < f->table.layers.count; i++) {
        const lf_fold_layer *l = &f->table.layers.at[i];
        lf_fold_state *s = &f->at[i];
        s->tree_edge = l->in.count ? l->in.at[operand < l->in.count ? operand : l->in.count - 1] : -1;
        if (s->tree_edge < 0)
            continue;
        size_t widths = f->at[f->table.edges.at[s->tree_edge].from].lanes.count;
        s->below = LF_NEW_ARRAY(f->work, double, widths);
        s->below_pick = LF_NEW_ARRAY(f->work, int, widths);
    }
}

static bool has_joins(const lf_folding *f) {
    for (size_t i = 0; i < f->table.layers.count; i++)
        if (f->table.layers.at[i].in.count > 1)
            return true;
    return false;
}

/* -- the whole sum, and layers one by one ---------------------------------------------------------------------------------------- */

static double sum_of(const lf_folding *f) {
    double sum = 0;
    for (size_t i = 0; i < f->table.layers.count; i++)
        sum += picked(f, (int)i)->weight;
    for (size_t i = 0; i < f->table.edges.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[i];
        sum += joint(f, e, picked(f, e->from)->out_lanes, picked(f, e->to)->in_lanes);
    }
    return sum;
}

static double at_layer(const lf_folding *f, int layer, const lf_fold_kind *kind) {
    const lf_fold_layer *l = &f->table.layers.at[layer];
    double sum = kind->weight;
    for (size_t i = 0; i < l->in.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->in.at[i]];
        sum += joint(f, e, picked(f, e->from)->out_lanes, kind->in_lanes);
    }
    for (size_t i = 0; i < l->out.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->out.at[i]];
        sum += joint(f, e, kind->out_lanes, picked(f, e->to)->in_lanes);
    }
    return sum;
}

static bool improve_layer(lf_folding *f, int layer) {
    lf_fold_state *s = &f->at[layer];
    int best = s->pick_kind;
    double least = at_layer(f, layer, &s->kinds.at[best]);
    for (size_t i = 0; i < s->kinds.count; i++) {
        double sum = s->kinds.at[i].weight < least ? at_layer(f, layer, &s->kinds.at[i]) : INFINITY;
        if (sum < least - 1e-9) {
            least = sum;
            best = (int)i;
        }
    }
    bool changed = best != s->pick_kind;
    s->pick_kind = best;
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

static void keep_if_better(const lf_folding *f, double *least, int *kind) {
    double sum = sum_of(f);
    if (sum >= *least)
        return;
    *least = sum;
    for (size_t i = 0; i < f->table.layers.count; i++)
        kind[i] = f->at[i].pick_kind;
}

static void solve_with_tree(lf_folding *f, size_t operand, double *least, int *kind) {
    enum { ROUNDS = 6 };
    double before = INFINITY;
    choose_tree(f, operand);
    for (int round = 0; round < ROUNDS; round++) {
        solve_tree(f, round > 0);
        keep_if_better(f, least, kind);
        double sum = sum_of(f);
        if (sum >= before)
            break;
        before = sum;
    }
    improve(f);
    keep_if_better(f, least, kind);
}

void lf_fold_solve_priced(lf_folding *f) {
    double least = INFINITY;
    int *kind = LF_NEW_ARRAY(f->work, int, f->table.layers.count + 1);
    price_kinds(f);
    solve_with_tree(f, 0, &least, kind); /* the first operands of joins in the tree */
    if (has_joins(f))
        solve_with_tree(f, SIZE_MAX, &least, kind); /* the last */
    for (size_t i = 0; i < f->table.layers.count; i++) {
        f->at[i].pick_kind = kind[i];
        f->at[i].pick = f->at[i].kinds.at[kind[i]].cheapest;
    }
}
