/* What the folding solver has in hand while it looks for one target: the options of every layer that are fast enough, one of them picked.
 * folding_state.c adds up, folding_tree.c finds the least sum at given prices, folding_search.c improves
 * under limits, folding_exact.c goes through all of a small network. */
#ifndef LF_PASS_FOLDING_STATE_H
#define LF_PASS_FOLDING_STATE_H

#include "pass/folding_table.h"

enum { LF_FOLD_LUT, LF_FOLD_FF, LF_FOLD_BRAM, LF_FOLD_URAM, LF_FOLD_DSP, LF_FOLD_RESOURCES };

/* Amounts, limits, or LUTs that one of each is worth. */
typedef struct lf_fold_use {
    double of[LF_FOLD_RESOURCES];
} lf_fold_use;

typedef struct lf_fold_option {
    const lf_fold_choice *choice;
    lf_fold_use use; /* with what joins it to itself: its window, its FIFO */
} lf_fold_option;

/* Options with the same lanes on both sides differ in what they cost only: at given prices one stands for all. */
typedef struct lf_fold_kind {
    int64_t in_lanes, out_lanes;
    int first, count;    /* options */
    int cheapest, lanes; /* option at the prices; index into the layer's output lanes */
    double weight, best; /* of that option; with all that hangs on it (folding_tree.c) */
} lf_fold_kind;

typedef struct lf_fold_state {
    LF_VEC(lf_fold_option) options; /* kind by kind */
    LF_VEC(lf_fold_kind) kinds;
    LF_VEC(int64_t) lanes; /* different output lanes */
    int pick;
    int pick_kind, tree_edge; /* of folding_tree.c; tree_edge: the stream to its parent in the tree, or -1 */
    double *below;            /* by output lanes of the parent: least sum of this layer and what hangs on it */
    int *below_pick;
} lf_fold_state;

struct lf_folding {
    lf_fold_table table;
    lf_arena *work;    /* of one target */
    lf_fold_state *at; /* by layer */
    lf_fold_use price, /* at which the tree is solved */
        learned;       /* at which a part was last filled; all 0: none yet */
};

extern const lf_fold_use lf_fold_usual; /* prices where nothing is short */

/* The options that take at most ii cycles and that no other of their kind beats in everything. *slow: a layer without any, or NULL. */
void lf_fold_prepare(lf_folding *f, int64_t ii, const lf_fold_layer **slow);

static inline double lf_fold_weight(const lf_fold_use *price, const lf_fold_use *use) {
    double sum = 0;
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        sum += price->of[k] * use->of[k];
    return sum;
}

static inline void lf_fold_add(lf_fold_use *sum, const lf_fold_use *use, double times) {
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        sum->of[k] += times * use->of[k];
}

static inline const lf_fold_choice *lf_fold_picked(const lf_folding *f, int layer) {
    return f->at[layer].options.at[f->at[layer].pick].choice;
}

/* What joins these lanes over an edge. */
lf_fold_use lf_fold_joint_use(const lf_fold_edge *e, int64_t from_lanes, int64_t to_lanes);
/* Of the picks: everything. */
lf_fold_use lf_fold_used(const lf_folding *f);

/* Picks that make the sum at f->price least, as well as streams that no tree holds allow. */
void lf_fold_solve_priced(lf_folding *f);

/* From the picks on: less beyond `limit`, then less at usual prices, layer by layer and by pairs of layers, until nothing gets better or
 * `steps` pairs of options were looked at. */
void lf_fold_improve(lf_folding *f, const lf_fold_use *limit, int64_t steps);
/* Looks through all that is left of small networks: picks that fit and weigh less than `less_than` at usual prices, the least; false when there
 * are none, or none were met in so many steps (then the picks are anything). */
bool lf_fold_search_all(lf_folding *f, const lf_fold_use *limit, double less_than, int64_t steps);
/* How far a sum is beyond the limits: 0 when it fits; 0.1: a tenth too much of something. */
double lf_fold_beyond(const lf_fold_use *limit, const lf_fold_use *use);

#endif
