/* BLIF: a netlist of LUTs becomes layers of table_neurons on bits, one layer per LUT level. What a later layer reads is handed on by
 * neurons of one input; circuits make wires of them again. */
#include <inttypes.h>

#include "circuit/blif.h"
#include "import/import.h"
#include "import/source.h"
#include "ops/ops.h"

enum { ENTRIES_MAX = 1 << 24 }; /* of all tables together, 8 bytes each */

/* Signals as in lutnet.h. */
typedef struct layers {
    lf_graph *g;
    lf_arena *a;
    const lf_lutnet *net;
    lf_signal signals;
    int *level;     /* [signal] 0: inputs and constants */
    int *last;      /* [signal] the last layer that reads it */
    int64_t *place; /* [signal] element of the layer before */
    int depth;      /* layers, at least 1 */
    size_t entries; /* made so far */
    lf_id at;       /* the layer before */
} layers;

typedef LF_VEC(lf_signal) signals;

static lf_status refuse(const lf_graph *g, const char *what) {
    return lf_fail(g->ctx, LF_BAD_INPUT, &(lf_where){.file = g->source}, "%s", what);
}

static const lf_lut *lut_of(const layers *l, lf_signal s) {
    lf_signal first = lf_lutnet_signal(l->net, 0);
    return s < first ? NULL : &l->net->luts.at[s - first];
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

static void find_levels(layers *l) {
    l->depth = 1;
    for (lf_signal s = 0; s < l->signals; s++) {
        const lf_lut *t = lut_of(l, s);
        for (int j = 0; t && j < t->fan_in; j++)
            l->level[s] = larger(l->level[s], l->level[t->in[j]] + 1);
        for (int j = 0; t && j < t->fan_in; j++)
            l->last[t->in[j]] = larger(l->last[t->in[j]], l->level[s]);
        l->depth = larger(l->depth, l->level[s]);
    }
    for (size_t o = 0; o < l->net->outputs.count; o++)
        l->last[l->net->outputs.at[o]] = l->depth;
}

/* What layer k gives: the outputs in their order, or what later layers read. */
static void find_elements(const layers *l, int k, signals *out) {
    out->count = 0;
    for (size_t o = 0; k == l->depth && o < l->net->outputs.count; o++)
        LF_PUSH(l->a, out, l->net->outputs.at[o]);
    for (lf_signal s = 2; k < l->depth && s < l->signals; s++)
        if (l->level[s] <= k && l->last[s] > k)
            LF_PUSH(l->a, out, s);
}

static int widest(const layers *l, int k, const signals *s) {
    int fan_in = 1;
    for (size_t i = 0; i < s->count; i++)
        if (l->level[s->at[i]] == k)
            fan_in = larger(fan_in, lut_of(l, s->at[i])->fan_in);
    return fan_in;
}

/* The neuron of signal s in layer k: its LUT, the signal itself, or a constant. What it does not use reads its first input. */
static void fill_neuron(const layers *l, int k, lf_signal s, int fan_in, int64_t *from, int64_t *table) {
    const lf_lut *t = l->level[s] == k ? lut_of(l, s) : NULL;
    int used = t ? t->fan_in : 1;
    uint64_t truth = t ? t->truth : s < 2 ? 3 * (uint64_t)s : 2;
    for (int j = 0; j < fan_in; j++)
        from[j] = t ? l->place[t->in[j < used ? j : 0]] : s < 2 ? 0 : l->place[s];
    for (size_t a = 0; a < (size_t)1 << fan_in; a++)
        table[a] = truth >> (a & (((size_t)1 << used) - 1)) & 1;
}

static lf_status add_layer(layers *l, int k, const signals *s) {
    lf_graph *g = l->g;
    int fan_in = widest(l, k, s);
    int64_t dim[2] = {(int64_t)s->count, fan_in}, rows[2] = {dim[0], (int64_t)1 << fan_in};
    l->entries += s->count << fan_in;
    if (l->entries > ENTRIES_MAX)
        return refuse(
            g, "the netlist is too deep and wide: as layers, a level each, its tables have more than 2^24 entries");
    int64_t *from = lf_alloc_try(l->a, s->count * (size_t)fan_in, sizeof *from),
            *table = lf_alloc_try(l->a, s->count << fan_in, sizeof *table);
    if (!from || !table)
        return refuse(g, "no memory for its tables");
    for (size_t i = 0; i < s->count; i++)
        fill_neuron(l, k, s->at[i], fan_in, from + i * (size_t)fan_in, table + (i << fan_in));
    const char *name = lf_format(g->arena, "level%d", k);
    lf_id in[3] = {l->at, lf_const_codes(g, lf_format(g->arena, "%s_inputs", name), lf_shape_make(2, dim), from)->id,
                   lf_const_codes(g, lf_format(g->arena, "%s_tables", name), lf_shape_make(2, rows), table)->id};
    l->at = lf_tensor_new(g, k == l->depth ? "y" : name, (lf_shape){0}, lf_uint(1))->id;
    (void)lf_node_new(g, lf_op_find("table_neurons"), name, in, 3, &l->at, 1, NULL);
    for (size_t i = 0; i < s->count; i++)
        l->place[s->at[i]] = (int64_t)i;
    return LF_OK;
}

static void add_input(layers *l) {
    int64_t dim[2] = {1, l->net->inputs};
    lf_tensor *x = lf_tensor_new(l->g, "x", lf_shape_make(2, dim), lf_uint(1));
    lf_set_codes(l->g, x, (lf_range){0, 1, 1});
    LF_PUSH(l->g->arena, &l->g->inputs, (lf_port){.name = "x", .tensor = x->id});
    for (uint32_t i = 0; i < l->net->inputs; i++)
        l->place[lf_lutnet_input(i)] = i;
    l->at = x->id;
}

static lf_status add_layers(layers *l) {
    signals s = {0};
    find_levels(l);
    add_input(l);
    for (int k = 1; k <= l->depth; k++) {
        find_elements(l, k, &s);
        LF_TRY(add_layer(l, k, &s));
    }
    LF_PUSH(l->g->arena, &l->g->outputs, (lf_port){.name = "y", .tensor = l->at});
    LF_TRY(lf_infer(l->g));
    return lf_verify_graph(l->g);
}

static lf_status read_into(lf_graph *g, lf_arena *a, const lf_blif *b) {
    layers l = {.g = g, .a = a, .net = b->net};
    if (!*b->model)
        return refuse(g, "there is no line .model NAME");
    if (!b->net->inputs || !b->net->outputs.count)
        return refuse(g, b->net->inputs ? "the model has no .outputs" : "the model has no .inputs");
    l.signals = lf_lutnet_signal(b->net, b->net->luts.count);
    l.level = LF_NEW_ARRAY(a, int, l.signals);
    l.last = LF_NEW_ARRAY(a, int, l.signals);
    l.place = LF_NEW_ARRAY(a, int64_t, l.signals);
    return add_layers(&l);
}

lf_graph *lf_import_blif_bytes(lf_ctx *ctx, const char *name, const uint8_t *data, size_t size) {
    lf_blif *b = lf_blif_read(ctx, (const char *)data, size, name);
    if (!b)
        return NULL;
    lf_arena *a = lf_arena_new();
    lf_graph *g = a ? lf_source_graph(ctx, name, data, size) : NULL;
    if (g && read_into(g, a, b) != LF_OK) {
        lf_graph_free(g);
        g = NULL;
    }
    lf_lutnet_free(b->net);
    lf_arena_free(a);
    return g;
}

lf_graph *lf_import_blif(lf_ctx *ctx, const char *path) {
    return lf_source_read(ctx, path, lf_import_blif_bytes);
}
