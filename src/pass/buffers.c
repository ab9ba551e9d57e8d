#include "pass/buffers.h"

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/stream.h"
#include "pass/buffers_sizing.h"

/* What looking for smaller FIFOs may cost: clock edges of units in all, and runs; a few runs whatever they cost. */
static const int64_t budget_edges = 60000000;
/* From here on a run takes seconds: as few runs as possible. Unit-cycles of a frame. */
static const int64_t large_circuit = 20000000;
enum { BUDGET_RUNS = 200, LEAST_RUNS = 6, FRAMES = 6, MOST_FRAMES = 12, DEEPEST = 1 << 20 };

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
int64_t lf_memory_depth(int64_t depth) {
    int64_t words = 2;
    while (words + 1 < depth)
        words *= 2;
    return words + 1;
}

lf_status lf_buffers_set(lf_graph *g, lf_node *fifo, int64_t depth, bool round_up) {
    static const char *const styles[] = {"srl", "distributed", "block"};
    double best = 1e300;
    int64_t best_depth = depth, rounded = lf_memory_depth(depth);
    const char *style = "register";
    for (size_t i = 0; depth > LF_REGISTER_DEPTH && i < LF_COUNT(styles); i++) {
        LF_TRY(try_style(g, fifo, depth, styles[i], &best, &best_depth, &style));
        if (round_up && i > 0 && rounded <= DEEPEST && rounded - depth <= depth / 8)
            LF_TRY(try_style(g, fifo, rounded, styles[i], &best, &best_depth, &style));
    }
    lf_attr_set_int(fifo, "depth", best_depth);
    lf_attr_set_enum(fifo, "style", depth > LF_REGISTER_DEPTH ? style : "auto");
    return LF_OK;
}

