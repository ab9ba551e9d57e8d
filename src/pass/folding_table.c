#include "pass/folding_table.h"

#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "num/gcd.h"
#include "pass/stream_model.h"

static int64_t last_dim(const lf_tensor *t) {
    return t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
}

/* -- what is legal --------------------------------------------------------------------------------------------------------- */

/* Units whose input is ordered by their PE, which is the interleave of the window before them. */
static bool orders_window(const lf_node *n) {
    return lf_is_op(n, "vvu") || lf_is_op(n, "pool");
}

/* Whether the unit behind a window chooses its order. */
static bool is_ordered(const lf_graph *g, const lf_node *window) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (orders_window(n) && lf_folding_window(g, n) == window)
            return true;
    }
    return false;
}

static int64_t pe_divides(const lf_graph *g, const lf_node *n) {
    int64_t all = last_dim(lf_is_op(n, "argmax") ? lf_in(g, n, 0) : lf_out(g, n, 0));
    if (lf_is_op(n, "concat_join"))
        for (int k = 0; k < n->in_count; k++)
            all = (int64_t)lf_gcd((uint64_t)all, (uint64_t)last_dim(lf_in(g, n, k)));
    for (int k = 0; lf_is_op(n, "split_fork") && k < n->out_count; k++)
        all = (int64_t)lf_gcd((uint64_t)all, (uint64_t)last_dim(lf_out(g, n, k)));
    return all;
}

static int64_t simd_divides(const lf_graph *g, const lf_node *n) {
    if (lf_is_op(n, "vvu"))
        return last_dim(lf_in(g, n, 1));
    if (lf_is_op(n, "window") && lf_attr_int(n, "interleave") && !is_ordered(g, n))
        return lf_attr_int(n, "interleave");
    return lf_is_op(n, "depth_to_space") ? last_dim(lf_out(g, n, 0)) : last_dim(lf_in(g, n, 0));
}

int64_t lf_folding_column(const lf_node *n) {
    if (!lf_is_op(n, "window") || strcmp(lf_attr_enum_name(n, "order"), "columns"))
        return 1;
    lf_ints kernel = lf_attr_ints(n, "kernel");
    return kernel.count == 2 ? kernel.at[0] : 1;
}

int64_t lf_folding_whole(const lf_graph *g, const lf_node *n) {
    if (!lf_is_op(n, "window"))
        return 0;
    int64_t channels = last_dim(lf_in(g, n, 0)), interleave = lf_attr_int(n, "interleave");
    lf_ints kernel = lf_attr_ints(n, "kernel");
    bool together = interleave == 0 || interleave == channels || is_ordered(g, n);
    bool columns = kernel.count == 1 || kernel.at[0] == 1 || lf_folding_column(n) > 1;
    return together && columns ? last_dim(lf_out(g, n, 0)) : 0;
}

void lf_folding_set_window(const lf_graph *g, lf_node *window, int64_t simd) {
    lf_attr_set_int(window, "SIMD", simd);
    lf_attr_set_enum(window, "style",
                     simd > lf_folding_column(window) * last_dim(lf_in(g, window, 0)) ? "parallel" : "auto");
}

bool lf_folding_limits(const lf_graph *g, const lf_node *n, int64_t *pe_of, int64_t *simd_of) {
    if (n->place != LF_PLACE_FPGA || !n->op->cost || !n->op->lanes ||
        (!lf_has_attr(n, "PE") && !lf_has_attr(n, "SIMD")))
        return false;
    *pe_of = lf_has_attr(n, "PE") ? pe_divides(g, n) : 1;
    *simd_of = lf_has_attr(n, "SIMD") ? simd_divides(g, n) : 1;
    return true;
}

lf_node *lf_folding_window(const lf_graph *g, const lf_node *n) {
    if (!orders_window(n))
        return NULL;
    lf_id from = lf_stream_source(g, n->in[0]);
    lf_node *w = lf_node_at(g, lf_tensor_at(g, from)->producer);
    return lf_is_op(w, "window") ? w : NULL;
}

/* -- what layers are made of ------------------------------------------------------------------------------------------------ */

enum { MAKES = 3 };

/* What a solver may choose from, `auto` first; weights from outside and bit-by-bit logic are for the user to ask for. */
static const char *const rams[] = {"auto", "distributed", "block"}, *const multipliers[] = {"auto", "dsp", "lut"};

static const char *ram_of(const lf_node *n) {
    return n && lf_has_attr(n, "ram_style") ? lf_attr_enum_name(n, "ram_style") : NULL;
}

static const char *multiplier_of(const lf_node *n) {
    return lf_is_op(n, "requantize") ? lf_attr_enum_name(n, "style") : NULL;
}

