/* The folding solver against everything there is, within budgets: windows of every style, depthwise units, pools, joins, and what memories and
 * multipliers are made of. The search here knows what is legal by itself; what a choice costs is asked of the table. */
#include "folding_nets.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "pass/folding_state.h"

/* -- all there is ---------------------------------------------------------------------------------------------------------------- */

typedef struct way {
    int64_t in_lanes, out_lanes, cycles;
    lf_fold_use use;
} way;

typedef struct place {
    LF_VEC(way) ways;
    LF_VEC(lf_fold_edge) from; /* streams from earlier places */
} place;

typedef struct everything {
    lf_arena *arena;
    place *at;
    int count;
    /* One search. */
    lf_fold_use limit;
    int64_t ii;
    double least, *rest; /* weight found; of what comes behind a place at least */
    lf_fold_use *rest_use;
    const way **taken;
} everything;

static lf_fold_pins *pin_all(int what, lf_arena *a) {
    lf_fold_pins *pins = LF_NEW_ARRAY(a, lf_fold_pins, g->nodes.count + 1);
    memset(pins, what, g->nodes.count + 1);
    return pins;
}

/* The graph as it stands, priced; one choice a layer. */
static void read_table(lf_fold_table *t, lf_arena *a) {
    need(lf_fold_table_make(g, pin_all(LF_PIN_FOLDING | LF_PIN_MAKE, a), a, t));
}

static void add_way(everything *e, int layer) {
    lf_arena *work = lf_arena_new();
    lf_fold_table t;
    read_table(&t, work);
    assert_int_equal(t.layers.at[layer].choices.count, 1);
    const lf_fold_choice *c = t.layers.at[layer].choices.at;
    way w = {c->in_lanes,
             c->out_lanes,
             c->cost.ii_cycles,
             {{c->cost.lut + c->buffer_lut, c->cost.ff, c->cost.bram, c->cost.uram, c->cost.dsp}}};
    bool known = false;
    for (size_t i = 0; i < e->at[layer].ways.count; i++)
        known |= !memcmp(&e->at[layer].ways.at[i], &w, sizeof w);
    if (!known)
        LF_PUSH(e->arena, &e->at[layer].ways, w);
    lf_arena_free(work);
}

static void with_memories(everything *e, int layer, lf_node *n, lf_node *taken) {
    static const char *const rams[] = {"auto", "distributed", "block"}, *const multipliers[] = {"auto", "dsp", "lut"};
    bool has_ram = lf_has_attr(n, "ram_style"), has_window = taken, multiplies = !strcmp(n->op->name, "requantize");
    for (int r = 0; r < (has_ram ? 3 : 1); r++)
        for (int w = 0; w < (has_window ? 3 : 1); w++)
            for (int m = 0; m < (multiplies ? 3 : 1); m++) {
                if (has_ram)
                    lf_attr_set_enum(n, "ram_style", rams[r]);
                if (has_window)
                    lf_attr_set_enum(taken, "ram_style", rams[w]);
                if (multiplies)
                    lf_attr_set_enum(n, "style", multipliers[m]);
                add_way(e, layer);
            }
    if (has_ram)
        lf_attr_set_enum(n, "ram_style", "auto");
    if (has_window)
        lf_attr_set_enum(taken, "ram_style", "auto");
    if (multiplies)
        lf_attr_set_enum(n, "style", "auto");
}

/* A window before a unit whose PE is its interleave: parts of the group, a column, all. */
static void with_window(everything *e, int layer, lf_node *n, lf_node *taken, int64_t pe) {
    int64_t channels = channels_of(taken->in[0]), rows = lf_folding_column(taken);
    lf_attr_set_int(taken, "interleave", pe);
    for (int64_t simd = 1; simd <= pe; simd++)
        if (pe % simd == 0) {
            lf_folding_set_window(g, taken, simd);
            with_memories(e, layer, n, taken);
        }
    lf_folding_set_window(g, taken, rows * pe);
    if (rows > 1)
        with_memories(e, layer, n, taken);
    if (rows > 1 && pe == channels) {
        lf_folding_set_window(g, taken, 9 * pe);
        with_memories(e, layer, n, taken);
    }
}

