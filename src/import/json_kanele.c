/* KANELE: Kolmogorov-Arnold networks of tables, in JSON:
 *   config.layers [L + 1], config.layers_bitwidth [L + 1]      neurons and bits of their codes, the input's first
 *   input_quantizer: gain, offset [inputs]                     code = clip(round_half_even(gain * x + offset)), signed; float32
 *   truth_tables "l_i_o": acive (1: used), values_int [2^bits] entry of the code that is i above the lowest
 * Every layer's sums are clamped to the codes of the next. Source: Duchstf/KANELE. */
#include "import/json_nets.h"
#include "ir/attr_access.h"
#include "ops/table_edges.h"

enum { BITS_MAX = 16, ENTRY_MAX = 1 << 30 };

typedef struct kanele {
    lf_graph *g;
    size_t layers;         /* of edges */
    int64_t *width, *bits; /* [layers + 1] */
} kanele;

static lf_status read_config(kanele *k, const lf_json_at *root) {
    lf_json_at config, layers;
    size_t count;
    LF_TRY(lf_json_get(root, "config", &config));
    LF_TRY(lf_json_get(&config, "layers", &layers));
    LF_TRY(lf_json_length(&layers, 2, LF_JSON_LAYERS_MAX, &count));
    k->layers = count - 1;
    k->width = LF_NEW_ARRAY(k->g->arena, int64_t, count);
    k->bits = LF_NEW_ARRAY(k->g->arena, int64_t, count);
    LF_TRY(lf_json_ints(&layers, count, 1, LF_JSON_WIDTH_MAX, k->width));
    return lf_json_get_ints(&config, "layers_bitwidth", count, 1, BITS_MAX, k->bits);
}

/* -- the input quantizer ----------------------------------------------------------------------------------------------- */

static lf_status per_feature(const kanele *k, const lf_json_at *quantizer, const char *key, lf_id *out) {
    lf_json_at v;
    int64_t dim[2] = {1, k->width[0]};
    double *value = LF_NEW_ARRAY(k->g->arena, double, dim[1]);
    LF_TRY(lf_json_get(quantizer, key, &v));
    LF_TRY(lf_json_floats(&v, (size_t)dim[1], value));
    *out = lf_const_reals(k->g, lf_format(k->g->arena, "input_%s", key), lf_shape_make(2, dim), value)->id;
    return LF_OK;
}

static lf_id number(lf_graph *g, const char *name, double v) {
    return lf_const_reals(g, name, (lf_shape){0}, &v)->id;
}

static lf_status read_quantizer(const kanele *k, const lf_json_at *root, lf_id *x) {
    lf_graph *g = k->g;
    lf_json_at quantizer;
    int64_t bits;
    lf_id gain, offset;
    LF_TRY(lf_json_get(root, "input_quantizer", &quantizer));
    if (lf_json_has(&quantizer, "bits"))
        LF_TRY(lf_json_get_int(&quantizer, "bits", k->bits[0], k->bits[0], &bits));
    LF_TRY(per_feature(k, &quantizer, "gain", &gain));
    LF_TRY(per_feature(k, &quantizer, "offset", &offset));
    lf_node *n;
    LF_TRY(lf_json_node(g, "mul", "scaled", (lf_id[]){lf_json_input(g, (size_t)k->width[0]), gain}, 2, &n));
    LF_TRY(lf_json_node(g, "add", "shifted", (lf_id[]){n->out[0], offset}, 2, &n));
    lf_id in[4] = {n->out[0], number(g, "one", 1), number(g, "zero", 0), number(g, "input_bits", (double)k->bits[0])};
    LF_TRY(lf_json_node(g, "quant", "input_codes", in, 4, &n));
    *x = n->out[0];
    return LF_OK;
}

/* -- layers ------------------------------------------------------------------------------------------------------------ */

static lf_status read_table(const kanele *k, const lf_json_at *tables, size_t layer, int64_t i, int64_t o,
                            lf_json_edges *e) {
    char key[80];
    (void)snprintf(key, sizeof key, "%zu_%lld_%lld", layer, (long long)i, (long long)o);
    lf_json_at table, values;
    int64_t active;
    size_t entries = (size_t)1 << k->bits[layer], length;
    LF_TRY(lf_json_get(tables, key, &table));
    LF_TRY(lf_json_get_int(&table, lf_json_has(&table, "active") ? "active" : "acive", 0, 1,
                           &active)); /* as the files write it */
    if (!active)
        return LF_OK;
    LF_TRY(lf_json_get(&table, "values_int", &values));
    LF_TRY(lf_json_length(&values, entries, entries, &length));
    for (size_t a = 0; a < entries; a++) {
        int64_t v;
        lf_json_at item = lf_json_item(&values, a);
        LF_TRY(lf_json_int(&item, -ENTRY_MAX, ENTRY_MAX, &v));
        LF_PUSH(k->g->arena, &e->tables, v);
    }
    int64_t edge[LF_EDGE_COLUMNS] = {i, o, 0, k->bits[layer], 1, 0};
    for (int c = 0; c < LF_EDGE_COLUMNS; c++)
        LF_PUSH(k->g->arena, &e->edges, edge[c]);
    return LF_OK;
}

/* Sums that leave the codes of the next layer are clamped. */
static lf_status clamp(const kanele *k, size_t layer, lf_id *x) {
    lf_graph *g = k->g;
    double half = (double)((int64_t)1 << (k->bits[layer + 1] - 1));
    const char *name = lf_format(g->arena, "layer%zu_clamp", layer);
    lf_id in[3] = {*x, number(g, lf_format(g->arena, "%s_low", name), -half),
                   number(g, lf_format(g->arena, "%s_high", name), half - 1)};
    lf_node *n;
    LF_TRY(lf_json_node(g, "clip", name, in, 3, &n));
    *x = n->out[0];
    return lf_infer_node(g, n);
}

static lf_status read_layer(const kanele *k, const lf_json_at *tables, size_t layer, lf_id *x) {
    lf_json_edges e = {.outputs = k->width[layer + 1]};
    e.bias = LF_NEW_ARRAY(k->g->arena, int64_t, e.outputs);
    for (int64_t i = 0; i < k->width[layer]; i++)
        for (int64_t o = 0; o < e.outputs; o++)
            LF_TRY(read_table(k, tables, layer, i, o, &e));
    LF_TRY(lf_json_edges_node(k->g, lf_format(k->g->arena, "layer%zu", layer), &e, *x, x));
    return clamp(k, layer, x);
}

lf_status lf_json_read_kanele(lf_graph *g, const lf_json_at *root) {
    kanele k = {.g = g};
    lf_json_at tables;
    lf_id x;
    LF_TRY(read_config(&k, root));
    LF_TRY(read_quantizer(&k, root, &x));
    LF_TRY(lf_infer(g));
    LF_TRY(lf_json_get(root, "truth_tables", &tables));
    for (size_t layer = 0; layer < k.layers; layer++)
        LF_TRY(read_layer(&k, &tables, layer, &x));
    lf_json_output(g, x);
    return LF_OK;
}
