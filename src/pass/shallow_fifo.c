#include "pass/shallow_fifo.h"

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/stream.h"
#include "pass/buffers_sizing.h"

/* What the tries may cost, in clock edges of units: a second or two. */
static const int64_t budget_edges = 60000000;

/* A memory's output register makes a word of its depth hard to fill. */
static bool was_full(const lf_stream_model *m, const lf_node *n) {
    return lf_is_op(n, "fifo") && m->unit_of[n->id] >= 0 &&
           lf_chain_peak(m->chain, m->unit_of[n->id]) >= lf_attr_int(n, "depth") - 1;
}

/* One run with FIFO n without end; *ii_cycles stays what it is when that run does not end. */
static lf_status try_endless(const lf_graph *g, lf_stream_model *m, const lf_node *n, int frames, lf_arena *a,
                             int64_t *ii_cycles) {
    lf_unit own, endless = lf_twin_queue(a, n->name, lf_stream_beats(g, n->in[0]), INT64_MAX / 2,
                                         lf_attr_int(n, "depth") > LF_REGISTER_DEPTH);
    lf_chain_end end;
    lf_chain_result r;
    lf_chain_replace(m->chain, m->unit_of[n->id], &endless);
    LF_TRY(lf_chain_try(g->ctx, m->chain, frames, 0, &end, &r));
    *ii_cycles = end == LF_CHAIN_DONE ? r.ii_cycles : *ii_cycles;
    LF_TRY(n->op->unit(g, n, a, &own));
    lf_chain_replace(m->chain, m->unit_of[n->id], &own);
    return LF_OK;
}

lf_status lf_shallow_fifo(const lf_graph *g, lf_stream_model *m, int frames, int64_t ii_cycles, lf_arena *a,
                          const lf_node **fifo, int64_t *better) {
    LF_VEC(const lf_node *) full = {0};
    *fifo = NULL;
    *better = ii_cycles;
    for (size_t i = 0; i < g->order.count; i++)
        if (was_full(m, lf_node_at(g, g->order.at[i])))
            LF_PUSH(a, &full, lf_node_at(g, g->order.at[i]));
    if (lf_chain_edges(m->chain) > budget_edges / ((int64_t)full.count + 1))
        return LF_OK;
    for (size_t i = 0; i < full.count; i++) {
        int64_t ii = ii_cycles;
        LF_TRY(try_endless(g, m, full.at[i], frames, a, &ii));
        if (ii < *better) {
            *better = ii;
            *fifo = full.at[i];
        }
    }
    return LF_OK;
}
