#include "pass/buffers.h"

#include <stdlib.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/stream.h"

/* What looking for smaller FIFOs may cost: clock edges of units in all, and runs; a few runs whatever they cost. */
static const int64_t budget_edges = 60000000;
/* From here on a run takes seconds: as few runs as possible. Unit-cycles of a frame. */
static const int64_t large_circuit = 20000000;
enum { BUDGET_RUNS = 200, LEAST_RUNS = 6, FRAMES = 6, MOST_FRAMES = 12, REGISTER_DEPTH = 2, DEEPEST = 1 << 20 };

typedef struct sizing {
    lf_graph *g;
    lf_arena *arena;
    lf_chain *chain;
    size_t units;
    lf_slots *slots;
    int64_t bound, limit; /* cycles of a frame; of a run that may count as good (0: no limit) */
    int frames;
    int64_t spent; /* edges */
    int runs;
    bool large;
    bool proved; /* the circuit as it stands keeps the bound, at proved_ii */
    int64_t proved_ii;
} sizing;

/* -- styles ------------------------------------------------------------------------------------------------------------ */

/* A block RAM takes the silicon of about 120 LUTs (folding_solve.c). */
static double weight_of(const lf_cost *c) {
    return c->lut + 0.05 * c->ff + 120 * c->bram;
}

static lf_status try_style(lf_graph *g, lf_node *fifo, int64_t depth, const char *style, double *best,
                           int64_t *best_depth, const char **best_style) {
    lf_cost c = {0};
    lf_attr_set_int(fifo, "depth", depth);
    lf_attr_set_enum(fifo, "style", style);
    LF_TRY(fifo->op->cost(g, fifo, &c));
    if (weight_of(&c) < *best) {
        *best = weight_of(&c);
        *best_depth = depth;
        *best_style = style;
    }
    return LF_OK;
}

/* Memories are cheapest 2^k + 1 deep: their pointers then wrap by themselves. */
static int64_t next_memory_depth(int64_t depth) {
    int64_t words = 2;
    while (words + 1 < depth)
        words *= 2;
    return words + 1;
}

lf_status lf_buffers_set(lf_graph *g, lf_node *fifo, int64_t depth, bool round_up) {
    static const char *const styles[] = {"srl", "distributed", "block"};
    double best = 1e300;
    int64_t best_depth = depth, rounded = next_memory_depth(depth);
    const char *style = "register";
    for (size_t i = 0; depth > REGISTER_DEPTH && i < LF_COUNT(styles); i++) {
        LF_TRY(try_style(g, fifo, depth, styles[i], &best, &best_depth, &style));
        if (round_up && i > 0 && rounded <= DEEPEST && rounded - depth <= depth / 8)
            LF_TRY(try_style(g, fifo, rounded, styles[i], &best, &best_depth, &style));
    }
    lf_attr_set_int(fifo, "depth", best_depth);
    lf_attr_set_enum(fifo, "style", depth > REGISTER_DEPTH ? style : "auto");
    return LF_OK;
}

static lf_status slot_weight(lf_graph *g, const lf_slot *s, double *weight) {
    lf_cost c = {0};
    if (s->depth)
        LF_TRY(s->fifo->op->cost(g, s->fifo, &c));
    *weight = weight_of(&c);
    return LF_OK;
}

/* -- slots and the model -------------------------------------------------------------------------------------------------- */

/* The twin's word stands a cycle later where the FIFO is a memory, which then holds one word less. */
lf_status lf_slot_set_depth(lf_graph *g, lf_slot *s, int64_t depth, bool round_up, lf_arena *a, lf_chain *chain) {
    lf_unit u;
    s->depth = depth;
    lf_chain_bypass(chain, s->unit, depth == 0);
    if (depth == 0)
        return LF_OK;
    LF_TRY(lf_buffers_set(g, s->fifo, depth < DEEPEST ? depth : DEEPEST, round_up));
    LF_TRY(s->fifo->op->unit(g, s->fifo, a, &u));
    lf_chain_replace(chain, s->unit, &u);
    return LF_OK;
}

static lf_status set_depth(sizing *z, lf_slot *s, int64_t depth) {
    z->proved = false;
    return lf_slot_set_depth(z->g, s, depth, true, z->arena, z->chain);
}