static bool keeps(const lf_fold_pins *pinned, const lf_node *n, int what) {
    return pinned && (pinned[n->id] & what);
}

/* The words that an attribute may take; *count of them. */
static const char *const *words(const char *const *all, const char *const *now, bool fixed, int *count) {
    *count = fixed || !*now || !strcmp(*now, "stream") ? 1 : MAKES;
    return *count == 1 ? now : all;
}

static void set_word(lf_node *n, const char *attr, const char *word) {
    if (word)
        lf_attr_set_enum(n, attr, word);
}

void lf_fold_set(const lf_graph *g, const lf_fold_layer *l, const lf_fold_choice *c) {
    if (c->pe)
        lf_attr_set_int(l->node, "PE", c->pe);
    if (c->simd && lf_is_op(l->node, "window"))
        lf_folding_set_window(g, l->node, c->simd);
    else if (c->simd)
        lf_attr_set_int(l->node, "SIMD", c->simd);
    set_word(l->node, "ram_style", c->ram);
    set_word(l->node, "style", c->multiplier);
    if (!l->window)
        return;
    lf_attr_set_int(l->window, "interleave", c->pe);
    lf_folding_set_window(g, l->window, c->window_simd);
    set_word(l->window, "ram_style", c->window_ram);
}

/* As the nodes stand. */
static lf_fold_choice current(const lf_fold_layer *l) {
    return (lf_fold_choice){.pe = lf_has_attr(l->node, "PE") ? lf_attr_int(l->node, "PE") : 0,
                            .simd = lf_has_attr(l->node, "SIMD") ? lf_attr_int(l->node, "SIMD") : 0,
                            .window_simd = l->window ? lf_attr_int(l->window, "SIMD") : 0,
                            .ram = ram_of(l->node),
                            .window_ram = ram_of(l->window),
                            .multiplier = multiplier_of(l->node)};
}

/* -- what it costs ----------------------------------------------------------------------------------------------------------- */

void lf_fold_joint(int64_t a, int64_t b, double bits, double *lut, double *ff) {
    *lut = *ff = 0;
    if (a == b)
        return;
    *lut = 6;
    *ff = bits * (double)(a > b ? a : b);
    if (a > b)
        *lut += bits * (double)b * ((double)(a / b) / 2);
    if (a > b ? a % b : b % a)
        *lut += bits * (double)(a + b - (int64_t)lf_gcd((uint64_t)a, (uint64_t)b)) * 2;
}

static void add(lf_cost *sum, const lf_cost *c) {
    lf_cost_add(sum, c);
    sum->ii_cycles = c->ii_cycles > sum->ii_cycles ? c->ii_cycles : sum->ii_cycles;
}

/* A matrix-vector unit takes a vector in bursts: while it passes over one, the next has to wait somewhere. */
static double buffer_lut(const lf_graph *g, const lf_node *n, const lf_fold_choice *c) {
    const lf_tensor *x = lf_in(g, n, 0);
    if (!lf_has_attr(n, "SIMD") || !lf_has_attr(n, "PE") || c->cost.ii_cycles <= lf_shape_count(x->shape) / c->in_lanes)
        return 0;
    double beats = (double)last_dim(x) / (double)c->in_lanes;
    return 10 + ceil(beats / 32) * ceil(lf_dtype_bits(x->dtype) * (double)c->in_lanes / 2);
}

/* A way to make a node, and what it costs so. */
typedef struct make {
    const char *ram, *multiplier;
    lf_cost cost;
} make;

static bool same_cost(const lf_cost *a, const lf_cost *b) {
    return a->lut == b->lut && a->ff == b->ff && a->bram == b->bram && a->uram == b->uram && a->dsp == b->dsp;
}

/* The ways to make a node as it is folded that differ in what they cost. */
static lf_status find_makes(const lf_fold_table *t, lf_node *n, make *out, int *count) {
    const char *ram = ram_of(n), *multiplier = multiplier_of(n);
    bool fixed = keeps(t->pinned, n, LF_PIN_MAKE);
    int ram_count, multiplier_count;
    const char *const *multiplier_words = words(multipliers, &multiplier, fixed, &multiplier_count);
    const char *const *ram_words = words(rams, &ram, fixed || keeps(t->pinned, n, LF_PIN_MEMORY), &ram_count);
    lf_status status = LF_OK;
    *count = 0;
    for (int i = 0; status == LF_OK && i < ram_count * multiplier_count; i++) {
        make m = {.ram = ram_words[i % ram_count], .multiplier = multiplier_words[i / ram_count]};
        bool known = false;
        set_word(n, "ram_style", m.ram);
        set_word(n, "style", m.multiplier);
        status = n->op->cost(t->g, n, &m.cost);
        for (int k = 0; k < *count; k++)
            known |= same_cost(&out[k].cost, &m.cost);
        if (!known)
            out[(*count)++] = m;
    }
    set_word(n, "ram_style", ram);
    set_word(n, "style", multiplier);
    return status;
}

