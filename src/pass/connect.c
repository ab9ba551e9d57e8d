/* connect: forks where several read a stream, width converters where neighbours' lanes differ, FIFOs where the frame rate needs them, skid
 * buffers where readiness would run through more than four units or from port to port (contracts.md 5.2). */
#include "pass/connect.h"

#include <inttypes.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "ops/stream.h"
#include "ir/pass.h"
#include "pass/buffers.h"
#include "pass/folding.h"
#include "pass/shallow_fifo.h"
#include "pass/stalls.h"

enum { FRAMES = 6, MOST_READY_UNITS = 4 };

typedef struct wiring {
    lf_graph *g;
    lf_arena *arena;
} wiring;

/* A tensor with the same elements as x. */
static lf_id tensor_like(lf_graph *g, const lf_tensor *x, const char *name) {
    lf_tensor *y = lf_tensor_new(g, name, x->shape, x->dtype);
    lf_set_codes(g, y, x->range);
    return y->id;
}

/* Puts a node of `op` before operand `k` of `to`. It has the same elements; attributes are the caller's to set. */
static lf_node *insert_before(lf_graph *g, lf_node *to, int k, const char *op, const char *suffix) {
    lf_id y = tensor_like(g, lf_in(g, to, k), lf_format(g->arena, "%s_%s_out", to->name, suffix));
    lf_node *n =
        lf_node_new(g, lf_op_find(op), lf_format(g->arena, "%s_%s", to->name, suffix), &to->in[k], 1, &y, 1, NULL);
    n->place = LF_PLACE_FPGA;
    to->in[k] = y;
    return n;
}

static lf_status settle(lf_graph *g) {
    LF_TRY(lf_graph_sort(g));
    return lf_infer(g);
}

static lf_ids units_of(const wiring *w) {
    lf_ids units = {0};
    for (size_t i = 0; i < w->g->order.count; i++)
        if (lf_is_unit(lf_node_at(w->g, w->g->order.at[i])))
            LF_PUSH(w->arena, &units, w->g->order.at[i]);
    return units;
}

/* -- forks ------------------------------------------------------------------------------------------------------------------------ */

/* One reader of a tensor: operand k of a node of the circuit; node NULL: the host, all of it. */
typedef struct reader {
    lf_id tensor;
    lf_node *node;
    int k;
} reader;

typedef LF_VEC(reader) readers;

static bool from_circuit(const lf_graph *g, lf_id tensor) {
    const lf_node *n = tensor ? lf_node_at(g, lf_tensor_at(g, tensor)->producer) : NULL;
    return n && n->place == LF_PLACE_FPGA;
}

/* By tensor id: the circuit produces it, and an output of the graph or a node of the host reads it itself. */
static const bool *host_reads(const lf_graph *g, lf_arena *a) {
    bool *reads = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    for (size_t i = 0; i < g->outputs.count; i++)
        reads[g->outputs.at[i].tensor] |= from_circuit(g, g->outputs.at[i].tensor);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n->place != LF_PLACE_FPGA && k < n->in_count; k++)
            reads[n->in[k]] |= from_circuit(g, n->in[k]);
    }
    return reads;
}

static void give_to(lf_graph *g, const reader *r, lf_id now) {
    lf_id old = r->tensor;
    if (r->node) {
        r->node->in[r->k] = now;
        return;
    }
    for (size_t i = 0; i < g->outputs.count; i++)
        if (g->outputs.at[i].tensor == old)
            g->outputs.at[i].tensor = now;
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n && n->place != LF_PLACE_FPGA && k < n->in_count; k++)
            if (n->in[k] == old)
                n->in[k] = now;
    }
}

/* A fork of tensor x to the readers; those that are too many read from another fork behind its last output. */
static void insert_fork(wiring *w, lf_id x, const char *name, const reader *r, size_t count) {
    lf_graph *g = w->g;
    size_t outs = count < LF_UNIT_PORTS ? count : LF_UNIT_PORTS, direct = count > LF_UNIT_PORTS ? outs - 1 : outs;
    lf_id out[LF_UNIT_PORTS];
    for (size_t i = 0; i < outs; i++)
        out[i] = tensor_like(g, lf_tensor_at(g, x), lf_format(g->arena, "%s_fork_out%zu", name, i));
    for (size_t i = 0; i < direct; i++)
        give_to(g, &r[i], out[i]);
    lf_node *fork =
        lf_node_new(g, lf_op_find("fork"), lf_format(g->arena, "%s_fork", name), &x, 1, out, (int)outs, NULL);
    fork->place = LF_PLACE_FPGA;
    if (direct < outs)
        insert_fork(w, out[direct], name, r + direct, count - direct);
}

