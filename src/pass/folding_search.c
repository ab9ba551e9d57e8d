/* Under limits one price for all does not do: with few layers, the sum jumps over what there is. From a folding that prices have found, layers
 * change one by one and two by two: first until everything fits, then to what weighs less. */
#include <math.h>

#include "pass/folding_state.h"

/* What changes when a layer takes another option and the rest stays. */
typedef struct move {
    int option;
    double weight; /* at usual prices */
    lf_fold_use use;
} move;
typedef LF_VEC(move) moves;

typedef struct search {
    lf_folding *f;
    const lf_fold_use *limit;
    lf_fold_use used;
    double score;
    int64_t steps;                /* that are left */
    bool near[LF_FOLD_RESOURCES]; /* so much is used that it might run short */
    moves *front;                 /* by layer: moves that no other beats in what counts */
    lf_arena *arena;
} search;

/* Smaller is better; what fits is better than what does not. */
static double score_of(const search *s, const lf_fold_use *used) {
    const double beyond_all_weights = 1e12;
    return lf_fold_weight(&lf_fold_usual, used) + beyond_all_weights * lf_fold_beyond(s->limit, used);
}

static bool is_better(const search *s, double score) {
    return score < s->score - 1e-9 * fabs(s->score) - 1e-9;
}

static double score_with(const search *s, const lf_fold_use *a, const lf_fold_use *b) {
    lf_fold_use used = s->used;
    lf_fold_add(&used, a, 1);
    if (b)
        lf_fold_add(&used, b, 1);
    return score_of(s, &used);
}

/* The layer's share of the sum with this choice: itself and its streams. */
static lf_fold_use share_of(const lf_folding *f, int layer, const lf_fold_option *o) {
    const lf_fold_layer *l = &f->table.layers.at[layer];
    lf_fold_use sum = o->use;
    for (size_t i = 0; i < l->in.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->in.at[i]];
        lf_fold_use joint = lf_fold_joint_use(e, lf_fold_picked(f, e->from)->out_lanes, o->choice->in_lanes);
        lf_fold_add(&sum, &joint, 1);
    }
    for (size_t i = 0; i < l->out.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[l->out.at[i]];
        lf_fold_use joint = lf_fold_joint_use(e, o->choice->out_lanes, lf_fold_picked(f, e->to)->in_lanes);
        lf_fold_add(&sum, &joint, 1);
    }
    return sum;
}

static move move_of(const search *s, int layer, int option, const lf_fold_use *now) {
    move m = {.option = option, .use = share_of(s->f, layer, &s->f->at[layer].options.at[option])};
    lf_fold_add(&m.use, now, -1);
    m.weight = lf_fold_weight(&lf_fold_usual, &m.use);
    return m;
}

static lf_fold_use share_now(const search *s, int layer) {
    const lf_fold_state *at = &s->f->at[layer];
    return share_of(s->f, layer, &at->options.at[at->pick]);
}

static void take(search *s, int layer, int option) {
    s->f->at[layer].pick = option;
}

static void settle(search *s) {
    s->used = lf_fold_used(s->f);
    s->score = score_of(s, &s->used);
}

/* -- one by one ------------------------------------------------------------------------------------------------------------------ */

static bool improve_layer(search *s, int layer) {
    const lf_fold_state *at = &s->f->at[layer];
    lf_fold_use now = share_now(s, layer);
    int best = at->pick;
    double least = s->score;
    for (int i = 0; i < (int)at->options.count; i++) {
        move m = move_of(s, layer, i, &now);
        double score = score_with(s, &m.use, NULL);
        if (is_better(s, score) && score < least) {
            least = score;
            best = i;
        }
    }
    s->steps -= (int64_t)at->options.count;
    if (best == at->pick)
        return false;
    take(s, layer, best);
    settle(s);
    return true;
}

static void improve_layers(search *s) {
    for (bool changed = true; changed && s->steps > 0;) {
        changed = false;
        for (size_t i = 0; i < s->f->table.layers.count; i++)
            changed |= improve_layer(s, (int)i);
    }
}

/* -- two by two ------------------------------------------------------------------------------------------------------------------ */

static bool beats(const search *s, const move *by, const move *m) {
    if (by->weight > m->weight)
        return false;
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        if (s->near[k] && by->use.of[k] > m->use.of[k])
            return false;
    return true;
}

