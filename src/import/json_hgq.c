/* HGQ-LUT networks as integer tables in JSON:
 *   layers[l]: inputs, outputs, fraction_bits F, bias [outputs], edges
 *   edge: i, o, f, bits, signed, shift, table [2^bits]; index = (floor(v * 2^f + 1/2) - lo) mod 2^bits; adds table[index] * 2^shift to output o
 * The value of a sum is sum * 2^-F. Source: calad0i/HGQ-LUT-AE. */
#include "import/json_nets.h"
#include "ops/table_edges.h"

enum { ENTRY_MAX = 1 << 30, EDGES_MAX = 1 << 20, FRACTION_MAX = 64 };

static lf_status read_edge(lf_graph *g, const lf_json_at *at, int64_t inputs, lf_json_edges *e) {
    int64_t edge[LF_EDGE_COLUMNS];
    LF_TRY(lf_json_get_int(at, "i", 0, inputs - 1, &edge[LF_EDGE_IN]));
    LF_TRY(lf_json_get_int(at, "o", 0, e->outputs - 1, &edge[LF_EDGE_OUT]));
    LF_TRY(lf_json_get_int(at, "f", -FRACTION_MAX, FRACTION_MAX, &edge[LF_EDGE_FRACTION]));
    LF_TRY(lf_json_get_int(at, "bits", 1, LF_EDGE_BITS_MAX, &edge[LF_EDGE_BITS]));
    LF_TRY(lf_json_get_int(at, "signed", 0, 1, &edge[LF_EDGE_SIGNED]));
    LF_TRY(lf_json_get_int(at, "shift", 0, LF_EDGE_SHIFT_MAX, &edge[LF_EDGE_SHIFT]));
    lf_json_at table;
    size_t entries = (size_t)1 << edge[LF_EDGE_BITS], length;
    LF_TRY(lf_json_get(at, "table", &table));
    LF_TRY(lf_json_length(&table, entries, entries, &length));
    for (size_t i = 0; i < entries; i++) {
        int64_t v;
        lf_json_at item = lf_json_item(&table, i);
        LF_TRY(lf_json_int(&item, -ENTRY_MAX, ENTRY_MAX, &v));
        LF_PUSH(g->arena, &e->tables, v);
    }
    for (int k = 0; k < LF_EDGE_COLUMNS; k++)
        LF_PUSH(g->arena, &e->edges, edge[k]);
    return LF_OK;
}

static lf_status read_edges(lf_graph *g, const lf_json_at *layer, int64_t inputs, lf_json_edges *e) {
    lf_json_at edges;
    size_t count;
    LF_TRY(lf_json_get(layer, "edges", &edges));
    LF_TRY(lf_json_length(&edges, 0, EDGES_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        lf_json_at edge = lf_json_item(&edges, i);
        LF_TRY(read_edge(g, &edge, inputs, e));
    }
    return LF_OK;
}

/* *width: elements of x, 0 before the first layer, which makes the input. */
static lf_status read_layer(lf_graph *g, const lf_json_at *layer, size_t index, lf_id *x, int64_t *width) {
    lf_json_edges e = {0};
    int64_t inputs;
    LF_TRY(lf_json_get_int(layer, "inputs", *width ? *width : 1, *width ? *width : LF_JSON_WIDTH_MAX, &inputs));
    LF_TRY(lf_json_get_int(layer, "outputs", 1, LF_JSON_WIDTH_MAX, &e.outputs));
    LF_TRY(lf_json_get_int(layer, "fraction_bits", -FRACTION_MAX, FRACTION_MAX, &e.fraction));
    e.bias = LF_NEW_ARRAY(g->arena, int64_t, e.outputs);
    LF_TRY(lf_json_get_ints(layer, "bias", (size_t)e.outputs, -((int64_t)1 << 60), (int64_t)1 << 60, e.bias));
    LF_TRY(read_edges(g, layer, inputs, &e));
    if (!*width)
        *x = lf_json_input(g, (size_t)inputs);
    *width = e.outputs;
    return lf_json_edges_node(g, lf_format(g->arena, "layer%zu", index), &e, *x, x);
}

lf_status lf_json_read_hgq(lf_graph *g, const lf_json_at *root) {
    lf_json_at layers;
    size_t count;
    lf_id x = 0;
    int64_t width = 0;
    LF_TRY(lf_json_get(root, "layers", &layers));
    LF_TRY(lf_json_length(&layers, 1, LF_JSON_LAYERS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        lf_json_at layer = lf_json_item(&layers, i);
        LF_TRY(read_layer(g, &layer, i, &x, &width));
    }
    lf_json_output(g, x);
    return LF_OK;
}