/* Depths change and change back. */
static lf_status set_depths(sizing *z, const int64_t *depth) {
    for (size_t i = 0; i < z->slots->count; i++)
        if (z->slots->at[i].depth != depth[i])
            LF_TRY(set_depth(z, &z->slots->at[i], depth[i]));
    return LF_OK;
}

static int64_t *depths_now(const sizing *z) {
    int64_t *depth = LF_NEW_ARRAY(z->arena, int64_t, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++)
        depth[i] = z->slots->at[i].depth;
    return depth;
}

/* Without end, and as slow as the FIFO it will be. */
static void open_slot(sizing *z, const lf_slot *s) {
    lf_unit u = lf_twin_queue(z->arena, s->fifo->name, s->beats, INT64_MAX / 2, s->peak > REGISTER_DEPTH);
    lf_chain_replace(z->chain, s->unit, &u);
    lf_chain_bypass(z->chain, s->unit, false);
}

static lf_status run_model(sizing *z, int64_t max_cycles, lf_chain_end *end, lf_chain_result *r) {
    *r = (lf_chain_result){0};
    LF_TRY(lf_chain_try(z->g->ctx, z->chain, z->frames, max_cycles, end, r));
    z->runs++;
    z->spent += lf_chain_edges(z->chain);
    return LF_OK;
}

/* Whether the circuit as it stands keeps the bound. */
static lf_status keeps_rate(sizing *z, bool *keeps, int64_t *ii) {
    lf_chain_end end;
    lf_chain_result r;
    *keeps = z->proved;
    *ii = z->proved_ii;
    if (z->proved)
        return LF_OK;
    LF_TRY(run_model(z, z->limit, &end, &r));
    z->proved = *keeps = end == LF_CHAIN_DONE && r.ii_cycles <= z->bound;
    z->proved_ii = *ii = end == LF_CHAIN_DONE ? r.ii_cycles : -1;
    return LF_OK;
}

static bool may_run(const sizing *z) {
    return z->runs < LEAST_RUNS || (z->runs < BUDGET_RUNS && z->spent < budget_edges);
}

/* A matrix-vector unit reads a vector while it works on the first rows, then none until the last. */
static int64_t vector_beats(const lf_graph *g, const lf_node *n, int operand) {
    const lf_tensor *x = lf_in(g, n, operand);
    bool works_on = lf_is_op(n, "mvu") && operand == 0 && x->shape.rank > 0;
    return works_on ? x->shape.dim[x->shape.rank - 1] / lf_attr_int(n, "SIMD") : 0;
}

/* slot: by tensor id, the slot whose FIFO gives it. */
static void locate_readers(const lf_graph *g, const lf_stream_model *m, const lf_node *n, lf_slot *const *slot) {
    for (int k = 0, port = 0; lf_is_unit(n) && k < n->in_count; k++) {
        if (!lf_is_stream(g, n, k))
            continue;
        lf_slot *s = slot[n->in[k]];
        if (s) {
            s->to = m->unit_of[n->id];
            s->to_port = port;
            s->vector = vector_beats(g, n, k);
        }
        port++;
    }
}

static void locate_slots(const sizing *z, const lf_stream_model *m) {
    const lf_graph *g = z->g;
    lf_slot **slot = LF_NEW_ARRAY(z->arena, lf_slot *, g->tensors.count + 1);
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = slot[z->slots->at[i].fifo->out[0]] = &z->slots->at[i];
        s->unit = m->unit_of[s->fifo->id];
        s->to = -1;
        s->beats = lf_stream_beats(g, s->fifo->in[0]);
        s->bits = lf_stream_bits(g, s->fifo->in[0]);
        s->depth = 0;
        lf_chain_bypass(z->chain, s->unit, true);
    }
    for (size_t i = 0; i < g->order.count; i++)
        locate_readers(g, m, lf_node_at(g, g->order.at[i]), slot);
}

/* -- readiness -------------------------------------------------------------------------------------------------------------- */

static lf_status ready_is_short(sizing *z, int most, lf_chain_ready *r, bool *is_short) {
    LF_TRY(lf_chain_check_ready(z->g->ctx, z->chain, most, r));
    *is_short = r->longest <= most && !r->port_to_port;
    return LF_OK;
}