static void add_place(everything *e, int layer, lf_node *n, lf_node *taken) {
    int64_t pe_of, simd_of;
    if (!lf_folding_limits(g, n, &pe_of, &simd_of)) {
        add_way(e, layer);
        return;
    }
    for (int64_t pe = 1; pe <= pe_of; pe++)
        for (int64_t simd = 1; pe_of % pe == 0 && simd <= simd_of; simd++) {
            if (simd_of % simd)
                continue;
            if (lf_has_attr(n, "PE"))
                lf_attr_set_int(n, "PE", pe);
            if (!strcmp(n->op->name, "window"))
                lf_folding_set_window(g, n, simd);
            else if (lf_has_attr(n, "SIMD"))
                lf_attr_set_int(n, "SIMD", simd);
            if (taken)
                with_window(e, layer, n, taken, pe);
            else
                with_memories(e, layer, n, NULL);
        }
    for (int k = 3; lf_folding_column(n) > 1 && k <= 9; k *= 3) { /* a column, a whole window */
        lf_folding_set_window(g, n, k * channels_of(n->in[0]));
        with_memories(e, layer, n, NULL);
    }
}

static void reset_folding(lf_node *n, lf_node *taken) {
    if (lf_has_attr(n, "PE"))
        lf_attr_set_int(n, "PE", 1);
    if (!strcmp(n->op->name, "window"))
        lf_folding_set_window(g, n, 1);
    else if (lf_has_attr(n, "SIMD"))
        lf_attr_set_int(n, "SIMD", 1);
    if (!taken)
        return;
    lf_attr_set_int(taken, "interleave", 1);
    lf_folding_set_window(g, taken, 1);
}

static everything *list_everything(void) {
    lf_arena *a = lf_arena_new();
    everything *e = LF_NEW(a, everything);
    lf_fold_table t;
    e->arena = a;
    read_table(&t, a);
    e->count = (int)t.layers.count;
    e->at = LF_NEW_ARRAY(a, place, e->count + 1);
    e->rest = LF_NEW_ARRAY(a, double, e->count + 1);
    e->rest_use = LF_NEW_ARRAY(a, lf_fold_use, e->count + 1);
    e->taken = LF_NEW_ARRAY(a, const way *, e->count + 1);
    for (size_t i = 0; i < t.edges.count; i++)
        LF_PUSH(a, &e->at[t.edges.at[i].to].from, t.edges.at[i]);
    for (int i = 0; i < e->count; i++) {
        add_place(e, i, t.layers.at[i].node, t.layers.at[i].window);
        reset_folding(t.layers.at[i].node, t.layers.at[i].window);
    }
    return e;
}

static bool is_within(const lf_fold_use *limit, const lf_fold_use *use, const lf_fold_use *more) {
    for (int k = 0; k < LF_FOLD_RESOURCES; k++)
        if (use->of[k] + more->of[k] > limit->of[k])
            return false;
    return true;
}

/* Everything from a place on; cut off where the sum is too large already. */
static void search(everything *e, int i, const lf_fold_use *used) {
    double weight = lf_fold_weight(&lf_fold_usual, used);
    if (weight + e->rest[i] >= e->least || !is_within(&e->limit, used, &e->rest_use[i]))
        return;
    if (i == e->count) {
        e->least = weight;
        return;
    }
    for (size_t k = 0; k < e->at[i].ways.count; k++) {
        const way *w = &e->at[i].ways.at[k];
        lf_fold_use sum = *used;
        if (w->cycles > e->ii)
            continue;
        lf_fold_add(&sum, &w->use, 1);
        for (size_t s = 0; s < e->at[i].from.count; s++) {
            const lf_fold_edge *edge = &e->at[i].from.at[s];
            lf_fold_use joint = lf_fold_joint_use(edge, e->taken[edge->from]->out_lanes, w->in_lanes);
            lf_fold_add(&sum, &joint, 1);
        }
        e->taken[i] = w;
        search(e, i + 1, &sum);
    }
}

static void find_rests(everything *e) {
    for (int i = e->count - 1; i >= 0; i--) {
        double least = INFINITY;
        lf_fold_use use;
        for (int k = 0; k < LF_FOLD_RESOURCES; k++)
            use.of[k] = INFINITY;
        for (size_t w = 0; w < e->at[i].ways.count; w++) {
            const way *at = &e->at[i].ways.at[w];
            if (at->cycles > e->ii)
                continue;
            least = fmin(least, lf_fold_weight(&lf_fold_usual, &at->use));
            for (int k = 0; k < LF_FOLD_RESOURCES; k++)
                use.of[k] = fmin(use.of[k], at->use.of[k]);
        }
        e->rest[i] = e->rest[i + 1] + least;
        e->rest_use[i] = e->rest_use[i + 1];
        lf_fold_add(&e->rest_use[i], &use, 1);
    }
}

