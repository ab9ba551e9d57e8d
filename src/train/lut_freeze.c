/* A trained LUT network as a graph: thermometer, table_neurons, and the votes of each class as a sum. */
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "train/lut_net.h"

typedef struct freezer {
    lf_graph *graph;
    const lf_lut_net *net;
    lf_id at; /* the tensor that comes next */
} freezer;

static lf_shape row_of(size_t width) {
    return lf_shape_make(2, (const int64_t[]){1, (int64_t)width});
}

static lf_shape matrix_of(size_t rows, size_t columns) {
    return lf_shape_make(2, (const int64_t[]){(int64_t)rows, (int64_t)columns});
}

/* Appends op(at, constants...). */
static lf_node *append(freezer *f, const char *op, const char *name, lf_shape shape, const lf_id *constants,
                       int count) {
    lf_id in[4] = {f->at};
    for (int i = 0; i < count; i++)
        in[i + 1] = constants[i];
    lf_tensor *out = lf_tensor_new(f->graph, lf_format(f->graph->arena, "%s_out", name), shape, LF_FLOAT32);
    f->at = out->id;
    return lf_node_new(f->graph, lf_op_find(op), name, in, count + 1, &out->id, 1, NULL);
}

static void reshape(freezer *f, const char *name, lf_shape shape) {
    lf_attr_set_ints(f->graph, append(f, "reshape", name, shape, NULL, 0), "shape", shape.dim, shape.rank);
}

static void input(freezer *f) {
    const lf_ints *s = &f->net->recipe->input.shape;
    size_t features = f->net->thermometer->features;
    lf_shape shape = row_of(features);
    if (s->count) {
        shape.rank = 1;
        for (int64_t i = 0; i < s->count && shape.rank < LF_MAX_RANK; i++)
            shape.dim[shape.rank++] = s->at[i];
    }
    lf_tensor *x = lf_tensor_new(f->graph, "x", shape, LF_FLOAT32);
    LF_PUSH(f->graph->arena, &f->graph->inputs, (lf_port){"x", x->id, NULL});
    f->at = x->id;
    if (shape.rank != 2)
        reshape(f, "flatten", row_of(features));
}

static void thermometer(freezer *f) {
    const lf_thermometer *t = f->net->thermometer;
    size_t count = t->features * t->levels;
    double *real = LF_NEW_ARRAY(f->graph->arena, double, count);
    for (size_t i = 0; i < count; i++)
        real[i] = (double)t->threshold[i];
    lf_id c = lf_const_reals(f->graph, "thresholds", matrix_of(t->features, t->levels), real)->id;
    (void)append(f, "thermometer", "thermometer", row_of(count), &c, 1);
}

/* Entries that no address reaches (fewer than 6 inputs) are left out. */
static void layer(freezer *f, int i) {
    const lf_lut_net *n = f->net;
    const lf_lut_layer *l = &n->layer[i];
    lf_arena *a = f->graph->arena;
    size_t entries = (size_t)1 << n->fan_in;
    int64_t *inputs = LF_NEW_ARRAY(a, int64_t, l->pins), *tables = LF_NEW_ARRAY(a, int64_t, l->luts * entries);
    for (size_t p = 0; p < l->pins; p++)
        inputs[p] = l->pick[p];
    for (size_t k = 0; k < l->luts * entries; k++)
        tables[k] = (int64_t)(l->truth[k / entries] >> k % entries & 1);
    lf_id c[2] = {
        lf_const_codes(f->graph, lf_format(a, "layer%d_inputs", i), matrix_of(l->luts, n->fan_in), inputs)->id,
        lf_const_codes(f->graph, lf_format(a, "layer%d_tables", i), matrix_of(l->luts, entries), tables)->id};
    (void)append(f, "table_neurons", lf_format(a, "layer%d", i), row_of(l->luts), c, 2);
}

static void votes(freezer *f) {
    const lf_lut_net *n = f->net;
    int64_t classes = (int64_t)n->classes, each = (int64_t)(n->layer[n->layers - 1].luts / n->classes);
    reshape(f, "by_class", lf_shape_make(3, (const int64_t[]){1, classes, each}));
    lf_node *sum = append(f, "reduce", "votes", row_of(n->classes), NULL, 0);
    lf_attr_set_enum(sum, "function", "sum");
    lf_attr_set_ints(f->graph, sum, "axes", (const int64_t[]){2}, 1);
    lf_attr_set_bool(sum, "keepdims", false);
}

/* One LUT for two classes is the class. */
static bool is_alone(const lf_lut_net *n) {
    return n->layer[n->layers - 1].luts == 1;
}

/* The class with the most votes, the lowest on ties. */
static void winner(freezer *f) {
    lf_node *n = append(f, "argmax", "winner", lf_shape_make(1, (const int64_t[]){1}), NULL, 0);
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
    freezer f = {.graph = g, .net = n};
    input(&f);
    thermometer(&f);
    for (int i = 0; i < n->layers; i++)
        layer(&f, i);
    bool class = n->recipe->luts.argmax || is_alone(n);
    if (is_alone(n))
        reshape(&f, "by_row", lf_shape_make(1, (const int64_t[]){1}));
    else
        votes(&f);
    if (class && !is_alone(n))
        winner(&f);
    LF_PUSH(g->arena, &g->outputs, (lf_port){class ? "class" : "votes", f.at, NULL});
    if (lf_infer(g) == LF_OK && lf_verify_graph(g) == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}
