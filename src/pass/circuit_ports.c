#include <string.h>

#include "pass/stream_model.h"
#include "vlog/vlog.h"

/* The model's input that tensor comes from, by walking up; NULL when it depends on none. */
static const lf_port *model_input(const lf_graph *g, lf_id tensor) {
    for (;;) {
        for (size_t i = 0; i < g->inputs.count; i++)
            if (g->inputs.at[i].tensor == tensor)
                return &g->inputs.at[i];
        const lf_node *n = lf_node_at(g, lf_tensor_at(g, tensor)->producer);
        lf_id up = 0;
        for (int k = 0; n && k < n->in_count && !up; k++)
            if (n->in[k] && !lf_in(g, n, k)->value)
                up = n->in[k];
        if (!up)
            return NULL;
        tensor = up;
    }
}

/* The model's output that a tensor becomes, by walking down. */
static const lf_port *model_output(const lf_graph *g, lf_id tensor) {
    for (;;) {
        for (size_t i = 0; i < g->outputs.count; i++)
            if (g->outputs.at[i].tensor == tensor)
                return &g->outputs.at[i];
        const lf_node *n = NULL;
        for (size_t i = 0; i < g->order.count && !n; i++) {
            const lf_node *c = lf_node_at(g, g->order.at[i]);
            for (int k = 0; k < c->in_count; k++)
                if (c->in[k] == tensor && c->out_count > 0)
                    n = c;
        }
        if (!n)
            return NULL;
        tensor = n->out[0];
    }
}

static bool listed(const lf_stream_ports *ports, lf_id tensor) {
    for (size_t i = 0; i < ports->count; i++)
        if (ports->at[i].tensor == tensor)
            return true;
    return false;
}

static void add_port(const lf_graph *g, lf_arena *a, lf_stream_ports *ports, lf_id tensor, int64_t lanes, const lf_port *model) {
    const lf_tensor *t = lf_tensor_at(g, tensor);
    lf_stream_port p = {.name = model ? model->name : t->name, .suffix = "", .tensor = tensor, .type = t->dtype, .elements = lf_shape_count(t->shape), .lanes = lanes};
    LF_PUSH(a, ports, p);
}

static void name_ports(lf_arena *a, lf_stream_ports *ports) {
    for (size_t i = 0; ports->count > 1 && i < ports->count; i++)
        ports->at[i].suffix = lf_format(a, "%s_", lf_vlog_name(a, ports->at[i].name));
}

lf_status lf_circuit_ports(const lf_graph *g, lf_arena *a, lf_stream_ports *inputs, lf_stream_ports *outputs) {
    int64_t in[LF_MAX_RANK], out[LF_MAX_RANK];
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_unit(n))
            continue;
        n->op->lanes(g, n, in, out);
        for (int k = 0; k < n->in_count; k++) {
            if (!lf_is_stream(g, n, k) || !lf_enters_circuit(g, n->in[k]))
                continue;
            lf_id source = lf_stream_source(g, n->in[k]);
            if (!listed(inputs, source))
                add_port(g, a, inputs, source, in[k], model_input(g, source));
        }
        for (int k = 0; k < n->out_count; k++)
            if (lf_leaves_circuit(g, n->out[k]))
                add_port(g, a, outputs, n->out[k], out[k], model_output(g, n->out[k]));
    }
    name_ports(a, inputs);
    name_ports(a, outputs);
    return LF_OK;
}