static lf_fold_use limit_of(const lf_part *part) {
    return (lf_fold_use){
        {(double)part->lut, (double)part->ff, (double)part->bram, (double)part->uram, (double)part->dsp}};
}

/* The least weight within the part at ii cycles or less; INFINITY: nothing fits. */
static double least_weight(everything *e, const lf_part *part, int64_t ii) {
    lf_fold_use nothing = {{0}};
    e->limit = limit_of(part);
    e->ii = ii;
    e->least = INFINITY;
    find_rests(e);
    search(e, 0, &nothing);
    return e->least;
}

static int ascending(const void *a, const void *z) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)z;
    return (x > y) - (x < y);
}

/* The least ii at which something fits; 0: nothing does. */
static int64_t least_ii(everything *e, const lf_part *part) {
    LF_VEC(int64_t) all = {0};
    for (int i = 0; i < e->count; i++)
        for (size_t k = 0; k < e->at[i].ways.count; k++)
            LF_PUSH(e->arena, &all, e->at[i].ways.at[k].cycles);
    qsort(all.at, all.count, sizeof *all.at, ascending);
    size_t low = 0, high = all.count; /* below low nothing fits, from high on something does */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (isfinite(least_weight(e, part, all.at[middle])))
            high = middle;
        else
            low = middle + 1;
    }
    return low < all.count ? all.at[low] : 0;
}

/* -- the solver beside it ---------------------------------------------------------------------------------------------------------- */

enum { FREE, AS_BY_SIZE }; /* memories: the solver's, or by depth and width alone */

/* Nothing is said about what nodes are made of. */
static void reset_makes(void) {
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        if (lf_has_attr(n, "ram_style"))
            lf_attr_set_enum(n, "ram_style", "auto");
        if (!strcmp(n->op->name, "requantize"))
            lf_attr_set_enum(n, "style", "auto");
    }
}

/* The ii reached within the part, 0 for none. */
static int64_t fitted_ii(const lf_part *part, int memories, lf_folding_total *total) {
    lf_arena *a = lf_arena_new();
    lf_folding *f;
    bool fits;
    reset_makes();
    need(lf_folding_open(g, memories == AS_BY_SIZE ? pin_all(LF_PIN_MAKE, a) : NULL, a, &f));
    need(lf_folding_fit(f, part, 1, total, &fits));
    lf_folding_close(f);
    lf_arena_free(a);
    return fits ? total->cost.ii_cycles : 0;
}

/* What the graph as it was left weighs: the answer is in its attributes. */
static double weight_as_it_is(lf_fold_use *use, int64_t *cycles) {
    lf_arena *a = lf_arena_new();
    lf_fold_table t;
    *use = (lf_fold_use){{0}};
    *cycles = 0;
    read_table(&t, a);
    for (size_t i = 0; i < t.layers.count; i++) {
        const lf_fold_choice *c = t.layers.at[i].choices.at;
        lf_fold_use own = {{c->cost.lut + c->buffer_lut, c->cost.ff, c->cost.bram, c->cost.uram, c->cost.dsp}};
        lf_fold_add(use, &own, 1);
        *cycles = c->cost.ii_cycles > *cycles ? c->cost.ii_cycles : *cycles;
    }
    for (size_t i = 0; i < t.edges.count; i++) {
        const lf_fold_edge *e = &t.edges.at[i];
        lf_fold_use joint =
            lf_fold_joint_use(e, t.layers.at[e->from].choices.at->out_lanes, t.layers.at[e->to].choices.at->in_lanes);
        lf_fold_add(use, &joint, 1);
    }
    lf_arena_free(a);
    return lf_fold_weight(&lf_fold_usual, use);
}

/* The weight found at ii cycles; INFINITY: what was found does not fit. */
static double reached_weight(const lf_part *part, int64_t ii) {
    lf_arena *a = lf_arena_new();
    lf_folding *f;
    lf_folding_total total;
    lf_fold_use use, limit = limit_of(part), none = {{0}};
    int64_t cycles;
    need(lf_folding_open(g, NULL, a, &f));
    need(lf_folding_reach(f, part, ii, &total));
    double weight = lf_folding_weight(f), again = weight_as_it_is(&use, &cycles);
    assert_true(fabs(weight - again) < 1e-6 * weight && cycles <= ii && cycles == total.cost.ii_cycles);
    lf_folding_close(f);
    lf_arena_free(a);
    return is_within(&limit, &use, &none) ? weight : INFINITY;
}

