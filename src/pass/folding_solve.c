/* The folding solver: a shortest path through the layers. A state is one layer's (PE, SIMD); the cost of a step is the layer and
 * what stands between it and its neighbour. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/attr_access.h"
#include "pass/folding.h"

typedef struct choice {
    int64_t pe, simd, in_lanes, out_lanes;
    lf_cost cost;
    double weight; /* scalar cost of the layer */
    double best;   /* least scalar cost from the first layer to here */
    int from;      /* index of the choice of the layer before */
} choice;

typedef struct layer {
    lf_node *node;
    LF_VEC(choice) choices;
    int64_t fastest; /* least ii of any legal choice */
} layer;

typedef struct solver {
    lf_graph *g;
    lf_arena *arena;
    const lf_part *part;
    double per_bram, per_dsp; /* LUTs that one of them is worth */
    LF_VEC(layer) layers;
} solver;

static bool is_op(const lf_node *n, const char *name) { return !strcmp(n->op->name, name); }

bool lf_folding_limits(const lf_graph *g, const lf_node *n, int64_t *pe_of, int64_t *simd_of) {
    if (n->place != LF_PLACE_FPGA || !lf_has_attr(n, "PE"))
        return false;
    lf_shape s = is_op(n, "argmax") ? lf_in(g, n, 0)->shape : lf_out(g, n, 0)->shape;
    *pe_of = s.dim[s.rank - 1];
    *simd_of = lf_has_attr(n, "SIMD") ? lf_in(g, n, 0)->shape.dim[lf_in(g, n, 0)->shape.rank - 1] : 1;
    return true;
}

static void set_folding(lf_node *n, int64_t pe, int64_t simd) {
    lf_attr_set_int(n, "PE", pe);
    if (lf_has_attr(n, "SIMD"))
        lf_attr_set_int(n, "SIMD", simd);
}

static lf_status add_choice(solver *s, layer *l, int64_t pe, int64_t simd, int64_t ii) {
    choice c = {.pe = pe, .simd = simd};
    int64_t in[LF_MAX_RANK] = {0}, out[LF_MAX_RANK] = {0};
    set_folding(l->node, pe, simd);
    LF_TRY(l->node->op->cost(s->g, l->node, &c.cost));
    l->fastest = c.cost.ii_cycles < l->fastest ? c.cost.ii_cycles : l->fastest;
    if (c.cost.ii_cycles > ii)
        return LF_OK;
    l->node->op->lanes(s->g, l->node, in, out);
    c.in_lanes = in[0];
    c.out_lanes = out[0];
    c.weight = c.cost.lut + 0.05 * c.cost.ff + s->per_bram * c.cost.bram + s->per_dsp * c.cost.dsp;
    LF_PUSH(s->arena, &l->choices, c);
    return LF_OK;
}

/* A folding far below the target wastes area: where many are legal, those slower than needed dominate. Keeps, for each pair of
 * lanes, the cheapest. */
static void prune_choices(layer *l) {
    size_t kept = 0;
    for (size_t i = 0; i < l->choices.count; i++) {
        const choice *c = &l->choices.at[i];
        bool beaten = false;
        for (size_t k = 0; k < l->choices.count && !beaten; k++) {
            const choice *d = &l->choices.at[k];
            beaten = k != i && d->in_lanes == c->in_lanes && d->out_lanes == c->out_lanes && (d->weight < c->weight || (d->weight == c->weight && k < i));
        }
        if (!beaten)
            l->choices.at[kept++] = *c;
    }
    l->choices.count = kept;
}

static lf_status fill_layer(solver *s, layer *l, int64_t ii, bool pinned) {
    int64_t pe_of, simd_of;
    lf_folding_limits(s->g, l->node, &pe_of, &simd_of);
    l->fastest = INT64_MAX;
    if (pinned)
        return add_choice(s, l, lf_attr_int(l->node, "PE"), lf_has_attr(l->node, "SIMD") ? lf_attr_int(l->node, "SIMD") : 1, ii);
    for (int64_t pe = 1; pe <= pe_of; pe++)
        for (int64_t simd = 1; pe_of % pe == 0 && simd <= simd_of; simd++)
            if (simd_of % simd == 0)
                LF_TRY(add_choice(s, l, pe, simd, ii));
    prune_choices(l);
    return LF_OK;
}

static int64_t gcd(int64_t a, int64_t b) { return b ? gcd(b, a % b) : a; }

/* LUTs and registers of what joins a lanes to b lanes of `bits` bits: a shift register, or a multiplexer; a FIFO of a frame where
 * the consumer passes over its input several times. */
static double joint_weight(const solver *s, const layer *next, const choice *from, const choice *to) {
    const lf_tensor *t = lf_in(s->g, next->node, 0);
    double bits = lf_dtype_bits(t->dtype), w = 0;
    int64_t a = from->out_lanes, b = to->in_lanes, elements = lf_shape_count(t->shape);
    if (b > a)
        w += 6 + 0.05 * bits * (double)b;
    if (a > b)
        w += 6 + bits * (double)b * ((double)(a / b) / 2) + 0.05 * bits * (double)a;
    if (a > b ? a % b : b % a)
        w += bits * (double)(a + b - gcd(a, b)) * 2;
    if (lf_has_attr(next->node, "SIMD") && to->cost.ii_cycles > elements / b)
        w += 10 + ceil((double)(elements / b) / 32.0) * ceil(bits * (double)b / 2.0);
    return w;
}