static lf_status insert_forks(wiring *w) {
    lf_graph *g = w->g;
    size_t tensors = g->tensors.count;
    readers *of = LF_NEW_ARRAY(w->arena, readers, tensors + 1);
    const bool *host = host_reads(g, w->arena);
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n->place == LF_PLACE_FPGA && k < n->in_count; k++)
            if (lf_is_stream(g, n, k))
                LF_PUSH(w->arena, &of[n->in[k]], (reader){n->in[k], n, k});
    }
    for (lf_id t = 1; t <= tensors; t++) {
        if (of[t].count && host[t])
            LF_PUSH(w->arena, &of[t], (reader){t, NULL, 0});
        if (of[t].count < 2)
            continue;
        const lf_node *from = lf_node_at(g, lf_tensor_at(g, t)->producer);
        insert_fork(w, t, from ? from->name : lf_tensor_at(g, t)->name, of[t].at, of[t].count);
    }
    return settle(g);
}

/* -- widths ----------------------------------------------------------------------------------------------------------------------- */

static const lf_node *producer_unit(const lf_graph *g, lf_id tensor) {
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, lf_stream_source(g, tensor))->producer);
    return n && lf_is_unit(n) ? n : NULL;
}

static int64_t in_lanes(const lf_graph *g, const lf_node *n, int operand) {
    int64_t in[LF_MAX_RANK] = {0}, out[LF_MAX_RANK] = {0};
    n->op->lanes(g, n, in, out);
    return in[operand];
}

static lf_status convert_widths(wiring *w) {
    lf_ids units = units_of(w);
    for (size_t i = 0; i < units.count; i++) {
        lf_node *n = lf_node_at(w->g, units.at[i]);
        for (int k = 0; k < n->in_count; k++) {
            if (!lf_is_stream(w->g, n, k))
                continue;
            int64_t a = lf_stream_lanes(w->g, lf_stream_source(w->g, n->in[k])), b = in_lanes(w->g, n, k);
            if (a == b)
                continue;
            lf_node *dwc = insert_before(w->g, n, k, "width_converter", k ? lf_format(w->arena, "dwc%d", k) : "dwc");
            lf_attr_set_int(dwc, "in_lanes", a);
            lf_attr_set_int(dwc, "out_lanes", b);
        }
    }
    return settle(w->g);
}

/* -- FIFOs ------------------------------------------------------------------------------------------------------------------------ */

static lf_status slowest_unit(const lf_graph *g, int64_t *ii) {
    *ii = 1;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost c = {0};
        if (!lf_is_unit(n))
            continue;
        LF_TRY(n->op->cost(g, n, &c));
        *ii = c.ii_cycles > *ii ? c.ii_cycles : *ii;
    }
    return LF_OK;
}

static int stream_operands(const lf_graph *g, const lf_node *n) {
    int count = 0;
    for (int k = 0; k < n->in_count; k++)
        count += lf_is_stream(g, n, k);
    return count;
}

/* A FIFO before every unit: at most one of them for a stream through a width converter. */
static lf_status insert_slots(wiring *w, lf_slots *slots) {
    lf_ids units = units_of(w);
    for (size_t i = 0; i < units.count; i++) {
        lf_node *n = lf_node_at(w->g, units.at[i]);
        bool several = stream_operands(w->g, n) > 1;
        for (int k = 0; k < n->in_count; k++) {
            if (!lf_is_stream(w->g, n, k))
                continue;
            bool bufferable = producer_unit(w->g, n->in[k]) && !lf_is_op(n, "width_converter");
            lf_node *fifo = insert_before(w->g, n, k, "fifo", several ? lf_format(w->arena, "fifo%d", k) : "fifo");
            LF_PUSH(w->arena, slots, (lf_slot){.fifo = fifo, .bufferable = bufferable});
        }
    }
    return settle(w->g);
}

/* What was decided for a slot: nothing, a skid buffer, or the FIFO that stands there before `to`. */
static void settle_slot(lf_graph *g, const lf_slot *s, lf_node *to) {
    int k = 0;
    bool skid = s->cut && lf_attr_int(s->fifo, "depth") <= 2;
    if (s->depth && !skid)
        return;
    while (to->in[k] != s->fifo->out[0])
        k++;
    to->in[k] = s->fifo->in[0];
    lf_node_remove(g, s->fifo->id);
    if (skid)
        insert_before(g, to, k, "skid", k ? lf_format(g->arena, "skid%d", k) : "skid");
}

