/* connect: width converters where neighbours' lanes differ, FIFOs where the frame rate needs them, skid buffers where readiness
 * would run through more than four units or from port to port (contracts.md 5.2). */
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "ir/pass.h"
#include "pass/stream_model.h"

enum { FRAMES = 6, MOST_READY_UNITS = 4 };

typedef struct wiring {
    lf_graph *g;
    lf_arena *arena;
    lf_ids units; /* as they stand before anything is inserted */
} wiring;

/* Puts a node of `op` before operand `k` of `to`. It has the same elements; attributes are the caller's to set. */
static lf_node *insert_before(lf_graph *g, lf_node *to, int k, const char *op, const char *suffix) {
    const lf_tensor *x = lf_in(g, to, k);
    lf_tensor *y = lf_tensor_new(g, lf_format(g->arena, "%s_%s_out", to->name, suffix), x->shape, x->dtype);
    lf_set_codes(g, y, x->range);
    lf_node *n = lf_node_new(g, lf_op_find(op), lf_format(g->arena, "%s_%s", to->name, suffix), &to->in[k], 1, &y->id, 1, NULL);
    n->place = LF_PLACE_FPGA;
    to->in[k] = y->id;
    return n;
}

static lf_status settle(lf_graph *g) {
    LF_TRY(lf_graph_sort(g));
    return lf_infer(g);
}

static const lf_node *producer_unit(const lf_graph *g, lf_id tensor) {
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, lf_stream_source(g, tensor))->producer);
    return n && lf_is_unit(n) ? n : NULL;
}

static int64_t out_lanes(const lf_graph *g, const lf_node *n, lf_id tensor) {
    int64_t in[LF_MAX_RANK] = {0}, out[LF_MAX_RANK] = {0};
    n->op->lanes(g, n, in, out);
    for (int i = 0; i < n->out_count; i++)
        if (n->out[i] == tensor)
            return out[i];
    return out[0];
}

static int64_t in_lanes(const lf_graph *g, const lf_node *n, int operand) {
    int64_t in[LF_MAX_RANK] = {0}, out[LF_MAX_RANK] = {0};
    n->op->lanes(g, n, in, out);
    return in[operand];
}

static lf_status convert_widths(wiring *w) {
    for (size_t i = 0; i < w->units.count; i++) {
        lf_node *n = lf_node_at(w->g, w->units.at[i]);
        for (int k = 0; k < n->in_count; k++) {
            const lf_node *from = lf_is_stream(w->g, n, k) ? producer_unit(w->g, n->in[k]) : NULL;
            if (!from)
                continue;
            int64_t a = out_lanes(w->g, from, lf_stream_source(w->g, n->in[k])), b = in_lanes(w->g, n, k);
            if (a == b)
                continue;
            lf_node *dwc = insert_before(w->g, n, k, "width_converter", "dwc");
            lf_attr_set_int(dwc, "in_lanes", a);
            lf_attr_set_int(dwc, "out_lanes", b);
        }
    }
    return settle(w->g);
}

/* -- FIFOs ----------------------------------------------------------------------------------------------------------------------- */

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

/* A FIFO of a whole frame before every unit that another unit feeds: deep enough never to slow anything down. */
static lf_status insert_fifos(wiring *w, lf_ids *fifos) {
    for (size_t i = 0; i < w->units.count; i++) {
        lf_node *n = lf_node_at(w->g, w->units.at[i]);
        for (int k = 0; k < n->in_count; k++) {
            if (!lf_is_stream(w->g, n, k) || !producer_unit(w->g, n->in[k]))
                continue;
            int64_t lanes = in_lanes(w->g, n, k);
            int64_t beats = lf_shape_count(lf_in(w->g, n, k)->shape) / lanes;
            lf_node *fifo = insert_before(w->g, n, k, "fifo", "fifo");
            lf_attr_set_int(fifo, "depth", beats > 2 ? beats : 2);
            LF_PUSH(w->arena, fifos, fifo->id);
        }
    }
    return settle(w->g);
}

/* Shrinks every FIFO to the most words it held; returns the interval reached. */
static lf_status measure_peaks(wiring *w, const lf_ids *fifos, int64_t *ii) {
    lf_arena *a = lf_arena_new();
    lf_stream_model m;
    lf_chain_result r = {0};
    lf_status status = lf_stream_model_make(w->g, a, &m);
    if (status == LF_OK)
        status = lf_chain_run(w->g->ctx, m.chain, FRAMES, 0, &r);
    for (size_t i = 0; status == LF_OK && i < fifos->count; i++) {
        int64_t peak = lf_chain_peak(m.chain, m.unit_of[fifos->at[i]]);
        lf_node *fifo = lf_node_at(w->g, fifos->at[i]);
        if (peak < lf_attr_int(fifo, "depth"))
            lf_attr_set_int(fifo, "depth", peak > 2 ? peak : 2);
    }
    *ii = r.ii_cycles;
    lf_arena_free(a);
    return status;
}

