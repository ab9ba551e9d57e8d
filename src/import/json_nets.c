/* JSON files: which network format one holds, told by its keys. */
#include "import/json_nets.h"

#include <string.h>

#include "import/import.h"
#include "import/source.h"
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "ops/table_edges.h"

/* -- making graphs ----------------------------------------------------------------------------------------------------- */

lf_id lf_json_input(lf_graph *g, size_t features) {
    int64_t dim[2] = {1, (int64_t)features};
    lf_tensor *x = lf_tensor_new(g, "x", lf_shape_make(2, dim), LF_FLOAT32);
    LF_PUSH(g->arena, &g->inputs, (lf_port){.name = "x", .tensor = x->id});
    return x->id;
}

void lf_json_output(lf_graph *g, lf_id tensor) {
    lf_tensor_rename(g, lf_tensor_at(g, tensor), "y");
    LF_PUSH(g->arena, &g->outputs, (lf_port){.name = "y", .tensor = tensor});
}

lf_status lf_json_node(lf_graph *g, const char *op, const char *name, const lf_id *in, int in_count, lf_node **made) {
    lf_tensor *y = lf_tensor_new(g, name, (lf_shape){0}, LF_FLOAT32);
    *made = lf_node_new(g, lf_op_find(op), name, in, in_count, &y->id, 1, NULL);
    return LF_OK;
}

/* Constants are never empty: a layer without edges gets one that adds nothing. */
static void need_an_edge(lf_graph *g, lf_json_edges *e) {
    static const int64_t edge[LF_EDGE_COLUMNS] = {[LF_EDGE_BITS] = 1};
    for (int k = 0; !e->tables.count && k < LF_EDGE_COLUMNS; k++)
        LF_PUSH(g->arena, &e->edges, edge[k]);
    while (e->tables.count < 2)
        LF_PUSH(g->arena, &e->tables, 0);
}

lf_status lf_json_edges_node(lf_graph *g, const char *name, lf_json_edges *e, lf_id x, lf_id *y) {
    need_an_edge(g, e);
    int64_t edges[2] = {(int64_t)(e->edges.count / LF_EDGE_COLUMNS), LF_EDGE_COLUMNS},
            entries = (int64_t)e->tables.count;
    lf_id in[4] = {
        x, lf_const_codes(g, lf_format(g->arena, "%s_edges", name), lf_shape_make(2, edges), e->edges.at)->id,
        lf_const_codes(g, lf_format(g->arena, "%s_tables", name), lf_shape_make(1, &entries), e->tables.at)->id,
        lf_const_codes(g, lf_format(g->arena, "%s_bias", name), lf_shape_make(1, &e->outputs), e->bias)->id};
    lf_node *made;
    LF_TRY(lf_json_node(g, "table_edges", name, in, 4, &made));
    lf_attr_set_int(made, "fraction", e->fraction);
    *y = made->out[0];
    return lf_infer_node(g, made);
}

/* -- formats ----------------------------------------------------------------------------------------------------------- */

typedef struct json_format {
    const char *name;
    const char *keys[3];                                    /* all of them at the top */
    lf_status (*read)(lf_graph *g, const lf_json_at *root); /* NULL: known, but not in this version */
} json_format;

static const json_format formats[] = {
    {"lutfisk tables", {"format", "layers"}, lf_json_read_tables},
    {"DWN", {"thresholds", "layers", "n_lut_inputs"}, lf_json_read_dwn},
    {"KANELE", {"truth_tables", "config"}, lf_json_read_kanele},
    {"HGQ-LUT tables", {"layers"}, lf_json_read_hgq},
    {"Keras", {"class_name"}, NULL},
};

static bool has_keys(const lf_json_at *root, const json_format *f) {
    bool all = json_is_object(root->value);
    for (size_t k = 0; all && k < LF_COUNT(f->keys) && f->keys[k]; k++)
        all = lf_json_has(root, f->keys[k]);
    return all;
}

static lf_status read_format(lf_graph *g, const lf_json_at *root) {
    for (size_t i = 0; i < LF_COUNT(formats); i++) {
        if (!has_keys(root, &formats[i]))
            continue;
        if (formats[i].read)
            return formats[i].read(g, root);
        lf_status status = lf_json_fail(root, "a file in the format JSON (%s): not in this version", formats[i].name);
        lf_hint(g->ctx, "export the network as QONNX");
        return status;
    }
    lf_status status = lf_json_fail(root, "JSON without the keys of a network format that is known");
    lf_hint(g->ctx, "table networks are read from the JSON files of DWN (thresholds, layers, n_lut_inputs), KANELE "
                    "(config, truth_tables) and HGQ-LUT (layers), and from lutfisk-tables (format, layers)");
    return status;
}

static lf_status finish(lf_graph *g) {
    LF_TRY(lf_infer(g));
    lf_graph_prune(g);
    return lf_verify_graph(g);
}

lf_graph *lf_import_json_bytes(lf_ctx *ctx, const char *name, const uint8_t *data, size_t size) {
    json_t *value = NULL;
    if (lf_json_parse(ctx, name, data, size, &value) != LF_OK)
        return NULL;
    lf_graph *g = lf_source_graph(ctx, name, data, size);
    lf_json_at root = {.g = g, .value = value};
    if (g && (read_format(g, &root) != LF_OK || finish(g) != LF_OK)) {
        lf_graph_free(g);
        g = NULL;
    }
    json_decref(value);
    return g;
}

lf_graph *lf_import_json(lf_ctx *ctx, const char *path) {
    return lf_source_read(ctx, path, lf_import_json_bytes);
}
