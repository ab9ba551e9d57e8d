/* A trained LUT network as a graph: thermometer, table_neurons, and the votes of each class as a sum. */
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "train/lut_net.h"
#include "train/net_graph.h"

typedef struct freezer {
    lf_net_graph chain;
    const lf_lut_net *net;
} freezer;

static void thermometer(freezer *f) {
    const lf_thermometer *t = f->net->thermometer;
    size_t count = t->features * t->levels;
    lf_id c = lf_net_graph_reals(&f->chain, "thresholds", lf_matrix_shape(t->features, t->levels), t->threshold);
    (void)lf_net_graph_add(&f->chain, "thermometer", "thermometer", lf_matrix_shape(1, count), &c, 1);
}

/* Entries that no address reaches (fewer than 6 inputs) are left out. */
static void layer(freezer *f, int i) {
    const lf_lut_net *n = f->net;
    const lf_lut_layer *l = &n->layer[i];
    lf_arena *a = f->chain.graph->arena;
    size_t entries = (size_t)1 << n->fan_in;
    int64_t *inputs = LF_NEW_ARRAY(a, int64_t, l->pins), *tables = LF_NEW_ARRAY(a, int64_t, l->luts * entries);
    for (size_t p = 0; p < l->pins; p++)
        inputs[p] = l->pick[p];
    for (size_t k = 0; k < l->luts * entries; k++)
        tables[k] = (int64_t)(l->truth[k / entries] >> k % entries & 1);
    lf_id c[2] = {
        lf_const_codes(f->chain.graph, lf_format(a, "layer%d_inputs", i), lf_matrix_shape(l->luts, n->fan_in), inputs)
            ->id,
        lf_const_codes(f->chain.graph, lf_format(a, "layer%d_tables", i), lf_matrix_shape(l->luts, entries), tables)
            ->id};
    (void)lf_net_graph_add(&f->chain, "table_neurons", lf_format(a, "layer%d", i), lf_matrix_shape(1, l->luts), c, 2);
}

static void votes(freezer *f) {
    const lf_lut_net *n = f->net;
    int64_t classes = (int64_t)n->classes, each = (int64_t)(n->layer[n->layers - 1].luts / n->classes);
    (void)lf_net_graph_reshape(&f->chain, "by_class", lf_shape_make(3, (const int64_t[]){1, classes, each}));
    lf_node *sum = lf_net_graph_add(&f->chain, "reduce", "votes", lf_matrix_shape(1, n->classes), NULL, 0);
    lf_attr_set_enum(sum, "function", "sum");
    lf_attr_set_ints(f->chain.graph, sum, "axes", (const int64_t[]){2}, 1);
    lf_attr_set_bool(sum, "keepdims", false);
}

/* One LUT for two classes is the class. */
static bool is_alone(const lf_lut_net *n) {
    return n->layer[n->layers - 1].luts == 1;
}

/* The class with the most votes, the lowest on ties. */
static void winner(freezer *f) {
    lf_node *n = lf_net_graph_add(&f->chain, "argmax", "winner", lf_shape_make(1, (const int64_t[]){1}), NULL, 0);
    lf_attr_set_int(n, "axis", 1);
    lf_attr_set_bool(n, "keepdims", false);
}

lf_graph *lf_lut_net_freeze(lf_ctx *ctx, lf_lut_net *n) {
    for (const char *const *op = (const char *const[]){"thermometer", "table_neurons", NULL}; *op; op++)
        if (!lf_op_find(*op)) {
            (void)!lf_fail(ctx, LF_FAILED, NULL, "the network cannot be written: there is no op '%s'", *op);
            return NULL;
        }
    lf_graph *g = lf_graph_new(ctx, n->recipe->name);
    freezer f = {.chain = {.graph = g}, .net = n};
    lf_net_graph_input(&f.chain, n->thermometer->features, &n->recipe->input.shape);
    thermometer(&f);
    for (int i = 0; i < n->layers; i++)
        layer(&f, i);
    bool class = n->recipe->luts.argmax || is_alone(n);
    if (is_alone(n))
        (void)lf_net_graph_reshape(&f.chain, "by_row", lf_shape_make(1, (const int64_t[]){1}));
    else
        votes(&f);
    if (class && !is_alone(n))
        winner(&f);
    return lf_net_graph_done(&f.chain, class ? "class" : "votes");
}
