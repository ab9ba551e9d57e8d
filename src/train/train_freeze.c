#include "train/train_freeze.h"

#include "ir/attr_access.h"
#include "ops/ops.h"
#include "train/net_graph.h"

typedef struct freezer {
    lf_net_graph chain;
    const lf_net *net;
    lf_shape shape;                    /* of what comes next */
    lf_id input;                       /* the quantized input */
    lf_id layer[LF_RECIPE_LAYERS_MAX]; /* what each layer gives */
} freezer;

/* Vectors are rows; pictures NCHW. */
static lf_shape layer_shape(const lf_net *n, int layer) {
    lf_picture p = lf_recipe_picture(n->recipe, layer, n->features);
    bool vector = layer != LF_FROM_INPUT && n->layer[layer].kind == LF_LAYER_DENSE;
    if (vector || n->recipe->input.shape.count != 3)
        return lf_matrix_shape(1, (size_t)p.channels);
    return lf_shape_make(4, (const int64_t[]){1, p.channels, p.height, p.width});
}

static const char *named(const freezer *f, int layer, const char *what) {
    return layer < 0 ? lf_format(f->chain.graph->arena, "input_%s", what)
                     : lf_format(f->chain.graph->arena, "layer%d_%s", layer, what);
}

static lf_node *append(freezer *f, const char *op, const char *name, const lf_id *constants, int count) {
    return lf_net_graph_add(&f->chain, op, name, f->shape, constants, count);
}

static void with_scalar(freezer *f, const char *op, const char *name, double value, double neutral) {
    if (value == neutral)
        return;
    lf_id c = lf_net_graph_scalar(&f->chain, lf_format(f->chain.graph->arena, "%s_value", name), value);
    (void)append(f, op, name, &c, 1);
}

static lf_id vector(freezer *f, const char *name, const float *value, size_t count) {
    return lf_net_graph_reals(&f->chain, name, lf_shape_make(1, (const int64_t[]){(int64_t)count}), value);
}

/* -- the pieces ---------------------------------------------------------------------------------------------------- */

static void quantizer(freezer *f, int layer, const lf_quantizer *q, double step) {
    lf_id c[3] = {lf_net_graph_scalar(&f->chain, named(f, layer, "quant_scale"), step)};
    if (q->type == LF_QUANTIZER_BIPOLAR) {
        (void)append(f, "bipolar_quant", named(f, layer, "quant"), c, 1);
        return;
    }
    bool narrow = q->type == LF_QUANTIZER_TERNARY || q->narrow;
    c[1] = lf_net_graph_scalar(&f->chain, named(f, layer, "quant_zeropt"), 0);
    c[2] = lf_net_graph_scalar(&f->chain, named(f, layer, "quant_bits"),
                               q->type == LF_QUANTIZER_TERNARY ? 2 : (double)q->bits);
    lf_node *n = append(f, "quant", named(f, layer, "quant"), c, 3);
    lf_attr_set_bool(n, "signed", q->type != LF_QUANTIZER_UINT);
    lf_attr_set_bool(n, "narrow", narrow);
}

/* Codes in the order of the op: [in][out], or [out][in] for a convolution. */
static lf_id weight_codes(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    int64_t *code = LF_NEW_ARRAY(f->chain.graph->arena, int64_t, l->in * l->out);
    bool conv = l->kind == LF_LAYER_CONV;
    int64_t side = f->net->recipe->layer[i].kernel, in = (int64_t)l->in, out = (int64_t)l->out;
    for (size_t k = 0; k < l->in; k++)
        for (size_t j = 0; j < l->out; j++)
            code[conv ? j * l->in + k : k * l->out + j] = (int64_t)l->code[k * l->pad + j];
    lf_shape shape = conv ? lf_shape_make(4, (const int64_t[]){out, (int64_t)l->view.channels, side, side})
                          : lf_shape_make(2, (const int64_t[]){in, out});
    return lf_const_codes(f->chain.graph, named(f, i, "weights"), shape, code)->id;
}

static void flatten(freezer *f, const char *name) {
    if (f->shape.rank == 2)
        return;
    f->shape = lf_matrix_shape(1, (size_t)lf_shape_count(f->shape));
    (void)lf_net_graph_reshape(&f->chain, name, f->shape);
}

/* Both axes alike. */
static void set_both(freezer *f, lf_node *n, const char *attribute, int64_t value) {
    lf_attr_set_ints(f->chain.graph, n, attribute, (const int64_t[]){value, value}, 2);
}