static lf_slot *slot_before(sizing *z, int unit, int port) {
    for (size_t i = 0; i < z->slots->count; i++)
        if (z->slots->at[i].to == unit && z->slots->at[i].to_port == port)
            return &z->slots->at[i];
    return NULL;
}

static lf_status cut_ready(sizing *z, int most) {
    lf_chain_ready r;
    bool is_short;
    for (;;) {
        LF_TRY(ready_is_short(z, most, &r, &is_short));
        lf_slot *s = is_short ? NULL : slot_before(z, r.cut, r.cut_port);
        if (!s || s->depth)
            return LF_OK;
        s->cut = true;
        LF_TRY(set_depth(z, s, REGISTER_DEPTH));
    }
}

/* FIFOs elsewhere may have made a cut needless. */
static lf_status drop_cuts(sizing *z, int most) {
    int64_t *before = depths_now(z), ii;
    bool keeps, any = false;
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        lf_chain_ready r;
        bool is_short;
        if (!s->cut || s->depth > REGISTER_DEPTH)
            continue;
        lf_chain_bypass(z->chain, s->unit, true);
        LF_TRY(ready_is_short(z, most, &r, &is_short));
        if (!is_short)
            lf_chain_bypass(z->chain, s->unit, false);
        else
            LF_TRY(set_depth(z, s, 0));
        any |= is_short;
    }
    if (!any)
        return LF_OK;
    LF_TRY(keeps_rate(z, &keeps, &ii));
    if (!keeps)
        return set_depths(z, before);
    for (size_t i = 0; i < z->slots->count; i++)
        z->slots->at[i].cut &= z->slots->at[i].depth > 0;
    return LF_OK;
}

/* -- depths that suffice ------------------------------------------------------------------------------------------------------ */

static lf_status blocked(sizing *z) {
    int full;
    return lf_fail(z->g->ctx, LF_FAILED, NULL, "cycle model: the circuit stops even with FIFOs without end: %s",
                   lf_chain_blocked_text(z->chain, z->arena, &full));
}

/* With every slot open: the interval that sources without a pause reach. */
static lf_status run_open(sizing *z, int64_t pace, lf_chain_result *r) {
    lf_chain_end end;
    for (size_t i = 0; i < z->slots->count; i++)
        if (z->slots->at[i].bufferable)
            open_slot(z, &z->slots->at[i]);
    lf_chain_pace(z->chain, pace);
    lf_chain_skip_peaks(z->chain, false);
    lf_status status = run_model(z, 0, &end, r);
    lf_chain_skip_peaks(z->chain, true);
    lf_chain_pace(z->chain, 0);
    LF_TRY(status);
    for (size_t i = 0; i < z->slots->count; i++)
        if (z->slots->at[i].bufferable)
            z->slots->at[i].peak = lf_chain_peak(z->chain, z->slots->at[i].unit);
    return end == LF_CHAIN_DONE ? LF_OK : blocked(z);
}

static lf_status take_peaks(sizing *z) {
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        int64_t depth = s->peak <= REGISTER_DEPTH ? REGISTER_DEPTH : s->peak + (z->large ? 3 : 1);
        if (s->bufferable)
            LF_TRY(set_depth(z, s, depth));
    }
    return LF_OK;
}

/* Whether so many frames are enough to see them all under way. */
static bool needs_frames(sizing *z, const lf_chain_result *r) {
    int64_t under_way = 3 + r->latency_cycles / z->bound;
    if (under_way <= z->frames)
        return false;
    bool more = z->frames < MOST_FRAMES;
    z->frames = under_way < MOST_FRAMES ? (int)under_way : MOST_FRAMES;
    return more;
}

/* Paced at the bound; where some unit does not keep it, at what the circuit can do. The first run tells which FIFOs will be memories, the
 * second how deep. In a large circuit all are memories in the first run, and there is no second one: a few words more stand for it. */
static lf_status measure_peaks(sizing *z) {
    lf_chain_result r;
    for (size_t i = 0; i < z->slots->count; i++)
        z->slots->at[i].peak = z->large ? REGISTER_DEPTH + 1 : 0;
    LF_TRY(run_open(z, z->bound, &r));
    bool slower = r.ii_cycles > z->bound;
    if (slower) {
        LF_TRY(run_open(z, 0, &r));
        z->bound = r.ii_cycles > z->bound ? r.ii_cycles : z->bound;
    }
    if (needs_frames(z, &r) || slower || !z->large)
        LF_TRY(run_open(z, z->bound, &r));
    z->limit = r.cycles + z->bound;
    return take_peaks(z);
}