static void push_choice(lf_fold_table *t, lf_fold_layer *l, lf_fold_choice c) {
    size_t last = l->choices.count;
    l->fastest = c.cost.ii_cycles < l->fastest ? c.cost.ii_cycles : l->fastest;
    for (c.kind = l->kinds; last-- > 0;)
        if (l->choices.at[last].in_lanes == c.in_lanes && l->choices.at[last].out_lanes == c.out_lanes) {
            c.kind = l->choices.at[last].kind;
            break;
        }
    l->kinds += c.kind == l->kinds;
    LF_PUSH(t->arena, &l->choices, c);
}

/* The same with everything that its window may be made of. */
static lf_status push_with_window(lf_fold_table *t, lf_fold_layer *l, const lf_fold_choice *alone) {
    int64_t in[LF_MAX_RANK] = {0}, out[LF_MAX_RANK] = {0};
    make makes[MAKES * MAKES];
    int count;
    lf_cost joint = {0};
    LF_TRY(find_makes(t, l->window, makes, &count));
    l->window->op->lanes(t->g, l->window, in, out);
    lf_fold_joint(out[0], alone->in_lanes, lf_dtype_bits(lf_in(t->g, l->node, 0)->dtype), &joint.lut, &joint.ff);
    for (int i = 0; i < count; i++) {
        lf_fold_choice c = *alone;
        c.window_ram = makes[i].ram;
        add(&c.cost, &makes[i].cost);
        add(&c.cost, &joint);
        c.in_lanes = in[0];
        push_choice(t, l, c);
    }
    return LF_OK;
}

static lf_status add_choice(lf_fold_table *t, lf_fold_layer *l, lf_fold_choice c) {
    int64_t in[LF_MAX_RANK] = {0}, out[LF_MAX_RANK] = {0};
    make makes[MAKES * MAKES];
    int k = 0, count;
    lf_fold_set(t->g, l, &c);
    LF_TRY(find_makes(t, l->node, makes, &count));
    l->node->op->lanes(t->g, l->node, in, out);
    while (k < l->node->in_count - 1 && !lf_is_stream(t->g, l->node, k))
        k++;
    c.in_lanes = in[k];
    c.out_lanes = out[0];
    for (int i = 0; i < count; i++) {
        c.ram = makes[i].ram;
        c.multiplier = makes[i].multiplier;
        c.cost = makes[i].cost;
        c.buffer_lut = buffer_lut(t->g, l->node, &c);
        if (l->window)
            LF_TRY(push_with_window(t, l, &c));
        else
            push_choice(t, l, c);
    }
    return LF_OK;
}

/* A folding that the unit cannot have as it is asked to be made (weights as logic that are too deep) is none. */
static lf_status offer_choice(lf_fold_table *t, lf_fold_layer *l, lf_fold_choice c) {
    size_t first = lf_diag_count(t->g->ctx);
    lf_status status = add_choice(t, l, c);
    if (status != LF_BAD_INPUT || keeps(t->pinned, l->node, LF_PIN_FOLDING))
        return status;
    lf_diag_take_back(t->g->ctx, first);
    return LF_OK;
}

/* All window_simd for one pe and simd: the window's beat lies within one group of pe channels, or is a column of them, or with all channels
 * in the group a whole window. */
static lf_status add_choices(lf_fold_table *t, lf_fold_layer *l, lf_fold_choice c, int64_t fixed_window_simd) {
    int64_t column = l->window ? c.pe * lf_folding_column(l->window) : c.pe,
            whole = l->window && c.pe == last_dim(lf_in(t->g, l->window, 0)) ? lf_folding_whole(t->g, l->window) : 0;
    for (int64_t w = 1; w <= column; w++) {
        if ((c.pe % w && w != column) || (fixed_window_simd && w != fixed_window_simd))
            continue;
        c.window_simd = w;
        LF_TRY(offer_choice(t, l, c));
        if (!l->window)
            break;
    }
    c.window_simd = whole;
    return whole > column && (!fixed_window_simd || whole == fixed_window_simd) ? offer_choice(t, l, c) : LF_OK;
}