/* -- depths that the user sets -------------------------------------------------------------------------------------------------------- */

static lf_slot *slot_named(lf_slots *slots, const char *name) {
    for (size_t i = 0; i < slots->count; i++)
        if (!strcmp(slots->at[i].fifo->name, name))
            return &slots->at[i];
    return NULL;
}

/* Through FPGA nodes that are wires, width converters and, for an output, the FIFO that is looked for. */
static lf_slot *slot_behind(const lf_graph *g, lf_slots *slots, lf_id tensor) {
    for (size_t i = 0; i < slots->count; i++)
        if (lf_stream_source(g, slots->at[i].fifo->in[0]) == tensor) {
            const lf_node *to = lf_only_consumer(g, slots->at[i].fifo->out[0]);
            bool converter = lf_is_op(to, "width_converter");
            return converter ? slot_behind(g, slots, to->out[0]) : &slots->at[i];
        }
    return NULL;
}

static lf_slot *slot_before(const lf_graph *g, lf_slots *slots, const lf_node *n, int index) {
    for (int k = 0; k < n->in_count; k++)
        if (lf_is_stream(g, n, k) && index-- == 0) {
            const lf_node *fifo = lf_node_at(g, lf_in(g, n, k)->producer);
            return fifo ? slot_named(slots, fifo->name) : NULL;
        }
    return NULL;
}

static lf_status no_slot(const wiring *w, const lf_slots *slots, const lf_fifo_pin *p) {
    if (p->node)
        return lf_fail(w->g->ctx, LF_BAD_INPUT, &p->where, "%s has no stream %s %d between two units", p->node->name,
                       p->output ? "output" : "input", p->index);
    const char **known = LF_NEW_ARRAY(w->arena, const char *, slots->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < slots->count; i++)
        if (slots->at[i].bufferable)
            known[count++] = slots->at[i].fifo->name;
    lf_status status = lf_fail(w->g->ctx, LF_BAD_INPUT, &p->where,
                               "\"%s\" is neither a layer of this network nor a place for a FIFO", p->fifo);
    const char *near = lf_nearest(p->fifo, known, count);
    if (near)
        lf_hint(w->g->ctx, "did you mean \"%s\"? a FIFO is named after the unit behind it", near);
    return status;
}

static lf_status two_depths(const wiring *w, const lf_node *fifo, const lf_fifo_pin *first, const lf_fifo_pin *second) {
    lf_status status = lf_fail(w->g->ctx, LF_BAD_INPUT, &second->where,
                               "%s is %" PRId64 " deep by this line and %" PRId64 " by line %d", fifo->name,
                               second->depth, first->depth, first->where.line);
    lf_hint(w->g->ctx, "a FIFO's name, outFIFODepths of the layer before it and inFIFODepths of the one behind it mean "
                       "the same: leave one");
    return status;
}

static lf_status pin_depths(wiring *w, lf_slots *slots, const lf_fifo_pins *pins) {
    const lf_fifo_pin **by = LF_NEW_ARRAY(w->arena, const lf_fifo_pin *, slots->count + 1); /* the pin of a slot */
    for (size_t i = 0; i < pins->count; i++) {
        const lf_fifo_pin *p = &pins->at[i];
        lf_slot *s = !p->node    ? slot_named(slots, p->fifo)
                     : p->output ? slot_behind(w->g, slots, p->node->out[p->index < p->node->out_count ? p->index : 0])
                                 : slot_before(w->g, slots, p->node, p->index);
        if (!s || !s->bufferable || (p->output && p->index >= p->node->out_count))
            return no_slot(w, slots, p);
        const lf_fifo_pin *first = by[s - slots->at];
        if (first && first->depth != p->depth)
            return two_depths(w, s->fifo, first, p);
        by[s - slots->at] = p;
        s->depth = p->depth > 2 || !s->cut ? p->depth : 2;
        if (s->depth)
            LF_TRY(lf_buffers_set(w->g, s->fifo, s->depth, false));
    }
    return LF_OK;
}

static lf_status refuse(wiring *w, bool allow_deadlock, const char *text) {
    if (allow_deadlock) {
        lf_warn(w->g->ctx, NULL, "with the FIFO depths of the folding file %s", text);
        return LF_OK;
    }
    lf_fail(w->g->ctx, LF_BAD_INPUT, NULL, "with the FIFO depths of the folding file %s", text);
    lf_hint(w->g->ctx, "make them deeper or leave them out; --allow-deadlock builds it all the same");
    return LF_BAD_INPUT;
}

