/* A trained network of table edges as a graph: table_edges, between two of them a quant. */
#include <math.h>

#include "ir/attr_access.h"
#include "ops/ops.h"
#include "ops/table_edges.h"
#include "train/edge_net.h"

static bool is_constant(const float *table, size_t entries) {
    for (size_t c = 1; c < entries; c++)
        if (table[c] < table[0] || table[c] > table[0])
            return false;
    return true;
}

static size_t edges_of(const lf_edge_layer *l) {
    size_t count = 0;
    for (size_t e = 0; e < l->out * l->in; e++)
        count += !is_constant(l->grid + e * l->entries, l->entries);
    return count;
}

size_t lf_edge_net_edges(const lf_edge_net *n) {
    size_t count = 0;
    for (int i = 0; i < n->layers; i++)
        count += edges_of(&n->layer[i]);
    return count;
}

typedef struct freezer {
    lf_graph *graph;
    const lf_edge_net *net;
    lf_id at; /* the tensor that comes next */
} freezer;

static lf_shape row_of(size_t width) {
    return lf_shape_make(2, (const int64_t[]){1, (int64_t)width});
}

/* Constants of one layer while they are collected. */
typedef struct constants {
    LF_VEC(int64_t) edges, tables;
    int64_t *bias;
    int64_t count;
} constants;

static void add_edge(freezer *f, int i, size_t o, size_t in, constants *c) {
    const lf_edge_layer *l = &f->net->layer[i];
    const float *table = l->grid + (o * l->in + in) * l->entries;
    double unit = ldexp(1, (int)f->net->recipe->edges.fraction);
    if (is_constant(table, l->entries)) {
        c->bias[o] += (int64_t)((double)table[0] * unit);
        return;
    }
    int exponent = 1;
    if (i == 0)
        (void)frexp(f->net->in->step, &exponent); /* 2^(exponent - 1): a power of two */
    const int64_t row[LF_EDGE_COLUMNS] = {
        (int64_t)in, (int64_t)o, 1 - exponent, l->in_bits, i == 0 && f->net->in->lo < 0, 0};
    for (int k = 0; k < LF_EDGE_COLUMNS; k++)
        LF_PUSH(f->graph->arena, &c->edges, row[k]);
    for (size_t k = 0; k < l->entries; k++)
        LF_PUSH(f->graph->arena, &c->tables, (int64_t)((double)table[k] * unit));
    c->count++;
}

static void layer(freezer *f, int i) {
    const lf_edge_layer *l = &f->net->layer[i];
    lf_arena *a = f->graph->arena;
    double unit = ldexp(1, (int)f->net->recipe->edges.fraction);
    constants c = {.bias = LF_NEW_ARRAY(a, int64_t, l->out)};
    for (size_t o = 0; o < l->out; o++) {
        c.bias[o] = (int64_t)floor((double)l->bias[o] * unit + 0.5);
        for (size_t in = 0; in < l->in; in++)
            add_edge(f, i, o, in, &c);
    }
    lf_shape edges = lf_shape_make(2, (const int64_t[]){c.count, LF_EDGE_COLUMNS});
    lf_shape tables = lf_shape_make(1, (const int64_t[]){(int64_t)c.tables.count});
    lf_shape bias = lf_shape_make(1, (const int64_t[]){(int64_t)l->out});
    lf_id in[4] = {f->at, lf_const_codes(f->graph, lf_format(a, "layer%d_edges", i), edges, c.edges.at)->id,
                   lf_const_codes(f->graph, lf_format(a, "layer%d_tables", i), tables, c.tables.at)->id,
                   lf_const_codes(f->graph, lf_format(a, "layer%d_bias", i), bias, c.bias)->id};
    const char *name = lf_format(a, "layer%d", i);
    f->at = lf_tensor_new(f->graph, lf_format(a, "%s_out", name), row_of(l->out), LF_FLOAT32)->id;
    lf_node *n = lf_node_new(f->graph, lf_op_find("table_edges"), name, in, 4, &f->at, 1, NULL);
    lf_attr_set_int(n, "fraction", f->net->recipe->edges.fraction);
}

static lf_id scalar(freezer *f, const char *name, double value) {
    return lf_const_reals(f->graph, name, lf_shape_make(0, NULL), &value)->id;
}

/* Sums as codes: floor, clamped. */
static void codes(freezer *f, int i) {
    const lf_edge_layer *l = &f->net->layer[i];
    lf_arena *a = f->graph->arena;
    lf_id in[4] = {f->at, scalar(f, lf_format(a, "codes%d_scale", i), 1), scalar(f, lf_format(a, "codes%d_zero", i), 0),
                   scalar(f, lf_format(a, "codes%d_bits", i), l->bits)};
    const char *name = lf_format(a, "codes%d", i);
    f->at = lf_tensor_new(f->graph, lf_format(a, "%s_out", name), row_of(l->out), LF_FLOAT32)->id;
    lf_node *n = lf_node_new(f->graph, lf_op_find("quant"), name, in, 4, &f->at, 1, NULL);
    lf_attr_set_bool(n, "signed", false);
    lf_attr_set_enum(n, "rounding_mode", "FLOOR");
}

static lf_status check_edges(lf_ctx *ctx, const lf_edge_net *n) {
    for (int i = 0; i < n->layers; i++) {
        if (edges_of(&n->layer[i]))
            continue;
        lf_status status = lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: no edge of layer %d is left", n->recipe->name, i + 1);
        lf_hint(ctx, "take a lower 'cost' in edges: {...}");
        return status;
    }
    return LF_OK;
}

lf_graph *lf_edge_net_freeze(lf_ctx *ctx, lf_edge_net *n) {
    if (check_edges(ctx, n) != LF_OK)
        return NULL;
    lf_graph *g = lf_graph_new(ctx, n->recipe->name);
    freezer f = {.graph = g, .net = n, .at = lf_code_input_freeze(g, n->in)};
    for (int i = 0; i < n->layers; i++) {
        layer(&f, i);
        if (i < n->layers - 1)
            codes(&f, i);
    }
    LF_PUSH(g->arena, &g->outputs, (lf_port){"scores", f.at, NULL});
    if (lf_infer(g) == LF_OK && lf_verify_graph(g) == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}
