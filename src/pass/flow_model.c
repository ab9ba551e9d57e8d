#include "pass/flow_model.h"

#include "ops/circuit_node.h"
#include "ops/ops.h"
#include "pass/stream_model.h"

static bool is_circuit(const lf_node *n) {
    return n->op == &lf_op_circuit;
}

bool lf_speaks_flow(const lf_graph *g) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (is_circuit(n) && ((const lf_circuit_attr *)n->attr)->interface == LF_CIRCUIT_FLOW)
            return true;
    }
    return false;
}

static bool is_folded(const lf_node *n, const bool *logic) {
    return n->place == LF_PLACE_FPGA && !n->op->positions && !is_circuit(n) && !(logic && logic[n->id]);
}

/* One refusal for all: the first by name, the others counted. */
static lf_status refuse_folded(const lf_graph *g, const lf_node *first, const bool *logic) {
    lf_where where = lf_where_node(g, first);
    lf_arena *a = lf_arena_new();
    size_t others = 0;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        others += n != first && is_folded(n, logic);
    }
    const char *more = others ? lf_format(a, ", as do %zu more nodes", others) : "";
    if (others == 1)
        more = ", as does another node";
    lf_status status =
        lf_fail(g->ctx, LF_BAD_INPUT, &where,
                "it becomes a folded unit (%s)%s, whose timing is not static: --interface flow is for circuits",
                first->op->name, more);
    lf_arena_free(a);
    lf_hint(g->ctx, "build with --interface stream, or make circuits of matrix products with --style spatial");
    return status;
}

lf_status lf_flow_check_units(const lf_graph *g, const bool *logic) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (is_folded(n, logic))
            return refuse_folded(g, n, logic);
    }
    return LF_OK;
}

lf_status lf_flow_check(const lf_graph *g) {
    const lf_node *circuit = NULL;
    lf_status worst = lf_flow_check_units(g, NULL);
    for (size_t i = 0; i < g->order.count && worst == LF_OK; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->place != LF_PLACE_FPGA || n->op->positions)
            continue;
        if (circuit)
            worst = lf_fail(g->ctx, LF_BAD_INPUT, &(lf_where){.node = n->name},
                            "a second circuit beside %s: with --interface flow all must be one", circuit->name);
        else
            circuit = n;
    }
    return worst;
}

lf_status lf_flow_timing(const lf_graph *g, lf_chain_result *out) {
    *out = (lf_chain_result){.ii_cycles = 1, .steady = true};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_circuit *c;
        if (!is_circuit(n))
            continue;
        LF_TRY(lf_circuit_load(g, n, &c));
        out->latency_cycles = c->latency;
        lf_circuit_free(c);
    }
    return LF_OK;
}