/* Takes out the FIFOs that hold next to nothing, one at a time, as long as the interval stays. */
static lf_status drop_idle_fifos(wiring *w, const lf_ids *fifos, int64_t ii) {
    for (size_t i = 0; i < fifos->count; i++) {
        lf_node *fifo = lf_node_at(w->g, fifos->at[i]);
        if (lf_attr_int(fifo, "depth") > 2)
            continue;
        lf_id before = fifo->in[0], after = fifo->out[0];
        lf_node *to = lf_only_consumer(w->g, after);
        int k = 0;
        while (to->in[k] != after)
            k++;
        to->in[k] = before;
        fifo->in[0] = 0; /* out of the circuit while it is tried without */
        fifo->place = LF_PLACE_NONE;
        lf_chain_result r;
        LF_TRY(lf_stream_model_run(w->g, FRAMES, &r));
        if (r.ii_cycles > ii) {
            to->in[k] = after;
            fifo->in[0] = before;
            fifo->place = LF_PLACE_FPGA;
        } else {
            lf_node_remove(w->g, fifo->id);
            LF_TRY(settle(w->g));
        }
    }
    return settle(w->g);
}

static lf_status buffer(wiring *w) {
    int64_t bound;
    lf_chain_result r;
    LF_TRY(slowest_unit(w->g, &bound));
    LF_TRY(lf_stream_model_run(w->g, FRAMES, &r));
    if (r.ii_cycles <= bound)
        return LF_OK;
    lf_ids fifos = {0};
    int64_t ii;
    LF_TRY(insert_fifos(w, &fifos));
    LF_TRY(measure_peaks(w, &fifos, &ii));
    return drop_idle_fifos(w, &fifos, ii);
}

/* -- readiness ----------------------------------------------------------------------------------------------------------------- */

static lf_status find_long_ready(wiring *w, lf_chain_ready *ready, lf_node **at) {
    lf_arena *a = lf_arena_new();
    lf_stream_model m;
    lf_status status = lf_stream_model_make(w->g, a, &m);
    if (status == LF_OK)
        status = lf_chain_check_ready(w->g->ctx, m.chain, MOST_READY_UNITS, ready);
    *at = NULL;
    for (size_t i = 0; status == LF_OK && i < w->g->order.count; i++)
        if (m.unit_of[w->g->order.at[i]] == ready->at && ready->at >= 0)
            *at = lf_node_at(w->g, w->g->order.at[i]);
    lf_arena_free(a);
    return status;
}

/* Walks down from the head of a long run of ready wires and cuts it before the unit that would be one too many. */
static lf_node *cut_point(const lf_graph *g, lf_node *head, int longest) {
    int steps = longest > MOST_READY_UNITS ? MOST_READY_UNITS : 0;
    lf_node *n = head;
    for (int i = 0; i < steps; i++) {
        lf_node *next = NULL;
        for (size_t k = 0; k < g->order.count && !next; k++) {
            lf_node *c = lf_node_at(g, g->order.at[k]);
            for (int j = 0; lf_is_unit(c) && j < c->in_count; j++)
                if (c->in[j] && !lf_in(g, c, j)->value && lf_stream_source(g, c->in[j]) == n->out[0])
                    next = c;
        }
        if (!next)
            break;
        n = next;
    }
    return n;
}

static lf_status cut_ready(wiring *w) {
    for (;;) {
        lf_chain_ready ready;
        lf_node *head;
        LF_TRY(find_long_ready(w, &ready, &head));
        if (!head || (ready.longest <= MOST_READY_UNITS && !ready.port_to_port))
            return LF_OK;
        lf_node *to = cut_point(w->g, head, ready.longest);
        int k = 0;
        while (!lf_is_stream(w->g, to, k))
            k++;
        insert_before(w->g, to, k, "skid", "skid");
        LF_TRY(settle(w->g));
    }
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    wiring w = {.g = g, .arena = scratch};
    for (size_t i = 0; i < g->order.count; i++)
        if (lf_is_unit(lf_node_at(g, g->order.at[i])))
            LF_PUSH(scratch, &w.units, g->order.at[i]);
    LF_TRY(convert_widths(&w));
    LF_TRY(buffer(&w));
    LF_TRY(cut_ready(&w));
    lf_graph_prune(g);
    return lf_graph_sort(g);
}

const lf_pass lf_pass_connect = {
    .name = "connect",
    .help = "insert width converters, FIFOs that keep the frame rate, and skid buffers",
    .promise = LF_SAME_BITS,
    .run = run,
};
