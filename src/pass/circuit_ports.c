#include <string.h>

#include "ops/stream.h"
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

/* The model's output that a tensor becomes, by walking down on the host. */
static const lf_port *model_output(const lf_graph *g, lf_id tensor) {
    for (;;) {
        for (size_t i = 0; i < g->outputs.count; i++)
            if (g->outputs.at[i].tensor == tensor)
                return &g->outputs.at[i];
        const lf_node *n = NULL;
        for (size_t i = 0; i < g->order.count && !n; i++) {
            const lf_node *c = lf_node_at(g, g->order.at[i]);
            for (int k = 0; !lf_is_unit(c) && k < c->in_count; k++)
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

static void add_port(const lf_graph *g, lf_arena *a, lf_stream_ports *ports, lf_id tensor, int64_t lanes,
                     const lf_port *model) {
    const lf_tensor *t = lf_tensor_at(g, tensor);
    lf_stream_port p = {.name = model ? model->name : t->name,
                        .suffix = "",
                        .tensor = tensor,
                        .type = t->dtype,
                        .elements = lf_shape_count(t->shape),
                        .lanes = lanes};
    LF_PUSH(a, ports, p);
}

static bool suffix_taken(const lf_stream_ports *ports, size_t count, const char *suffix) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(ports->at[i].suffix, suffix))
            return true;
    return false;
}

/* Names that are one in Verilog ("a.b" and "a_b"), or several tensors of one input or output of the model, get a number. */
static void name_ports(lf_arena *a, lf_stream_ports *ports) {
    for (size_t i = 0; ports->count > 1 && i < ports->count; i++) {
        const char *name = lf_vlog_name(a, ports->at[i].name), *suffix = lf_format(a, "%s_", name);
        for (int k = 2; suffix_taken(ports, i, suffix); k++)
            suffix = lf_format(a, "%s_%d_", name, k);
        ports->at[i].suffix = suffix;
    }
}

/* Weights that come from outside, behind the model's inputs, whose names they leave alone. */
static void add_weights(const lf_graph *g, lf_arena *a, lf_stream_ports *inputs) {
    enum { LONGEST = 120 }; /* files are named after them */
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_const_stream c;
        if (!lf_is_unit(n) || !lf_has_const_stream(g, n, &c))
            continue;
        const char *name = lf_vlog_name(a, lf_strndup(a, n->name, strnlen(n->name, LONGEST))),
                   *suffix = lf_format(a, "%s_weights_", name);
        for (int k = 2; suffix_taken(inputs, inputs->count, suffix); k++)
            suffix = lf_format(a, "%s_%d_weights_", name, k);
        lf_stream_port p = {.name = n->name,
                            .suffix = suffix,
                            .type = c.type,
                            .elements = c.image * c.repeats,
                            .lanes = c.lanes,
                            .node = n->id,
                            .image = c.image};
        LF_PUSH(a, inputs, p);
    }
}

size_t lf_data_port_count(const lf_stream_ports *inputs) {
    size_t count = 0;
    while (count < inputs->count && !inputs->at[count].image)
        count++;
    return count;
}

const char *lf_weights_file(lf_arena *a, const lf_stream_port *p) {
    return lf_format(a, "weights/%.*s.bin", (int)(strlen(p->suffix) - strlen("_weights_")), p->suffix);
}

static size_t place_of(const lf_ports *model, const char *name) {
    size_t i = 0;
    while (i < model->count && strcmp(model->at[i].name, name) != 0)
        i++;
    return i;
}

/* In the order of the model's ports; those of one stay as they are. */
static void sort_ports(const lf_ports *model, lf_stream_ports *ports) {
    for (size_t i = 1; i < ports->count; i++) {
        lf_stream_port p = ports->at[i];
        size_t k = i;
        for (; k > 0 && place_of(model, ports->at[k - 1].name) > place_of(model, p.name); k--)
            ports->at[k] = ports->at[k - 1];
        ports->at[k] = p;
    }
}

lf_status lf_circuit_ports(const lf_graph *g, lf_arena *a, lf_stream_ports *inputs, lf_stream_ports *outputs) {
    int64_t in[LF_UNIT_PORTS], out[LF_UNIT_PORTS];
    const bool *leaves = lf_read_by_host(g, a);
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
            if (leaves[n->out[k]])
                add_port(g, a, outputs, n->out[k], out[k], model_output(g, n->out[k]));
    }
    sort_ports(&g->inputs, inputs);
    sort_ports(&g->outputs, outputs);
    name_ports(a, inputs);
    name_ports(a, outputs);
    add_weights(g, a, inputs);
    return LF_OK;
}
