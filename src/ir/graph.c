/* Building a graph: tensors, nodes and their names. */
#include "ir/graph.h"

#include <assert.h>
#include <string.h>

#include "ir/attr.h"
#include "ir/names.h"
#include "ir/store.h"

const char *lf_graph_sha256(const lf_graph *g) {
    return *g->source_sha256 ? g->source_sha256 : g->text_sha256;
}

lf_graph *lf_graph_new(lf_ctx *ctx, const char *name) {
    lf_arena *arena = lf_arena_new();
    if (!arena) {
        lf_fail(ctx, LF_BAD_INPUT, NULL, "out of memory for a new graph");
        return NULL;
    }
    lf_graph *g = LF_NEW(arena, lf_graph);
    g->ctx = ctx;
    g->arena = arena;
    g->name = lf_strdup(arena, name ? name : "");
    g->tensor_names = LF_NEW(arena, lf_names);
    g->node_names = LF_NEW(arena, lf_names);
    g->store = LF_NEW(arena, lf_store);
    *g->store = (lf_store){.arena = arena, .users = 1};
    return g;
}

static void release(lf_store *s) {
    while (s && --s->users == 0) {
        lf_store *origin = s->origin;
        for (size_t i = 0; i < s->files.count; i++)
            lf_file_close(&s->files.at[i]);
        lf_arena_free(s->arena);
        s = origin;
    }
}

void lf_graph_free(lf_graph *g) {
    if (g)
        release(g->store);
}

void lf_graph_keep_file(lf_graph *g, lf_file file) {
    LF_PUSH(g->arena, &g->store->files, file);
}

void lf_store_share(lf_graph *g, const lf_graph *origin) {
    g->store->origin = origin->store;
    origin->store->users++;
}

/* -- names ----------------------------------------------------------------------------------------------------- */

lf_tensor *lf_find_tensor(const lf_graph *g, const char *name) {
    const lf_name *e = lf_names_find(g->tensor_names, name);
    lf_tensor *t = e ? lf_tensor_at(g, e->id) : NULL;
    return t && strcmp(t->name, name) == 0 ? t : NULL;
}

lf_node *lf_find_node(const lf_graph *g, const char *name) {
    const lf_name *e = lf_names_find(g->node_names, name);
    lf_node *n = e ? lf_node_at(g, e->id) : NULL;
    return n && strcmp(n->name, name) == 0 ? n : NULL;
}

static bool tensor_has(const lf_graph *g, const char *name) {
    return lf_find_tensor(g, name) != NULL;
}

static bool node_has(const lf_graph *g, const char *name) {
    return lf_find_node(g, name) != NULL;
}

/* `wanted` if nobody bears it, else the first free wanted_1, wanted_2, …, registered for `id`. */
static const char *claim(lf_graph *g, lf_names *names, bool (*taken)(const lf_graph *, const char *),
                         const char *wanted, lf_id id) {
    const char *name = lf_strdup(g->arena, wanted);
    while (taken(g, name)) {
        lf_name *base = lf_names_find(names, wanted);
        name = lf_format(g->arena, "%s_%u", wanted, base->next_suffix++);
    }
    lf_names_set(names, g->arena, name, id);
    return name;
}

static const char *or_else(const char *name, const char *fallback) {
    return name && *name ? name : fallback;
}

void lf_tensor_rename(lf_graph *g, lf_tensor *t, const char *name) {
    t->name = "";
    t->name = claim(g, g->tensor_names, tensor_has, or_else(name, "t"), t->id);
}

void lf_node_rename(lf_graph *g, lf_node *n, const char *name) {
    n->name = "";
    n->name = claim(g, g->node_names, node_has, or_else(name, n->op->name), n->id);
}

/* -- tensors and nodes ------------------------------------------------------------------------------------------ */

lf_tensor *lf_tensor_new(lf_graph *g, const char *name, lf_shape shape, lf_dtype dtype) {
    assert(g->tensors.count < UINT32_MAX);
    lf_tensor *t = LF_NEW(g->arena, lf_tensor);
    t->id = (lf_id)g->tensors.count + 1;
    t->shape = shape;
    t->dtype = dtype;
    LF_PUSH(g->arena, &g->tensors, t);
    t->name = claim(g, g->tensor_names, tensor_has, or_else(name, "t"), t->id);
    return t;
}

static lf_id *copy_ids(lf_graph *g, const lf_id *id, int count) {
    lf_id *copy = LF_NEW_ARRAY(g->arena, lf_id, count ? count : 1);
    for (int i = 0; i < count; i++) {
        assert(id[i] <= g->tensors.count);
        copy[i] = id[i];
    }
    return copy;
}

lf_node *lf_node_new(lf_graph *g, const lf_op *op, const char *name, const lf_id *in, int in_count, const lf_id *out,
                     int out_count, const void *attr) {
    assert(g->nodes.count < UINT32_MAX);
    lf_node *n = LF_NEW(g->arena, lf_node);
    n->id = (lf_id)g->nodes.count + 1;
    n->op = op;
    n->in = copy_ids(g, in, in_count);
    n->in_count = in_count;
    n->out = copy_ids(g, out, out_count);
    n->out_count = out_count;
    n->attr = lf_attr_copy(op, attr, g->arena);
    LF_PUSH(g->arena, &g->nodes, n);
    LF_PUSH(g->arena, &g->order, n->id);
    n->name = claim(g, g->node_names, node_has, or_else(name, op->name), n->id);
    for (int i = 0; i < out_count; i++)
        if (out[i])
            lf_out(g, n, i)->producer = n->id;
    return n;
}

lf_where lf_where_node(const lf_graph *g, const lf_node *n) {
    return (lf_where){g->source, n ? n->name : NULL, n ? n->line : 0, 0};
}
