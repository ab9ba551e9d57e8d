#include "train/train_freeze.h"

#include "ir/attr_access.h"
#include "ops/ops.h"

typedef struct freezer {
    lf_graph *graph;
    const lf_net *net;
    lf_id at;      /* the tensor that comes next */
    int64_t width; /* its elements */
} freezer;

static lf_shape row_shape(int64_t width) {
    return lf_shape_make(2, (const int64_t[]){1, width});
}

static const char *named(const freezer *f, int layer, const char *what) {
    return layer < 0 ? lf_format(f->graph->arena, "input_%s", what)
                     : lf_format(f->graph->arena, "layer%d_%s", layer, what);
}

/* Appends op(at, constants...) and makes its output the next tensor. */
static lf_node *append(freezer *f, const char *op, const char *name, const lf_id *constants, int count) {
    lf_id in[8] = {f->at};
    for (int i = 0; i < count; i++)
        in[i + 1] = constants[i];
    lf_tensor *out =
        lf_tensor_new(f->graph, lf_format(f->graph->arena, "%s_out", name), row_shape(f->width), LF_FLOAT32);
    f->at = out->id;
    return lf_node_new(f->graph, lf_op_find(op), name, in, count + 1, &out->id, 1, NULL);
}

static lf_id scalar(freezer *f, const char *name, double value) {
    return lf_const_reals(f->graph, name, lf_shape_make(0, NULL), &value)->id;
}

static void with_scalar(freezer *f, const char *op, const char *name, double value, double neutral) {
    if (value == neutral)
        return;
    lf_id c = scalar(f, lf_format(f->graph->arena, "%s_value", name), value);
    (void)append(f, op, name, &c, 1);
}

static lf_id vector(freezer *f, const char *name, const float *value, size_t count) {
    double *real = LF_NEW_ARRAY(f->graph->arena, double, count);
    for (size_t i = 0; i < count; i++)
        real[i] = (double)value[i];
    return lf_const_reals(f->graph, name, lf_shape_make(1, (const int64_t[]){(int64_t)count}), real)->id;
}

/* -- the pieces ---------------------------------------------------------------------------------------------------- */

static void quantizer(freezer *f, int layer, const lf_quantizer *q, double step) {
    lf_id c[3] = {scalar(f, named(f, layer, "quant_scale"), step)};
    if (q->type == LF_QUANTIZER_BIPOLAR) {
        (void)append(f, "bipolar_quant", named(f, layer, "quant"), c, 1);
        return;
    }
    bool narrow = q->type == LF_QUANTIZER_TERNARY || q->narrow;
    c[1] = scalar(f, named(f, layer, "quant_zeropt"), 0);
    c[2] = scalar(f, named(f, layer, "quant_bits"), q->type == LF_QUANTIZER_TERNARY ? 2 : (double)q->bits);
    lf_node *n = append(f, "quant", named(f, layer, "quant"), c, 3);
    lf_attr_set_bool(n, "signed", q->type != LF_QUANTIZER_UINT);
    lf_attr_set_bool(n, "narrow", narrow);
}

static void product(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    int64_t *code = LF_NEW_ARRAY(f->graph->arena, int64_t, l->in * l->out), dim[] = {(int64_t)l->in, (int64_t)l->out};
    for (size_t k = 0; k < l->in; k++)
        for (size_t j = 0; j < l->out; j++)
            code[k * l->out + j] = (int64_t)l->code[k * l->pad + j];
    lf_id w = lf_const_codes(f->graph, named(f, i, "weights"), lf_shape_make(2, dim), code)->id;
    f->width = (int64_t)l->out;
    (void)append(f, "matmul", named(f, i, "matmul"), &w, 1);
    with_scalar(f, "mul", named(f, i, "weight_scale"), lf_net_weight_value(l), 1);
    with_scalar(f, "mul", named(f, i, "output_scale"), l->factor, 1);
}

static void norm(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    lf_id c[4] = {vector(f, named(f, i, "gamma"), l->gamma, l->out), vector(f, named(f, i, "beta"), l->beta, l->out),
                  vector(f, named(f, i, "mean"), l->mean, l->out),
                  vector(f, named(f, i, "variance"), l->variance, l->out)};
    lf_node *n = append(f, "batch_norm", named(f, i, "norm"), c, 4);
    lf_attr_set_real(n, "epsilon", (double)(float)f->net->recipe->norm.epsilon);
}

static void bias(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    lf_id c = vector(f, named(f, i, "bias"), l->beta, l->out);
    (void)append(f, "add", named(f, i, "add"), &c, 1);
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

static void input(freezer *f) {
    const lf_recipe *r = f->net->recipe;
    lf_shape s = {.rank = 1, .dim = {1}};
    for (int64_t i = 0; i < r->input.shape.count && s.rank < LF_MAX_RANK; i++)
        s.dim[s.rank++] = r->input.shape.at[i];
    f->width = (int64_t)f->net->features;
    if (s.rank == 1)
        s = row_shape(f->width);
    lf_tensor *x = lf_tensor_new(f->graph, "x", s, LF_FLOAT32);
    LF_PUSH(f->graph->arena, &f->graph->inputs, (lf_port){"x", x->id, NULL});
    f->at = x->id;
    if (s.rank != 2)
        lf_attr_set_ints(f->graph, append(f, "reshape", "input_reshape", NULL, 0), "shape",
                         (const int64_t[]){1, f->width}, 2);
    with_scalar(f, "mul", "input_mul", r->input.multiply, 1);
    with_scalar(f, "sub", "input_sub", r->input.subtract, 0);
    quantizer(f, -1, &r->input_quantizer, f->net->input_step);
}

static void layer(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    product(f, i);
    if (l->norm)
        norm(f, i);
    else if (!l->last)
        bias(f, i);
    if (!l->last)
        quantizer(f, i, &l->activations, (double)lf_net_step(&l->activations, *l->a_step));
}

lf_graph *lf_net_freeze(lf_ctx *ctx, const lf_net *n) {
    lf_graph *g = lf_graph_new(ctx, n->recipe->name);
    freezer f = {.graph = g, .net = n};
    input(&f);
    for (int i = 0; i < n->layers; i++)
        layer(&f, i);
    LF_PUSH(g->arena, &g->outputs, (lf_port){"logits", f.at, NULL});
    if (lf_infer(g) == LF_OK && lf_verify_graph(g) == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}