/* The proof; a circuit that misses it after all (a twin that is not monotone) gets deeper FIFOs until it holds. */
static lf_status confirm(sizing *z) {
    bool keeps;
    int64_t ii;
    for (int i = 0; i < 4; i++) {
        LF_TRY(keeps_rate(z, &keeps, &ii));
        if (keeps)
            return LF_OK;
        for (size_t k = 0; k < z->slots->count; k++)
            if (z->slots->at[k].depth)
                LF_TRY(set_depth(z, &z->slots->at[k], z->slots->at[k].depth * 2));
    }
    z->limit = 0;
    z->bound = INT64_MAX;
    LF_TRY(keeps_rate(z, &keeps, &ii));
    z->bound = ii;
    return keeps ? LF_OK : blocked(z);
}

/* -- fewer and smaller FIFOs --------------------------------------------------------------------------------------------------- */

/* What is tried with a slot: none at all, or half the depth. */
typedef int64_t smaller_fn(const lf_slot *s);

static int64_t none(const lf_slot *s) {
    return s->cut ? REGISTER_DEPTH : 0;
}

static int64_t half(const lf_slot *s) {
    return (s->depth - 1) / 2 + 1;
}

static int64_t one_vector(const lf_slot *s) {
    return next_memory_depth(s->vector + 1);
}

/* Makes all of slot[0 .. count) smaller or, where that costs rate, as many as halving the group finds. */
static lf_status shrink_group(sizing *z, lf_slot **slot, size_t count, smaller_fn *smaller) {
    bool keeps, proved = z->proved;
    int64_t ii, proved_ii = z->proved_ii;
    if (count == 0 || !may_run(z))
        return LF_OK;
    int64_t *before = depths_now(z);
    for (size_t i = 0; i < count; i++)
        LF_TRY(set_depth(z, slot[i], smaller(slot[i])));
    LF_TRY(keeps_rate(z, &keeps, &ii));
    if (keeps)
        return LF_OK;
    LF_TRY(set_depths(z, before));
    z->proved = proved;
    z->proved_ii = proved_ii;
    if (count == 1)
        return LF_OK;
    LF_TRY(shrink_group(z, slot, count / 2, smaller));
    return shrink_group(z, slot + count / 2, count - count / 2, smaller);
}

/* True when it gives as many pixels as it takes: its vectors come evenly. */
static bool is_even_window(const lf_graph *g, const lf_node *n) {
    const lf_shape *x = &lf_in(g, n, 0)->shape, *y = &lf_out(g, n, 0)->shape;
    int64_t in = 1, out = 1;
    for (int i = 0; i + 1 < x->rank && i + 1 < y->rank; i++) {
        in *= x->dim[i];
        out *= y->dim[i];
    }
    return lf_is_op(n, "window") && out >= in;
}

/* The vectors of a slot come from such a window, past converters and other slots. */
static bool behind_even_window(const lf_graph *g, const lf_slot *s) {
    const lf_node *n = s->fifo;
    while (lf_is_op(n, "fifo") || lf_is_op(n, "width_converter"))
        n = lf_node_at(g, lf_tensor_at(g, lf_stream_source(g, n->in[0]))->producer);
    return n && is_even_window(g, n);
}

/* Before a matrix-vector unit a vector usually is enough, and nearly always behind a window that does not stride; these runs are worth more
 * than all others. */
static lf_status keep_vectors(sizing *z, bool even) {
    size_t count = 0;
    lf_slot **slot = LF_NEW_ARRAY(z->arena, lf_slot *, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        if (s->vector && s->depth > one_vector(s) && behind_even_window(z->g, s) == even)
            slot[count++] = s;
    }
    return shrink_group(z, slot, count, one_vector);
}

static int by_peak(const void *a, const void *b) {
    const lf_slot *const *x = a, *const *y = b;
    if ((*x)->peak != (*y)->peak)
        return (*x)->peak < (*y)->peak ? -1 : 1;
    return (*x)->unit - (*y)->unit;
}