static lf_status fill_freely(lf_fold_table *t, lf_fold_layer *l, const lf_fold_choice *now, int64_t fixed_window_simd) {
    int64_t pe_of, simd_of;
    if (!lf_folding_limits(t->g, l->node, &pe_of, &simd_of))
        return add_choice(t, l, *now);
    for (int64_t pe = 1; pe <= pe_of; pe++)
        for (int64_t simd = 1; pe_of % pe == 0 && simd <= simd_of; simd++) {
            lf_fold_choice c = *now;
            c.pe = now->pe ? pe : 0;
            c.simd = now->simd ? simd : 0;
            if (simd_of % simd)
                continue;
            if (l->window)
                LF_TRY(add_choices(t, l, c, fixed_window_simd));
            else
                LF_TRY(offer_choice(t, l, c));
        }
    lf_fold_choice c = *now;
    int64_t column = simd_of * lf_folding_column(l->node), whole = lf_folding_whole(t->g, l->node);
    c.simd = column;
    if (column > simd_of)
        LF_TRY(offer_choice(t, l, c));
    c.simd = whole;
    return whole > column ? offer_choice(t, l, c) : LF_OK;
}

static lf_status fill(lf_fold_table *t, lf_fold_layer *l) {
    lf_fold_choice now = current(l);
    int64_t interleave = l->window ? lf_attr_int(l->window, "interleave") : 0,
            wide = l->window && keeps(t->pinned, l->window, LF_PIN_FOLDING) ? now.window_simd : 0;
    lf_status status;
    l->fastest = INT64_MAX;
    bool fixed = keeps(t->pinned, l->node, LF_PIN_FOLDING);
    if (fixed && l->window)
        status = add_choices(t, l, now, wide);
    else if (fixed)
        status = add_choice(t, l, now);
    else
        status = fill_freely(t, l, &now, wide);
    lf_fold_set(t->g, l, &now);
    if (l->window)
        lf_attr_set_int(l->window, "interleave", interleave);
    LF_TRY(status);
    if (l->choices.count)
        return LF_OK;
    if (!wide)
        return add_choice(t, l, now); /* says what is wrong */
    lf_where where = lf_where_node(t->g, l->node);
    if (wide > lf_folding_column(l->window) * last_dim(lf_in(t->g, l->window, 0)))
        return lf_fail(t->g->ctx, LF_BAD_INPUT, &where,
                       "%s gives whole windows (style=parallel), so PE must be all %lld channels", l->window->name,
                       (long long)last_dim(lf_in(t->g, l->window, 0)));
    return lf_fail(t->g->ctx, LF_BAD_INPUT, &where, "SIMD=%lld of %s divides no PE that this layer may have",
                   (long long)wide, l->window->name);
}

/* -- layers and streams ------------------------------------------------------------------------------------------------------- */

static bool is_layer(const lf_node *n) {
    return n->place == LF_PLACE_FPGA && n->op->cost && n->op->lanes;
}

static void add_edges(lf_fold_table *t, const int *layer_of, int to) {
    lf_fold_layer *l = &t->layers.at[to];
    const lf_node *n = l->window ? l->window : l->node;
    for (int k = 0; k < n->in_count; k++) {
        if (!lf_is_stream(t->g, n, k))
            continue;
        const lf_tensor *x = lf_tensor_at(t->g, lf_stream_source(t->g, n->in[k]));
        int from = x->producer ? layer_of[x->producer] : -1;
        if (from < 0 || from == to)
            continue;
        LF_PUSH(t->arena, &l->in, (int)t->edges.count);
        LF_PUSH(t->arena, &t->layers.at[from].out, (int)t->edges.count);
        LF_PUSH(t->arena, &t->edges, (lf_fold_edge){from, to, lf_dtype_bits(x->dtype)});
    }
}

static void collect(lf_fold_table *t) {
    lf_graph *g = t->g;
    int *layer_of = LF_NEW_ARRAY(t->arena, int, g->nodes.count + 1);
    memset(layer_of, 0xff, (g->nodes.count + 1) * sizeof *layer_of);
    bool *owned = LF_NEW_ARRAY(t->arena, bool, g->nodes.count + 1);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *w = lf_folding_window(g, lf_node_at(g, g->order.at[i]));
        if (w && is_layer(w) && is_layer(lf_node_at(g, g->order.at[i])))
            owned[w->id] = true;
    }
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!is_layer(n) || owned[n->id])
            continue;
        lf_node *w = lf_folding_window(g, n);
        layer_of[n->id] = (int)t->layers.count;
        LF_PUSH(t->arena, &t->layers, (lf_fold_layer){.node = n, .window = w && owned[w->id] ? w : NULL});
    }
    for (size_t i = 0; i < t->layers.count; i++)
        add_edges(t, layer_of, (int)i);
}

lf_status lf_fold_table_make(lf_graph *g, const lf_fold_pins *pinned, lf_arena *a, lf_fold_table *out) {
    *out = (lf_fold_table){.g = g, .arena = a, .pinned = pinned};
    collect(out);
    for (size_t i = 0; i < out->layers.count; i++)
        LF_TRY(fill(out, &out->layers.at[i]));
    return LF_OK;
}