lf_status lf_slot_weight(lf_graph *g, const lf_slot *s, double *weight) {
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

lf_status lf_sizing_set_depth(lf_sizing *z, lf_slot *s, int64_t depth) {
    z->proved = false;
    return lf_slot_set_depth(z->g, s, depth, true, z->arena, z->chain);
}

/* Depths change and change back. */
lf_status lf_sizing_set_depths(lf_sizing *z, const int64_t *depth) {
    for (size_t i = 0; i < z->slots->count; i++)
        if (z->slots->at[i].depth != depth[i])
            LF_TRY(lf_sizing_set_depth(z, &z->slots->at[i], depth[i]));
    return LF_OK;
}

int64_t *lf_sizing_depths(const lf_sizing *z) {
    int64_t *depth = LF_NEW_ARRAY(z->arena, int64_t, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++)
        depth[i] = z->slots->at[i].depth;
    return depth;
}

/* Without end, and as slow as the FIFO it will be. */
static void open_slot(lf_sizing *z, const lf_slot *s) {
    lf_unit u = lf_twin_queue(z->arena, s->fifo->name, s->beats, INT64_MAX / 2, s->peak > LF_REGISTER_DEPTH);
    lf_chain_replace(z->chain, s->unit, &u);
    lf_chain_bypass(z->chain, s->unit, false);
}

static lf_status run_model(lf_sizing *z, int64_t max_cycles, lf_chain_end *end, lf_chain_result *r) {
    *r = (lf_chain_result){0};
    LF_TRY(lf_chain_try(z->g->ctx, z->chain, z->frames, max_cycles, end, r));
    z->runs++;
    z->spent += lf_chain_edges(z->chain);
    return LF_OK;
}

/* Whether the circuit as it stands keeps the bound. */
lf_status lf_sizing_keeps_rate(lf_sizing *z, bool *keeps, int64_t *ii) {
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

bool lf_sizing_may_run(const lf_sizing *z) {
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

static void locate_slots(const lf_sizing *z, const lf_stream_model *m) {
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

static lf_status ready_is_short(lf_sizing *z, int most, lf_chain_ready *r, bool *is_short) {
    LF_TRY(lf_chain_check_ready(z->g->ctx, z->chain, most, r));
    *is_short = r->longest <= most && !r->port_to_port;
    return LF_OK;
}

static lf_slot *slot_before(lf_sizing *z, int unit, int port) {
    for (size_t i = 0; i < z->slots->count; i++)
        if (z->slots->at[i].to == unit && z->slots->at[i].to_port == port)
            return &z->slots->at[i];
    return NULL;
}

static lf_status cut_ready(lf_sizing *z, int most) {
    lf_chain_ready r;
    bool is_short;
    for (;;) {
        LF_TRY(ready_is_short(z, most, &r, &is_short));
        lf_slot *s = is_short ? NULL : slot_before(z, r.cut, r.cut_port);
        if (!s || s->depth)
            return LF_OK;
        s->cut = true;
        LF_TRY(lf_sizing_set_depth(z, s, LF_REGISTER_DEPTH));
    }
}

/* FIFOs elsewhere may have made a cut needless. */
static lf_status drop_cuts(lf_sizing *z, int most) {
    int64_t *before = lf_sizing_depths(z), ii;
    bool keeps, any = false;
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        lf_chain_ready r;
        bool is_short;
        if (!s->cut || s->depth > LF_REGISTER_DEPTH)
            continue;
        lf_chain_bypass(z->chain, s->unit, true);
        LF_TRY(ready_is_short(z, most, &r, &is_short));
        if (!is_short)
            lf_chain_bypass(z->chain, s->unit, false);
        else
            LF_TRY(lf_sizing_set_depth(z, s, 0));
        any |= is_short;
    }
    if (!any)
        return LF_OK;
    LF_TRY(lf_sizing_keeps_rate(z, &keeps, &ii));
    if (!keeps)
        return lf_sizing_set_depths(z, before);
    for (size_t i = 0; i < z->slots->count; i++)
        z->slots->at[i].cut &= z->slots->at[i].depth > 0;
    return LF_OK;
}

/* -- depths that suffice ------------------------------------------------------------------------------------------------------ */

static lf_status blocked(lf_sizing *z) {
    int full;
    return lf_fail(z->g->ctx, LF_FAILED, NULL, "cycle model: the circuit stops even with FIFOs without end: %s",
                   lf_chain_blocked_text(z->chain, z->arena, &full));
}

/* With every slot open: the interval that sources without a pause reach. */
static lf_status run_open(lf_sizing *z, int64_t pace, lf_chain_result *r) {
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

static lf_status take_peaks(lf_sizing *z) {
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        int64_t depth = s->peak <= LF_REGISTER_DEPTH ? LF_REGISTER_DEPTH : s->peak + (z->large ? 3 : 1);
        if (s->bufferable)
            LF_TRY(lf_sizing_set_depth(z, s, depth));
    }
    return LF_OK;
}

/* Whether so many frames are enough to see them all under way. */
static bool needs_frames(lf_sizing *z, const lf_chain_result *r) {
    int64_t under_way = 3 + r->latency_cycles / z->bound;
    if (under_way <= z->frames)
        return false;
    bool more = z->frames < MOST_FRAMES;
    z->frames = under_way < MOST_FRAMES ? (int)under_way : MOST_FRAMES;
    return more;
}

/* Paced at the bound; where some unit does not keep it, at what the circuit can do. The first run tells which FIFOs will be memories, the
 * second how deep. In a large circuit all are memories in the first run, and there is no second one: a few words more stand for it. */
static lf_status measure_peaks(lf_sizing *z) {
    lf_chain_result r;
    for (size_t i = 0; i < z->slots->count; i++)
        z->slots->at[i].peak = z->large ? LF_REGISTER_DEPTH + 1 : 0;
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
static lf_status confirm(lf_sizing *z) {
    bool keeps;
    int64_t ii;
    for (int i = 0; i < 4; i++) {
        LF_TRY(lf_sizing_keeps_rate(z, &keeps, &ii));
        if (keeps)
            return LF_OK;
        for (size_t k = 0; k < z->slots->count; k++)
            if (z->slots->at[k].depth)
                LF_TRY(lf_sizing_set_depth(z, &z->slots->at[k], z->slots->at[k].depth * 2));
    }
    z->limit = 0;
    z->bound = INT64_MAX;
    LF_TRY(lf_sizing_keeps_rate(z, &keeps, &ii));
    z->bound = ii;
    return keeps ? LF_OK : blocked(z);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------------ */

static lf_status size_all(lf_sizing *z, int most_ready, int64_t *ii) {
    bool keeps;
    LF_TRY(cut_ready(z, most_ready));
    if (!z->large) {
        LF_TRY(lf_sizing_keeps_rate(z, &keeps, ii));
        if (keeps)
            return LF_OK;
    }
    LF_TRY(measure_peaks(z));
    LF_TRY(confirm(z));
    z->spent = z->runs = 0;
    LF_TRY(lf_sizing_keep_vectors(z, true));
    LF_TRY(lf_sizing_keep_vectors(z, false));
    LF_TRY(lf_sizing_drop_idle(z));
    LF_TRY(lf_sizing_shrink_dearest(z));
    LF_TRY(drop_cuts(z, most_ready));
    return lf_sizing_keeps_rate(z, &keeps, ii);
}

lf_status lf_buffers_size(lf_graph *g, lf_slots *slots, int64_t bound, int most_ready, lf_arena *scratch, int64_t *ii) {
    lf_stream_model m;
    LF_TRY(lf_stream_model_make(g, scratch, &m));
    lf_sizing z = {.g = g, .arena = scratch, .chain = m.chain, .slots = slots, .bound = bound, .frames = FRAMES};
    for (size_t i = 0; i < g->order.count; i++)
        z.units += lf_is_unit(lf_node_at(g, g->order.at[i]));
    z.large = (int64_t)z.units * bound > large_circuit;
    locate_slots(&z, &m);
    lf_chain_skip_peaks(z.chain, true);
    return size_all(&z, most_ready, ii);
}
