/* A second graph of the same network. Structure is copied, the elements of constants are shared. */
#include <string.h>

#include "ir/attr.h"
#include "ir/names.h"
#include "ir/store.h"
#include "ir/table_column.h"

static void copy_grid(lf_graph *to, lf_grid *grid) {
    grid->scale = grid->scale ? lf_copy(to->arena, grid->scale, (size_t)grid->scale_count * sizeof *grid->scale) : NULL;
}

static void copy_tensor(lf_graph *to, const lf_tensor *from) {
    lf_tensor *t = lf_tensor_new(to, from->name, from->shape, from->dtype);
    lf_id id = t->id;
    const char *name = t->name;
    *t = *from;
    t->id = id;
    t->name = name;
    copy_grid(to, &t->grid);
    if (t->channel_range)
        t->channel_range =
            lf_copy(to->arena, t->channel_range, (size_t)t->shape.dim[t->range_axis] * sizeof *t->channel_range);
    if (t->value)
        t->value = lf_copy(to->arena, t->value, sizeof *t->value);
}

static void copy_node(lf_graph *to, const lf_node *from, const lf_id *now) {
    lf_id *in = LF_NEW_ARRAY(to->arena, lf_id, from->in_count + 1),
          *out = LF_NEW_ARRAY(to->arena, lf_id, from->out_count + 1);
    for (int i = 0; i < from->in_count; i++)
        in[i] = now[from->in[i]];
    for (int i = 0; i < from->out_count; i++)
        out[i] = now[from->out[i]];
    lf_node *n = lf_node_new(to, from->op, from->name, in, from->in_count, out, from->out_count, from->attr);
    n->place = from->place;
    n->line = from->line;
}

static void copy_ports(lf_graph *to, lf_ports *ports, const lf_ports *from, const lf_id *now) {
    for (size_t i = 0; i < from->count; i++) {
        lf_port p = from->at[i];
        p.name = lf_strdup(to->arena, p.name);
        p.tensor = now[p.tensor];
        p.grid = p.grid ? lf_copy(to->arena, p.grid, sizeof *p.grid) : NULL;
        LF_PUSH(to->arena, ports, p);
    }
}

lf_graph *lf_graph_clone(const lf_graph *g) {
    lf_graph *copy = lf_graph_new(g->ctx, g->name);
    if (!copy)
        return NULL;
    lf_id *now = LF_NEW_ARRAY(copy->arena, lf_id, g->tensors.count + 1);
    copy->source = g->source ? lf_strdup(copy->arena, g->source) : NULL;
    memcpy(copy->source_sha256, g->source_sha256, sizeof copy->source_sha256);
    memcpy(copy->text_sha256, g->text_sha256, sizeof copy->text_sha256);
    for (size_t i = 0; i < g->tensors.count; i++)
        if (g->tensors.at[i]) {
            copy_tensor(copy, g->tensors.at[i]);
            now[i + 1] = (lf_id)copy->tensors.count;
        }
    for (size_t i = 0; i < copy->tensors.count; i++)
        copy->tensors.at[i]->producer = 0;
    for (size_t i = 0; i < g->order.count; i++)
        if (lf_node_at(g, g->order.at[i]))
            copy_node(copy, lf_node_at(g, g->order.at[i]), now);
    copy_ports(copy, &copy->inputs, &g->inputs, now);
    copy_ports(copy, &copy->outputs, &g->outputs, now);
    lf_graph_set_columns(copy, g->columns, g->column_count);
    lf_graph_set_classes(copy, g->class_names, g->class_count);
    lf_store_share(copy, g);
    return copy;
}
