#include "pass/folding_state.h"

/* LUTs that one of each is worth. A block RAM takes the silicon of about 120 LUTs with their routing. */
const lf_fold_use lf_fold_usual = {{1, 0.05, 120, 600, 100}};

static lf_fold_use use_of(const lf_fold_choice *c) {
    return (lf_fold_use){{c->cost.lut + c->buffer_lut, c->cost.ff, c->cost.bram, c->cost.uram, c->cost.dsp}};
}

static bool is_beaten(const lf_fold_use *by, const lf_fold_use *use) {
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        if (by->of[k] > use->of[k])
            return false;
    return true;
}

static int lanes_index(lf_folding *f, lf_fold_state *s, int64_t lanes) {
    for (size_t i = 0; i < s->lanes.count; i++)
        if (s->lanes.at[i] == lanes)
            return (int)i;
    LF_PUSH(f->work, &s->lanes, lanes);
    return (int)s->lanes.count - 1;
}

/* -- options ------------------------------------------------------------------------------------------------------------------- */

/* Choices of a kind, chained in the order of the table. */
typedef struct chain {
    int *first, *next; /* by kind; by choice; -1: the end */
} chain;

static chain chain_kinds(lf_folding *f, const lf_fold_layer *l, int64_t ii) {
    chain c = {LF_NEW_ARRAY(f->work, int, l->kinds + 1), LF_NEW_ARRAY(f->work, int, l->choices.count + 1)};
    for (int k = 0; k < l->kinds; k++)
        c.first[k] = -1;
    for (int i = (int)l->choices.count - 1; i >= 0; i--) {
        const lf_fold_choice *choice = &l->choices.at[i];
        if (choice->cost.ii_cycles > ii)
            continue;
        c.next[i] = c.first[choice->kind];
        c.first[choice->kind] = i;
    }
    return c;
}

/* Of equal ones the first stays. */
static bool is_needed(const lf_fold_layer *l, const chain *c, int i) {
    lf_fold_use own = use_of(&l->choices.at[i]);
    for (int k = c->first[l->choices.at[i].kind]; k >= 0; k = c->next[k]) {
        lf_fold_use other = use_of(&l->choices.at[k]);
        if (k != i && is_beaten(&other, &own) && (k < i || !is_beaten(&own, &other)))
            return false;
    }
    return true;
}

static void add_kind(lf_folding *f, lf_fold_state *s, const lf_fold_layer *l, const chain *c, int kind) {
    lf_fold_kind k = {.first = (int)s->options.count};
    for (int i = c->first[kind]; i >= 0; i = c->next[i]) {
        const lf_fold_choice *choice = &l->choices.at[i];
        if (!is_needed(l, c, i))
            continue;
        k.in_lanes = choice->in_lanes;
        k.out_lanes = choice->out_lanes;
        LF_PUSH(f->work, &s->options, (lf_fold_option){choice, use_of(choice)});
    }
    k.count = (int)s->options.count - k.first;
    k.lanes = k.count ? lanes_index(f, s, k.out_lanes) : 0;
    if (k.count)
        LF_PUSH(f->work, &s->kinds, k);
}

void lf_fold_prepare(lf_folding *f, int64_t ii, const lf_fold_layer **slow) {
    size_t count = f->table.layers.count;
    *slow = NULL;
    lf_arena_reset(f->work);
    f->at = LF_NEW_ARRAY(f->work, lf_fold_state, count + 1);
    for (size_t i = 0; i < count && !*slow; i++) {
        const lf_fold_layer *l = &f->table.layers.at[i];
        chain c = chain_kinds(f, l, ii);
        for (int k = 0; k < l->kinds; k++)
            add_kind(f, &f->at[i], l, &c, k);
        if (f->at[i].options.count == 0)
            *slow = l;
    }
}

/* -- sums ------------------------------------------------------------------------------------------------------------------------ */

lf_fold_use lf_fold_joint_use(const lf_fold_edge *e, int64_t from_lanes, int64_t to_lanes) {
    lf_fold_use use = {{0}};
    lf_fold_joint(from_lanes, to_lanes, e->bits, &use.of[LF_FOLD_LUT], &use.of[LF_FOLD_FF]);
    return use;
}

lf_fold_use lf_fold_used(const lf_folding *f) {
    lf_fold_use sum = {{0}};
    for (size_t i = 0; i < f->table.layers.count; i++)
        lf_fold_add(&sum, &f->at[i].options.at[f->at[i].pick].use, 1);
    for (size_t i = 0; i < f->table.edges.count; i++) {
        const lf_fold_edge *e = &f->table.edges.at[i];
        lf_fold_use joint =
            lf_fold_joint_use(e, lf_fold_picked(f, e->from)->out_lanes, lf_fold_picked(f, e->to)->in_lanes);
        lf_fold_add(&sum, &joint, 1);
    }
    return sum;
}

double lf_fold_beyond(const lf_fold_use *limit, const lf_fold_use *use) {
    double sum = 0;
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        if (use->of[k] > limit->of[k])
            sum += (use->of[k] - limit->of[k]) / (limit->of[k] > 1 ? limit->of[k] : 1);
    return sum;
}
