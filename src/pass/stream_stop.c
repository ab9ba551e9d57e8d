#include "pass/stream_stop.h"

static int64_t passed_input(const lf_graph *g, const lf_stream_model *m, lf_id tensor) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        int port = 0;
        for (int k = 0; lf_is_unit(n) && k < n->in_count; k++) {
            if (!lf_is_stream(g, n, k))
                continue;
            if (lf_stream_source(g, n->in[k]) == tensor)
                return lf_chain_passed(m->chain, m->unit_of[n->id], false, port);
            port++;
        }
    }
    return -1;
}

static int64_t passed_output(const lf_graph *g, const lf_stream_model *m, lf_id tensor) {
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, tensor)->producer);
    for (int k = 0; n && lf_is_unit(n) && k < n->out_count; k++)
        if (n->out[k] == tensor)
            return lf_chain_passed(m->chain, m->unit_of[n->id], true, k);
    return -1;
}

lf_status lf_stream_model_stop(const lf_graph *g, int frames, const lf_stream_ports *inputs,
                               const lf_stream_ports *outputs, lf_arena *a, lf_stream_stop *out) {
    lf_stream_model m;
    lf_chain_end end;
    lf_chain_result r;
    int full;
    *out = (lf_stream_stop){0};
    LF_TRY(lf_stream_model_make(g, a, &m));
    LF_TRY(lf_chain_try(g->ctx, m.chain, frames, 0, &end, &r));
    out->cycles = r.cycles;
    if (end == LF_CHAIN_DONE)
        return LF_OK;
    int64_t *passed = LF_NEW_ARRAY(a, int64_t, inputs->count + outputs->count);
    for (size_t i = 0; i < inputs->count; i++)
        passed[i] = passed_input(g, &m, inputs->at[i].tensor);
    for (size_t i = 0; i < outputs->count; i++)
        passed[inputs->count + i] = passed_output(g, &m, outputs->at[i].tensor);
    out->passed = passed;
    out->who = lf_chain_blocked_text(m.chain, a, &full);
    return LF_OK;
}