/* -- networks ------------------------------------------------------------------------------------------------------------------------ */

/* A convolution, a depthwise one, a pool or a matrix, thresholds or a new scale, and a join around some. */
static void random_net(lf_rng *r) {
    int64_t channels = 2 * lf_rng_between(r, 1, 3);
    lf_id x = picture(lf_rng_between(r, 3, 6), 8 * lf_rng_between(r, 1, 4), channels), side = 0;
    int count = (int)lf_rng_between(r, 2, 3);
    for (int i = 0; i < count; i++) {
        uint32_t kind = lf_rng_below(r, 5);
        lf_id before = x;
        int64_t rows = lf_rng_below(r, 3) ? channels : 2 * channels;
        if (kind == 0)
            x = matrix(window(x, lf_rng_below(r, 2) ? "rows" : "columns", 0)->out[0], rows);
        else if (kind == 1)
            x = depthwise(x);
        else if (kind == 2)
            x = pool(x);
        else
            x = matrix(x, rows);
        channels = channels_of(x);
        if (kind != 2 && lf_rng_below(r, 3))
            x = lf_rng_below(r, 3) ? threshold(x) : requantize(x);
        if (!side && channels_of(before) == channels && lf_rng_below(r, 2))
            side = x = node("sum_join", (lf_id[]){x, before}, 2);
    }
    finish();
}

/* Something between the least of a resource at the target and what is taken without any limit. */
static int64_t between(lf_rng *r, double low, double high) {
    double part = (double)lf_rng_below(r, 101) / 100;
    return (int64_t)ceil(low + part * (high > low ? high - low : 0));
}

/* Tight in LUTs and rich in BRAM, the other way round, or tight in both. */
static lf_part budget(everything *e, int64_t ii, lf_rng *r, int which) {
    lf_fold_use use;
    int64_t cycles;
    lf_part p = roomy;
    (void)reached_weight(&roomy, ii);
    (void)weight_as_it_is(&use, &cycles);
    (void)least_weight(e, &roomy, ii);
    if (which != 1)
        p.lut = between(r, e->rest_use[0].of[LF_FOLD_LUT] * 1.02, use.of[LF_FOLD_LUT]);
    if (which != 0)
        p.bram = between(r, 0, use.of[LF_FOLD_BRAM]);
    if (which == 2)
        p.dsp = between(r, 0, use.of[LF_FOLD_DSP]);
    return p;
}

typedef struct tally {
    int cases, exact;
    int tight;    /* the budget costs something */
    int memories; /* only chosen ones reach it */
    double worst;
} tally;

static void count_case(tally *t, double found, double best) {
    t->cases++;
    t->exact += found <= best * (1 + 1e-9);
    t->worst = fmax(t->worst, found / best);
}

/* At a target: nothing is cheaper by more than 5 %, counted as the solver counts: LUTs, and what the other resources are worth in LUTs. */
static void check_target(everything *e, lf_rng *r, uint64_t seed, int which, tally *t) {
    int64_t ii = lf_rng_between(r, 20, 400);
    if (!isfinite(least_weight(e, &roomy, ii)))
        ii = least_ii(e, &roomy);
    lf_part part = budget(e, ii, r, which);
    double best = least_weight(e, &part, ii), found = reached_weight(&part, ii);
    if (!isfinite(best)) {
        assert_false(isfinite(found));
        return;
    }
    if (found > best * 1.05)
        fail_msg("net %d, %d cycles, %d LUT, %d BRAM36, %d DSP: weight %.0f, the best is %.0f", (int)seed, (int)ii,
                 (int)part.lut, (int)part.bram, (int)part.dsp, found, best);
    count_case(t, found, best);
    t->tight += best > least_weight(e, &roomy, ii) * 1.001;
}

/* As fast as fits: nothing is faster by more than 5 %. */
static void check_fastest(everything *e, lf_rng *r, uint64_t seed, int which, tally *t) {
    lf_folding_total total;
    lf_part part = budget(e, least_ii(e, &roomy) * lf_rng_between(r, 1, 12), r, which);
    int64_t best = least_ii(e, &part), by_size = fitted_ii(&part, AS_BY_SIZE, &total),
            found = fitted_ii(&part, FREE, &total);
    if (best == 0) {
        assert_int_equal(found, 0);
        return;
    }
    if (found == 0 || (double)found > (double)best * 1.05)
        fail_msg("net %d, %d LUT, %d BRAM36, %d DSP: %d cycles, the best are %d", (int)seed, (int)part.lut,
                 (int)part.bram, (int)part.dsp, (int)found, (int)best);
    count_case(t, (double)found, (double)best);
    t->tight += best > least_ii(e, &roomy);
    t->memories += by_size == 0 || by_size > found;
}