static lf_status drop_idle(sizing *z) {
    size_t count = 0;
    lf_slot **idle = LF_NEW_ARRAY(z->arena, lf_slot *, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        if (s->bufferable && s->depth && s->peak <= REGISTER_DEPTH && !s->cut)
            idle[count++] = s;
    }
    qsort(idle, count, sizeof *idle, by_peak);
    return shrink_group(z, idle, count, none);
}

/* Depths worth trying: none, two, and the sizes at which memories jump. */
static int64_t step_depth(const lf_slot *s, int step) {
    if (step == 0)
        return s->cut ? REGISTER_DEPTH : 0;
    return step == 1 ? REGISTER_DEPTH : step == 2 ? 16 : ((int64_t)1 << (step + 2)) + 1;
}

/* The least step whose depth keeps the rate, by bisection. */
static lf_status shrink(sizing *z, lf_slot *s) {
    int64_t before = s->depth, ii;
    int low = -1, high = 0; /* steps: too small; as it is */
    bool keeps;
    while (step_depth(s, high) < before)
        high++;
    int most = high;
    while (high - low > 1 && may_run(z)) {
        int mid = low + (high - low) / 2;
        LF_TRY(set_depth(z, s, step_depth(s, mid)));
        LF_TRY(keeps_rate(z, &keeps, &ii));
        *(keeps ? &high : &low) = mid;
    }
    return set_depth(z, s, high == most ? before : step_depth(s, high));
}

typedef struct weighed {
    lf_slot *slot;
    double weight;
} weighed;

static int by_weight(const void *a, const void *b) {
    const weighed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->slot->unit - y->slot->unit;
}

/* Large circuits can afford few runs, and most of their memory lies in deep FIFOs: all of these together first. */
static lf_status halve_block_rams(sizing *z, lf_slot **slot, size_t count) {
    enum { DEEP = 257 };
    lf_slot **deep = LF_NEW_ARRAY(z->arena, lf_slot *, count + 1);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (slot[i]->depth > DEEP)
            deep[n++] = slot[i];
    return shrink_group(z, deep, n, half);
}

static lf_status shrink_dearest(sizing *z) {
    size_t count = 0;
    weighed *all = LF_NEW_ARRAY(z->arena, weighed, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        if (s->depth <= REGISTER_DEPTH)
            continue;
        all[count].slot = s;
        LF_TRY(slot_weight(z->g, s, &all[count].weight));
        count++;
    }
    qsort(all, count, sizeof *all, by_weight);
    lf_slot **slot = LF_NEW_ARRAY(z->arena, lf_slot *, count + 1);
    for (size_t i = 0; i < count; i++)
        slot[i] = all[i].slot;
    LF_TRY(halve_block_rams(z, slot, count));
    for (size_t i = 0; i < count && may_run(z); i++)
        LF_TRY(shrink(z, slot[i]));
    return LF_OK;
}

/* -- the whole ------------------------------------------------------------------------------------------------------------------ */

static lf_status size_all(sizing *z, int most_ready, int64_t *ii) {
    bool keeps;
    LF_TRY(cut_ready(z, most_ready));
    if (!z->large) {
        LF_TRY(keeps_rate(z, &keeps, ii));
        if (keeps)
            return LF_OK;
    }
    LF_TRY(measure_peaks(z));
    LF_TRY(confirm(z));
    z->spent = z->runs = 0;
    LF_TRY(keep_vectors(z, true));
    LF_TRY(keep_vectors(z, false));
    LF_TRY(drop_idle(z));
    LF_TRY(shrink_dearest(z));
    LF_TRY(drop_cuts(z, most_ready));
    return keeps_rate(z, &keeps, ii);
}

lf_status lf_buffers_size(lf_graph *g, lf_slots *slots, int64_t bound, int most_ready, lf_arena *scratch, int64_t *ii) {
    lf_stream_model m;
    LF_TRY(lf_stream_model_make(g, scratch, &m));
    sizing z = {.g = g, .arena = scratch, .chain = m.chain, .slots = slots, .bound = bound, .frames = FRAMES};
    for (size_t i = 0; i < g->order.count; i++)
        z.units += lf_is_unit(lf_node_at(g, g->order.at[i]));
    z.large = (int64_t)z.units * bound > large_circuit;
    locate_slots(&z, &m);
    lf_chain_skip_peaks(z.chain, true);
    return size_all(&z, most_ready, ii);
}
