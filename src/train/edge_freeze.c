/* A trained network of table edges as a graph: table_edges, between two of them a quant. */
#include <math.h>

#include "ir/attr_access.h"
#include "ops/ops.h"
#include "ops/table_edges.h"
#include "train/edge_net.h"
#include "train/net_graph.h"

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
    lf_net_graph chain;
    const lf_edge_net *net;
} freezer;

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
        LF_PUSH(f->chain.graph->arena, &c->edges, row[k]);
    for (size_t k = 0; k < l->entries; k++)
        LF_PUSH(f->chain.graph->arena, &c->tables, (int64_t)((double)table[k] * unit));
    c->count++;
}

static void layer(freezer *f, int i) {
    const lf_edge_layer *l = &f->net->layer[i];
    lf_arena *a = f->chain.graph->arena;
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
    lf_id in[3] = {lf_const_codes(f->chain.graph, lf_format(a, "layer%d_edges", i), edges, c.edges.at)->id,
                   lf_const_codes(f->chain.graph, lf_format(a, "layer%d_tables", i), tables, c.tables.at)->id,
                   lf_const_codes(f->chain.graph, lf_format(a, "layer%d_bias", i), bias, c.bias)->id};
    lf_node *n =
        lf_net_graph_add(&f->chain, "table_edges", lf_format(a, "layer%d", i), lf_matrix_shape(1, l->out), in, 3);
    lf_attr_set_int(n, "fraction", f->net->recipe->edges.fraction);
}

/* Sums as codes: floor, clamped. */
static void codes(freezer *f, int i) {
    const lf_edge_layer *l = &f->net->layer[i];
    lf_arena *a = f->chain.graph->arena;
    lf_id in[3] = {lf_net_graph_scalar(&f->chain, lf_format(a, "codes%d_scale", i), 1),
                   lf_net_graph_scalar(&f->chain, lf_format(a, "codes%d_zero", i), 0),
                   lf_net_graph_scalar(&f->chain, lf_format(a, "codes%d_bits", i), l->bits)};
    lf_node *n = lf_net_graph_add(&f->chain, "quant", lf_format(a, "codes%d", i), lf_matrix_shape(1, l->out), in, 3);
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
    freezer f = {.chain = {.graph = g}, .net = n};
    lf_code_input_freeze(&f.chain, n->in);
    for (int i = 0; i < n->layers; i++) {
        layer(&f, i);
        if (i < n->layers - 1)
            codes(&f, i);
    }
    return lf_net_graph_done(&f.chain, "scores");
}
