#include "target/driver_path.h"

#include "ops/elementwise.h"

static const lf_port *port_of(const lf_ports *ports, lf_id tensor) {
    for (size_t i = 0; i < ports->count; i++)
        if (ports->at[i].tensor == tensor)
            return &ports->at[i];
    return NULL;
}

static lf_ids reversed(lf_arena *a, const lf_ids *from) {
    lf_ids to = {0};
    for (size_t i = from->count; i-- > 0;)
        LF_PUSH(a, &to, from->at[i]);
    return to;
}

/* Upward from a tensor while one operand is data; *at becomes the first tensor that nothing on the host makes. */
static lf_ids walk_up(const lf_graph *g, lf_arena *a, lf_id *at, const lf_stream_ports *stop, bool *single) {
    lf_ids back = {0};
    *single = true;
    for (const lf_node *n; (n = lf_node_at(g, lf_tensor_at(g, *at)->producer));) {
        for (size_t i = 0; stop && i < stop->count; i++)
            if (stop->at[i].tensor == *at)
                return reversed(a, &back);
        int data = lf_data_operand(g, n);
        LF_PUSH(a, &back, n->id);
        *single = data >= 0;
        if (data < 0)
            break;
        *at = n->in[data];
    }
    return reversed(a, &back);
}

lf_driver_path lf_driver_path_in(const lf_graph *g, lf_arena *a, const lf_stream_port *port) {
    lf_driver_path p = {.port = port};
    lf_id at = port->tensor;
    bool single;
    p.nodes = walk_up(g, a, &at, NULL, &single);
    p.model = single ? port_of(&g->inputs, at) : NULL;
    return p;
}

lf_driver_path lf_driver_path_out(const lf_graph *g, lf_arena *a, const lf_stream_ports *ports, const lf_port *model) {
    lf_driver_path p = {.model = model};
    lf_id at = model->tensor;
    bool single;
    p.nodes = walk_up(g, a, &at, ports, &single);
    for (size_t i = 0; single && i < ports->count; i++)
        if (ports->at[i].tensor == at)
            p.port = &ports->at[i];
    return p;
}

bool lf_driver_path_elements(const lf_graph *g, lf_arena *a, const lf_ids *nodes, size_t used, size_t count,
                             const int64_t ***element) {
    int64_t *own = LF_NEW_ARRAY(a, int64_t, count), *source = LF_NEW_ARRAY(a, int64_t, count);
    const int64_t **all = LF_NEW_ARRAY(a, const int64_t *, used + 1);
    for (size_t e = 0; e < count; e++)
        own[e] = (int64_t)e;
    all[used] = own;
    for (size_t k = used; k-- > 0;) {
        const lf_node *n = lf_node_at(g, nodes->at[k]);
        all[k] = all[k + 1];
        if ((size_t)lf_shape_count(lf_out(g, n, 0)->shape) != count)
            return false;
        if (!n->op->positions)
            continue;
        int64_t *moved = LF_NEW_ARRAY(a, int64_t, count);
        n->op->positions(g, n, source);
        for (size_t e = 0; e < count; e++)
            moved[e] = source[all[k + 1][e]];
        all[k] = moved;
    }
    *element = all;
    return true;
}