static void product(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    bool conv = l->kind == LF_LAYER_CONV;
    if (!conv)
        flatten(f, named(f, i, "reshape"));
    lf_id w = weight_codes(f, i);
    f->shape = layer_shape(f->net, i);
    lf_node *n = append(f, conv ? "conv" : "matmul", named(f, i, conv ? "conv" : "matmul"), &w, 1);
    if (conv)
        set_both(f, n, "strides", (int64_t)l->view.stride);
    int64_t pad = (int64_t)l->view.pad;
    if (pad)
        lf_attr_set_ints(f->chain.graph, n, "pads", (const int64_t[]){pad, pad, pad, pad}, 4);
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

/* One number per channel, which stands before the pixels. */
static void bias(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    lf_tensor *c = lf_tensor_at(f->chain.graph, vector(f, named(f, i, "bias"), l->beta, l->out));
    if (f->shape.rank == 4)
        c->shape = lf_shape_make(3, (const int64_t[]){(int64_t)l->out, 1, 1});
    (void)append(f, "add", named(f, i, "add"), &c->id, 1);
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

/* A network that begins with pictures quantizes them as such, others a row. */
static bool reads_pictures(const lf_net *n) {
    for (int i = 0; i < n->layers; i++)
        if (n->layer[i].from[0] == LF_FROM_INPUT && n->layer[i].kind != LF_LAYER_DENSE)
            return true;
    return false;
}

static void input(freezer *f) {
    const lf_recipe *r = f->net->recipe;
    lf_shape s = {.rank = 1, .dim = {1}};
    for (int64_t i = 0; i < r->input.shape.count && s.rank < LF_MAX_RANK; i++)
        s.dim[s.rank++] = r->input.shape.at[i];
    f->shape = s.rank == 1 ? lf_matrix_shape(1, f->net->features) : s;
    lf_tensor *x = lf_tensor_new(f->chain.graph, "x", f->shape, LF_FLOAT32);
    LF_PUSH(f->chain.graph->arena, &f->chain.graph->inputs, (lf_port){"x", x->id, NULL});
    f->chain.at = x->id;
    if (!reads_pictures(f->net))
        flatten(f, "input_reshape");
    with_scalar(f, "mul", "input_mul", r->input.multiply, 1);
    with_scalar(f, "sub", "input_sub", r->input.subtract, 0);
    quantizer(f, -1, &r->input_quantizer, f->net->input_step);
    f->input = f->chain.at;
}

static lf_id given(const freezer *f, int layer) {
    return layer == LF_FROM_INPUT ? f->input : f->layer[layer];
}

/* The mean is one window, the whole picture. */
static void pool(freezer *f, int i) {
    const lf_patches *v = &f->net->layer[i].view;
    bool max = f->net->layer[i].kind == LF_LAYER_MAX_POOL;
    const char *op = max ? "max_pool" : "average_pool";
    f->shape = layer_shape(f->net, i);
    lf_node *n = append(f, op, named(f, i, op), NULL, 0);
    lf_attr_set_ints(f->chain.graph, n, "kernel",
                     (const int64_t[]){(int64_t)v->kernel_height, (int64_t)v->kernel_width}, 2);
    set_both(f, n, "strides", (int64_t)v->stride);
}

static void layer(freezer *f, int i) {
    const lf_net_layer *l = &f->net->layer[i];
    lf_id other = l->operands > 1 ? given(f, l->from[1]) : 0;
    f->chain.at = given(f, l->from[0]);
    f->shape = lf_tensor_at(f->chain.graph, f->chain.at)->shape;
    if (l->weighted)
        product(f, i);
    else if (l->kind == LF_LAYER_JOIN)
        (void)append(f, "add", named(f, i, "join"), &other, 1);
    else
        pool(f, i);
    if (l->norm)
        norm(f, i);
    else if (l->weighted && !l->last)
        bias(f, i);
    if (l->units && !l->last)
        quantizer(f, i, &l->activations, (double)lf_net_step(&l->activations, *l->a_step));
    f->layer[i] = f->chain.at;
}

lf_graph *lf_net_freeze(lf_ctx *ctx, const lf_net *n) {
    lf_graph *g = lf_graph_new(ctx, n->recipe->name);
    freezer f = {.chain = {.graph = g}, .net = n};
    input(&f);
    for (int i = 0; i < n->layers; i++)
        layer(&f, i);
    return lf_net_graph_done(&f.chain, "logits");
}
