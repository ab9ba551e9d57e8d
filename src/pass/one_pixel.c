#include "pass/one_pixel.h"

#include "ops/elementwise.h"
#include "pass/composed.h"

static lf_shape pixel_shape(lf_shape s) {
    for (int i = 0; i + 1 < s.rank; i++)
        s.dim[i] = 1;
    return s;
}

/* Values along the last axis only. */
static bool is_per_channel(const lf_tensor *t) {
    return lf_shape_count(t->shape) == (t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1);
}

static bool is_same_everywhere(const lf_graph *g, const lf_ids *nodes, lf_shape picture) {
    for (size_t i = 0; i < nodes->count; i++) {
        const lf_node *n = lf_node_at(g, nodes->at[i]);
        if (!n->op->monotone || !lf_shape_equal(lf_out(g, n, 0)->shape, picture))
            return false;
        for (int k = 0; k < n->in_count; k++)
            if (lf_in(g, n, k) && lf_in(g, n, k)->value && !n->op->relayout && !is_per_channel(lf_in(g, n, k)))
                return false;
    }
    return true;
}

static lf_tensor *copy_tensor(lf_graph *to, const lf_tensor *from, lf_shape shape) {
    lf_tensor *t = lf_tensor_new(to, from->name, shape, from->dtype);
    lf_id id = t->id;
    const char *name = t->name;
    *t = *from;
    t->id = id;
    t->name = name;
    t->shape = shape;
    t->producer = 0;
    if (t->range_axis != shape.rank - 1)
        t->channel_range = NULL;
    return t;
}

/* False when the node's channels do not stand last. */
static bool copy_node(const lf_graph *g, lf_graph *to, const lf_node *n, lf_id data, lf_id *out) {
    lf_id in[LF_COMPOSED_OPERANDS] = {0};
    int variable = lf_data_operand(g, n);
    for (int k = 0; k < n->in_count; k++)
        if (n->in[k])
            in[k] = k == variable ? data : copy_tensor(to, lf_in(g, n, k), lf_in(g, n, k)->shape)->id;
    lf_tensor *y = lf_tensor_new(to, lf_out(g, n, 0)->name, (lf_shape){0}, lf_out(g, n, 0)->dtype);
    lf_node *made = lf_node_new(to, n->op, n->name, in, n->in_count, &y->id, 1, n->attr);
    made->line = n->line;
    *out = y->id;
    return !n->op->relayout || !n->op->relayout(to, made);
}

bool lf_one_pixel_make(const lf_graph *g, lf_arena *a, const lf_tensor *base, const lf_tensor *codes,
                       const lf_ids *nodes, lf_one_pixel *out) {
    lf_shape picture = codes->shape, pixel = pixel_shape(picture);
    bool scaled = base->grid.scale_count > 1 && base->grid.axis != picture.rank - 1;
    if (picture.rank < 3 || lf_shape_equal(picture, pixel) || !lf_shape_equal(base->shape, picture) || scaled ||
        !is_same_everywhere(g, nodes, picture))
        return false;
    *out = (lf_one_pixel){.graph = lf_graph_new(g->ctx, g->name)};
    if (!out->graph)
        return false;
    out->graph->source = g->source;
    out->base = copy_tensor(out->graph, base, pixel);
    out->codes = copy_tensor(out->graph, codes, pixel);
    lf_id at = out->base->id;
    bool fine = true;
    for (size_t i = 0; fine && i < nodes->count; i++) {
        fine = copy_node(g, out->graph, lf_node_at(g, nodes->at[i]), at, &at);
        lf_node *made = lf_node_at(out->graph, out->graph->order.at[i]);
        fine = fine && lf_infer_node(out->graph, made) == LF_OK;
        LF_PUSH(a, &out->nodes, made->id);
    }
    if (!fine)
        lf_graph_free(out->graph);
    return fine;
}