static lf_status warn_slow(wiring *w, lf_stream_model *m, int64_t ii, int64_t wanted) {
    const lf_node *fifo;
    int64_t better;
    LF_TRY(lf_shallow_fifo(w->g, m, FRAMES, ii, w->arena, &fifo, &better));
    lf_warn(w->g->ctx, NULL,
            "with the FIFO depths of the folding file a frame takes %" PRId64 " cycles instead of %" PRId64, ii,
            wanted);
    if (fifo)
        lf_hint(w->g->ctx, "%s, %" PRId64 " deep, holds it up: deep enough, a frame takes %" PRId64 " cycles",
                fifo->name, lf_attr_int(fifo, "depth"), better);
    return LF_OK;
}

/* The user's depths: slower is a warning, a deadlock that may happen an error unless it is wanted. */
static lf_status judge_pins(wiring *w, int64_t ii, bool allow_deadlock) {
    lf_stream_model m;
    lf_chain_end end;
    lf_chain_result r;
    lf_stall_proof proof;
    int full;
    LF_TRY(lf_stream_model_make(w->g, w->arena, &m));
    LF_TRY(lf_chain_try(w->g->ctx, m.chain, FRAMES, 0, &end, &r));
    if (end != LF_CHAIN_DONE)
        return refuse(
            w, allow_deadlock,
            lf_format(w->arena, "the circuit stops for ever: %s", lf_chain_blocked_text(m.chain, w->arena, &full)));
    if (r.ii_cycles > ii)
        LF_TRY(warn_slow(w, &m, r.ii_cycles, ii));
    LF_TRY(lf_stalls_prove(w->g, w->arena, &proof));
    return !proof.stops
               ? LF_OK
               : refuse(w, allow_deadlock,
                        lf_format(w->arena, "pauses of its streams may stop the circuit for ever: %s", proof.stops));
}

static bool has_joins(const lf_graph *g) {
    for (size_t i = 0; i < g->order.count; i++)
        if (lf_is_unit(lf_node_at(g, g->order.at[i])) && stream_operands(g, lf_node_at(g, g->order.at[i])) > 1)
            return true;
    return false;
}

static lf_status buffer(wiring *w, const lf_connect_options *o) {
    lf_slots slots = {0};
    lf_fifo_pins pins = {0};
    int64_t bound, ii = 0;
    LF_TRY(slowest_unit(w->g, &bound));
    LF_TRY(insert_slots(w, &slots));
    LF_TRY(lf_buffers_size(w->g, &slots, bound, MOST_READY_UNITS, w->arena, &ii));
    if (has_joins(w->g))
        LF_TRY(lf_stalls_deepen(w->g, &slots, w->arena));
    if (o->file && *o->file)
        LF_TRY(lf_folding_read_fifos(w->g, o->file, w->arena, &pins));
    LF_TRY(pin_depths(w, &slots, &pins));
    const lf_id *to = lf_only_consumers(w->g, w->arena);
    for (size_t i = 0; i < slots.count; i++)
        settle_slot(w->g, &slots.at[i], lf_node_at(w->g, to[slots.at[i].fifo->out[0]]));
    LF_TRY(settle(w->g));
    return pins.count ? judge_pins(w, ii, o->allow_deadlock) : LF_OK;
}

/* Only layout ops are wires: anything else without a unit would be left out of the circuit without a word. */
static lf_status check_units(const lf_graph *g) {
    lf_status worst = LF_OK;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->place != LF_PLACE_FPGA || lf_is_unit(n) || n->op->positions)
            continue;
        lf_where where = lf_where_node(g, n);
        worst = lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s has no hardware in this version", n->op->name);
    }
    return worst;
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    wiring w = {.g = g, .arena = scratch};
    LF_TRY(check_units(g));
    LF_TRY(insert_forks(&w));
    LF_TRY(convert_widths(&w));
    LF_TRY(buffer(&w, options));
    lf_graph_prune(g);
    return lf_graph_sort(g);
}

static const lf_attr_desc options[] = {
    {"file", LF_ATTR_STRING, offsetof(lf_connect_options, file), "", NULL, 0, 0, "folding file with FIFO depths"},
    {"allow_deadlock", LF_ATTR_BOOL, offsetof(lf_connect_options, allow_deadlock), "false", NULL, 0, 0,
     "a circuit that stops for ever is a warning, not an error"},
    {0}};

const lf_pass lf_pass_connect = {
    .name = "connect",
    .help = "insert forks, width converters, FIFOs that keep the frame rate, and skid buffers",
    .promise = LF_SAME_BITS,
    .option_size = sizeof(lf_connect_options),
    .options = options,
    .run = run,
};