static void add_to_front(search *s, moves *front, const move *m) {
    size_t kept = 0;
    for (size_t i = 0; i < front->count; i++)
        if (beats(s, &front->at[i], m))
            return;
    for (size_t i = 0; i < front->count; i++)
        if (!beats(s, m, &front->at[i]))
            front->at[kept++] = front->at[i];
    front->count = kept;
    LF_PUSH(s->arena, front, *m);
}

static void find_front(search *s, int layer) {
    lf_fold_use now = share_now(s, layer);
    s->front[layer].count = 0;
    for (int i = 0; i < (int)s->f->at[layer].options.count; i++) {
        move m = move_of(s, layer, i, &now);
        add_to_front(s, &s->front[layer], &m);
    }
}

static void find_fronts(search *s) {
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        s->near[k] = s->used.of[k] > s->limit->of[k] / 4;
    for (size_t i = 0; i < s->f->table.layers.count; i++)
        find_front(s, (int)i);
}

static bool are_neighbours(const lf_folding *f, int a, int b) {
    const lf_fold_layer *l = &f->table.layers.at[a];
    for (size_t i = 0; i < l->out.count; i++)
        if (f->table.edges.at[l->out.at[i]].to == b)
            return true;
    for (size_t i = 0; i < l->in.count; i++)
        if (f->table.edges.at[l->in.at[i]].from == b)
            return true;
    return false;
}

/* The best options of two layers so far; -1: they stay. */
typedef struct pair {
    double score;
    int a, b;
} pair;

static void consider(const search *s, pair *best, const move *a, const move *b) {
    double score = score_with(s, &a->use, &b->use);
    if (score < best->score && is_better(s, score))
        *best = (pair){score, a->option, b->option};
}

static bool take_pair(search *s, int a, int b, pair best) {
    if (best.a < 0)
        return false;
    take(s, a, best.a);
    take(s, b, best.b);
    settle(s);
    return true;
}

/* Two layers without a stream between them: the changes add up. */
static bool improve_strangers(search *s, int a, int b) {
    const moves *fa = &s->front[a], *fb = &s->front[b];
    pair best = {s->score, -1, -1};
    for (size_t i = 0; i < fa->count; i++)
        for (size_t k = 0; k < fb->count; k++)
            consider(s, &best, &fa->at[i], &fb->at[k]);
    s->steps -= (int64_t)(fa->count * fb->count);
    return take_pair(s, a, b, best);
}

static bool improve_neighbours(search *s, int a, int b) {
    lf_fold_state *at = &s->f->at[a];
    int before = at->pick;
    pair best = {s->score, -1, -1};
    lf_fold_use now_a = share_now(s, a);
    for (int i = 0; i < (int)at->options.count && s->steps > 0; i++) {
        at->pick = before;
        move ma = move_of(s, a, i, &now_a);
        at->pick = i;
        lf_fold_use share_b = share_now(s, b); /* beside the new a */
        for (int k = 0; k < (int)s->f->at[b].options.count; k++) {
            move mb = move_of(s, b, k, &share_b);
            consider(s, &best, &ma, &mb);
        }
        s->steps -= (int64_t)s->f->at[b].options.count;
    }
    at->pick = before;
    return take_pair(s, a, b, best);
}

static bool improve_pairs(search *s) {
    int count = (int)s->f->table.layers.count;
    bool changed = false;
    find_fronts(s);
    for (int a = 0; a < count; a++)
        for (int b = a + 1; b < count && s->steps > 0; b++) {
            bool better = are_neighbours(s->f, a, b) ? improve_neighbours(s, a, b) : improve_strangers(s, a, b);
            changed |= better;
            if (better)
                find_fronts(s);
        }
    return changed;
}

void lf_fold_improve(lf_folding *f, const lf_fold_use *limit, int64_t steps) {
    search s = {.f = f, .limit = limit, .steps = steps, .arena = lf_arena_new()};
    s.front = LF_NEW_ARRAY(s.arena, moves, f->table.layers.count + 1);
    settle(&s);
    do
        improve_layers(&s);
    while (s.steps > 0 && improve_pairs(&s));
    lf_arena_free(s.arena);
}