static void show(const char *what, const tally *t) {
    print_message("%s: %d cases, %d the best there is, worst %.4f times it; %d tight, %d by chosen memories only\n",
                  what, t->cases, t->exact, t->worst, t->tight, t->memories);
}

static void test_against_all(void **state) {
    enum { NETS = 60, BUDGETS = 3 };
    tally target = {0}, fastest = {0};
    for (uint64_t seed = 0; seed < NETS; seed++) {
        lf_rng r = lf_rng_make(seed, 77);
        random_net(&r);
        everything *e = list_everything();
        for (int which = 0; which < BUDGETS; which++) {
            check_target(e, &r, seed, which, &target);
            check_fastest(e, &r, seed, which, &fastest);
        }
        lf_arena_free(e->arena);
        tear_down(state);
        set_up(state);
    }
    show("weight at a target", &target);
    show("cycles within a part", &fastest);
    assert_true(target.cases > NETS && fastest.cases > NETS && fastest.memories > NETS / 10);
}

/* The fewest LUTs of a part, in steps of 10, with which a rate is reached. */
static int64_t luts_for(lf_part part, int64_t ii, int memories) {
    lf_folding_total total;
    for (;; part.lut += 10) {
        int64_t reached = fitted_ii(&part, memories, &total);
        if (reached && reached <= ii)
            return part.lut;
    }
}

/* A rate that needs fewer LUTs with chosen memories: weights of 64 words, which size alone makes logic, in a part with much block RAM; and weights
 * that would each take half a block RAM in a part that has one for three. */
static void test_memory_for_the_rate(void **state) {
    enum { LAYERS = 3, WIDTH = 64 };
    static const struct { int64_t ii, bram; } cases[] = {{64, 1000}, {256, 1}};
    for (size_t k = 0; k < LF_COUNT(cases); k++) {
        lf_id x = picture(1, 1, WIDTH);
        for (int i = 0; i < LAYERS; i++)
            x = matrix(x, WIDTH);
        finish();
        lf_fold_use use;
        int64_t cycles;
        (void)reached_weight(&roomy, cases[k].ii);
        (void)weight_as_it_is(&use, &cycles);
        lf_part part = roomy;
        part.bram = cases[k].bram;
        part.lut = (int64_t)use.of[LF_FOLD_LUT] * 9 / 10;
        int64_t chosen = luts_for(part, cases[k].ii, FREE), by_size = luts_for(part, cases[k].ii, AS_BY_SIZE);
        print_message("%d cycles: %d LUT, by size alone %d\n", (int)cases[k].ii, (int)chosen, (int)by_size);
        assert_true(chosen + 50 < by_size);
        tear_down(state);
        set_up(state);
    }
}

/* What a product with a factor is made of: LUTs where the part has no DSP. */
static void test_multipliers(void **state) {
    (void)state;
    lf_id x = requantize(matrix(picture(1, 1, 16), 8));
    finish();
    lf_part none = roomy;
    none.dsp = 0;
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, x)->producer);
    assert_true(isfinite(reached_weight(&roomy, 16)) && strcmp(lf_attr_enum_name(n, "style"), "lut"));
    assert_true(isfinite(reached_weight(&none, 16)));
    assert_string_equal(lf_attr_enum_name(n, "style"), "lut");
}

/* LUTs of 4 inputs leave memories as they are, not multipliers: an iCE40 HX8K has no DSP. */
static void test_multipliers_of_small_luts(void **state) {
    (void)state;
    lf_id x = requantize(matrix(picture(1, 1, 16), 8));
    finish();
    lf_part small = roomy;
    small.lut_inputs = 4;
    small.dsp = 0;
    lf_arena *a = lf_arena_new();
    lf_folding *f;
    lf_folding_total total;
    bool fits;
    need(lf_folding_open(g, lf_folding_pins(g, &small, a), a, &f));
    need(lf_folding_fit(f, &small, 16, &total, &fits));
    lf_folding_close(f);
    lf_arena_free(a);
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, x)->producer);
    assert_true(fits);
    assert_string_equal(lf_attr_enum_name(n, "style"), "lut");
    assert_string_equal(lf_attr_enum_name(n, "ram_style"), "auto");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_against_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_for_the_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_multipliers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_multipliers_of_small_luts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