static void relax(const solver *s, const layer *before, layer *l) {
    for (size_t i = 0; i < l->choices.count; i++) {
        choice *c = &l->choices.at[i];
        c->best = before ? INFINITY : c->weight;
        c->from = -1;
        for (size_t k = 0; before && k < before->choices.count; k++) {
            const choice *p = &before->choices.at[k];
            double total = p->best + c->weight + joint_weight(s, l, p, c);
            if (total < c->best) {
                c->best = total;
                c->from = (int)k;
            }
        }
    }
}

static void apply_best(solver *s) {
    const layer *last = &s->layers.at[s->layers.count - 1];
    int pick = 0;
    for (size_t i = 1; i < last->choices.count; i++)
        if (last->choices.at[i].best < last->choices.at[pick].best)
            pick = (int)i;
    for (size_t i = s->layers.count; i-- > 0;) {
        const choice *c = &s->layers.at[i].choices.at[pick];
        set_folding(s->layers.at[i].node, c->pe, c->simd);
        pick = c->from;
    }
}

static lf_status too_slow(const solver *s, const layer *l, int64_t ii) {
    lf_where where = lf_where_node(s->g, l->node);
    int64_t best = l->fastest;
    for (size_t i = 0; i < s->layers.count; i++)
        best = s->layers.at[i].fastest > best ? s->layers.at[i].fastest : best;
    lf_status status = lf_fail(s->g->ctx, LF_BAD_INPUT, &where, "the target of %lld cycles a frame cannot be met: this layer takes at least %lld",
                               (long long)ii, (long long)l->fastest);
    lf_hint(s->g->ctx, "the best that all layers reach is --ii %lld", (long long)best);
    return status;
}

static void collect_layers(solver *s) {
    for (size_t i = 0; i < s->g->order.count; i++) {
        lf_node *n = lf_node_at(s->g, s->g->order.at[i]);
        int64_t pe_of, simd_of;
        if (lf_folding_limits(s->g, n, &pe_of, &simd_of))
            LF_PUSH(s->arena, &s->layers, (layer){.node = n});
    }
}

static lf_status fill_layers(solver *s, int64_t ii, const bool *pinned) {
    for (size_t i = 0; i < s->layers.count; i++) {
        lf_node *n = s->layers.at[i].node;
        int64_t pe = lf_attr_int(n, "PE"), simd = lf_has_attr(n, "SIMD") ? lf_attr_int(n, "SIMD") : 1;
        lf_status status = fill_layer(s, &s->layers.at[i], ii, pinned && pinned[n->id]);
        set_folding(n, pe, simd);
        LF_TRY(status);
    }
    return LF_OK;
}

static lf_status add_up(lf_graph *g, lf_folding_total *total) {
    *total = (lf_folding_total){0};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->place != LF_PLACE_FPGA || !n->op->cost)
            continue;
        lf_cost c = {0};
        LF_TRY(n->op->cost(g, n, &c));
        total->cost.lut += c.lut;
        total->cost.ff += c.ff;
        total->cost.bram += c.bram;
        total->cost.uram += c.uram;
        total->cost.dsp += c.dsp;
        total->cost.weight_bits += c.weight_bits;
        if (!total->slowest || c.ii_cycles > total->cost.ii_cycles) {
            total->slowest = n;
            total->cost.ii_cycles = c.ii_cycles;
        }
    }
    return LF_OK;
}

static lf_status solve(solver *s, int64_t ii, const bool *pinned) {
    collect_layers(s);
    LF_TRY(fill_layers(s, ii, pinned));
    for (size_t i = 0; i < s->layers.count; i++) {
        if (s->layers.at[i].choices.count == 0)
            return too_slow(s, &s->layers.at[i], ii);
        relax(s, i ? &s->layers.at[i - 1] : NULL, &s->layers.at[i]);
    }
    if (s->layers.count)
        apply_best(s);
    return LF_OK;
}

static lf_status solve_weighed(lf_graph *g, const lf_part *part, int64_t ii, const bool *pinned, double per_bram, double per_dsp, lf_folding_total *total) {
    solver s = {.g = g, .arena = lf_arena_new(), .part = part, .per_bram = per_bram, .per_dsp = per_dsp};
    lf_status status = solve(&s, ii, pinned);
    lf_arena_free(s.arena);
    LF_TRY(status);
    return add_up(g, total);
}

/* A block RAM takes the silicon of about 120 LUTs with their routing. Where that overfills the part, what is short gets dearer, step by step;
 * when nothing fits, the first answer stands. */
lf_status lf_folding_solve(lf_graph *g, const lf_part *part, int64_t ii, const bool *pinned, lf_folding_total *total) {
    enum { USUAL_BRAM = 120, USUAL_DSP = 100, STEPS = 8 };
    double bram = USUAL_BRAM;
    for (int i = 0; i < STEPS; i++) {
        LF_TRY(solve_weighed(g, part, ii, pinned, bram, USUAL_DSP, total));
        bool lut_full = total->cost.lut > (double)part->lut, bram_full = total->cost.bram > (double)part->bram;
        if (!lut_full && !bram_full)
            return LF_OK;
        if (lut_full && bram_full)
            break;
        bram *= bram_full ? 2 : 0.5;
    }
    return solve_weighed(g, part, ii, pinned, USUAL_BRAM, USUAL_DSP, total);
}

lf_status lf_folding_best_ii(lf_graph *g, const bool *pinned, int64_t *ii) {
    solver s = {.g = g, .arena = lf_arena_new(), .per_bram = 1, .per_dsp = 1};
    collect_layers(&s);
    lf_status status = fill_layers(&s, INT64_MAX, pinned);
    *ii = 1;
    for (size_t i = 0; i < s.layers.count; i++)
        *ii = s.layers.at[i].fastest > *ii ? s.layers.at[i].fastest : *ii;
    lf_arena_free(s.arena);
    return status;
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
