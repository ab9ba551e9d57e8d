#include "pass/stream_model.h"

#include <string.h>

#include "ops/stream.h"

bool lf_is_unit(const lf_node *n) {
    return n->place == LF_PLACE_FPGA && n->op->unit;
}

bool lf_is_stream(const lf_graph *g, const lf_node *n, int operand) {
    const lf_tensor *t = lf_in(g, n, operand);
    return t && !t->value;
}

lf_id lf_stream_source(const lf_graph *g, lf_id tensor) {
    for (;;) {
        const lf_node *n = lf_node_at(g, lf_tensor_at(g, tensor)->producer);
        if (!n || n->place != LF_PLACE_FPGA || n->op->unit)
            return tensor;
        tensor = n->in[0];
    }
}

bool lf_enters_circuit(const lf_graph *g, lf_id tensor) {
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, lf_stream_source(g, tensor))->producer);
    return !n || !lf_is_unit(n);
}

/* From the outputs up, so that readers come before what they read. */
const bool *lf_read_by_host(const lf_graph *g, lf_arena *a) {
    bool *read = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    for (size_t i = 0; i < g->outputs.count; i++)
        read[g->outputs.at[i].tensor] = true;
    for (size_t i = g->order.count; i-- > 0;) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool host = n->place != LF_PLACE_FPGA || (!n->op->unit && read[n->out[0]]);
        for (int k = 0; host && k < n->in_count; k++)
            read[n->in[k]] = true;
    }
    read[0] = false; /* absent operands */
    return read;
}

static int stream_port(const lf_graph *g, const lf_node *n, int operand) {
    int port = 0;
    for (int i = 0; i < operand; i++)
        port += lf_is_stream(g, n, i);
    return port;
}

static int output_port(const lf_node *n, lf_id tensor) {
    for (int i = 0; i < n->out_count; i++)
        if (n->out[i] == tensor)
            return i;
    return 0;
}

/* Behind the operands. */
static void join_const_stream(const lf_graph *g, lf_arena *a, lf_stream_model *m, const lf_node *n) {
    lf_const_stream c;
    if (!lf_has_const_stream(g, n, &c))
        return;
    lf_unit source = lf_twin_const_stream(a, lf_const_stream_name(a, n), c.image / c.lanes * c.repeats);
    lf_chain_join(m->chain, lf_chain_add(m->chain, &source), 0, m->unit_of[n->id], stream_port(g, n, n->in_count));
}

static lf_status add_units(const lf_graph *g, lf_arena *a, lf_stream_model *m) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_unit(n))
            continue;
        lf_unit u = {.name = n->name};
        LF_TRY(n->op->unit(g, n, a, &u));
        m->unit_of[n->id] = lf_chain_add(m->chain, &u);
        join_const_stream(g, a, m, n);
    }
    return LF_OK;
}

static void join_operand(const lf_graph *g, lf_stream_model *m, const lf_node *n, int operand) {
    lf_id source = lf_stream_source(g, n->in[operand]);
    const lf_node *from = lf_node_at(g, lf_tensor_at(g, source)->producer);
    int to = m->unit_of[n->id], port = stream_port(g, n, operand);
    if (from && lf_is_unit(from))
        lf_chain_join(m->chain, m->unit_of[from->id], output_port(from, source), to, port);
    else
        lf_chain_source(m->chain, to, port);
}

lf_status lf_stream_model_make(const lf_graph *g, lf_arena *a, lf_stream_model *m) {
    m->chain = lf_chain_new(a);
    m->unit_of = LF_NEW_ARRAY(a, int, g->nodes.count + 1);
    memset(m->unit_of, 0xff, (g->nodes.count + 1) * sizeof *m->unit_of);
    LF_TRY(add_units(g, a, m));
    const bool *leaves = lf_read_by_host(g, a);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_unit(n))
            continue;
        for (int k = 0; k < n->in_count; k++)
            if (lf_is_stream(g, n, k))
                join_operand(g, m, n, k);
        for (int k = 0; k < n->out_count; k++)
            if (leaves[n->out[k]])
                lf_chain_sink(m->chain, m->unit_of[n->id], k);
    }
    return LF_OK;
}

lf_status lf_stream_model_run(const lf_graph *g, int frames, lf_chain_result *out) {
    lf_arena *a = lf_arena_new();
    lf_stream_model m;
    lf_status status = lf_stream_model_make(g, a, &m);
    if (status == LF_OK)
        status = lf_chain_run(g->ctx, m.chain, frames, 0, out);
    lf_arena_free(a);
    return status;
}

lf_status lf_stream_model_measure(const lf_graph *g, int frames, lf_arena *a, lf_stream_facts *out) {
    lf_stream_model m;
    lf_chain_end end;
    int full;
    lf_chain_waits *waits = LF_NEW_ARRAY(a, lf_chain_waits, g->nodes.count + 1);
    int64_t *peak = LF_NEW_ARRAY(a, int64_t, g->nodes.count + 1);
    *out = (lf_stream_facts){.frames = frames, .waits = waits, .peak = peak};
    LF_TRY(lf_stream_model_make(g, a, &m));
    LF_TRY(lf_chain_try(g->ctx, m.chain, frames, 0, &end, &out->timing));
    if (end != LF_CHAIN_DONE)
        out->stops = lf_chain_blocked_text(m.chain, a, &full);
    for (size_t id = 1; id <= g->nodes.count; id++)
        if (m.unit_of[id] >= 0) {
            waits[id] = lf_chain_waits_of(m.chain, m.unit_of[id]);
            peak[id] = lf_chain_peak(m.chain, m.unit_of[id]);
        }
    return LF_OK;
}
