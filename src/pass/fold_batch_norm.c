/* fold-batch-norm: a normalization right behind a convolution or matrix product of real numbers, with or without a bias between,
 * goes into their constants:
 *   f = gamma / sqrt(var + epsilon);   W'[c] = W[c] * f[c];   b'[c] = (b[c] - mean[c]) * f[c] + beta[c]
 * in double, each result rounded once to float32. So the values change by roundings: the promise is LF_CHANGES.
 * Source: Jacob et al., CVPR 2018, section 3.2. */
#include <math.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "pass/product_nodes.h"

typedef struct fold {
    lf_graph *g;
    lf_node *norm;
    lf_product product;
    double *factor; /* [channels] */
} fold;

static int norm_axis(const lf_node *n, lf_shape s) {
    return s.rank < 2 ? 0 : lf_attr_int(n, "axis") < 0 ? s.rank - 1 : 1;
}

/* The product whose sums, with their bias, only the normalization n reads. */
static bool find_product(const lf_graph *g, const lf_node *n, lf_product *p) {
    lf_id at = n->in[0];
    const lf_node *up = lf_node_at(g, lf_tensor_at(g, at)->producer);
    if (lf_use_count(g, at) == 1 && up && lf_is_channel_bias(g, up))
        up = lf_node_at(g, lf_in(g, up, lf_channel_bias_operand(g, up) == 0 ? 1 : 0)->producer);
    if (!up || !lf_product_of(g, up->id, p) || p->sum != at || lf_use_count(g, at) != 1)
        return false;
    return !lf_on_grid(lf_tensor_at(g, p->weights)) && p->axis == norm_axis(n, lf_in(g, n, 0)->shape);
}

static double element(const fold *f, int operand, int64_t c) {
    return lf_tensor_real(lf_in(f->g, f->norm, operand), (size_t)c);
}

static void scale_weights(fold *f) {
    const lf_tensor *w = lf_tensor_at(f->g, f->product.weights);
    double *now = LF_NEW_ARRAY(f->g->arena, double, w->value->count);
    for (size_t e = 0; e < w->value->count; e++)
        now[e] = (float)(lf_tensor_real(w, e) * f->factor[lf_channel_of(w->shape, f->product.weight_axis, e)]);
    lf_id id = lf_const_reals(f->g, lf_format(f->g->arena, "%s_folded", w->name), w->shape, now)->id;
    lf_node_at(f->g, f->product.node)->in[1] = id;
    f->product.weights = id;
}

static lf_status move_into_bias(fold *f) {
    LF_TRY(lf_product_need_bias(f->g, &f->product));
    double *bias = lf_product_bias(f->g, &f->product);
    for (int64_t c = 0; c < f->product.channels; c++)
        bias[c] = (bias[c] - element(f, 3, c)) * f->factor[c] + element(f, 2, c);
    lf_product_set_bias(f->g, &f->product, bias);
    return LF_OK;
}

static lf_status fold_one(lf_graph *g, lf_node *n) {
    fold f = {.g = g, .norm = n};
    if (!find_product(g, n, &f.product))
        return LF_OK;
    f.factor = LF_NEW_ARRAY(g->arena, double, f.product.channels);
    for (int64_t c = 0; c < f.product.channels; c++)
        f.factor[c] = element(&f, 1, c) / sqrt(element(&f, 4, c) + lf_attr_real(n, "epsilon"));
    scale_weights(&f);
    LF_TRY(move_into_bias(&f));
    lf_id old = n->out[0];
    lf_node_remove(g, n->id);
    lf_replace_uses(g, old, f.product.sum);
    return LF_OK;
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(scratch, &order, g->order.at[i]);
    for (size_t i = 0; i < order.count; i++) {
        lf_node *n = lf_node_at(g, order.at[i]);
        if (lf_is_op(n, "batch_norm"))
            LF_TRY(fold_one(g, n));
    }
    LF_TRY(lf_graph_sort(g));
    lf_graph_prune(g);
    return lf_infer(g);
}

const lf_pass lf_pass_fold_batch_norm = {
    .name = "fold-batch-norm",
    .help =
        "normalizations go into the weights and biases of the convolution or product before them, rounded to float32",
    .promise = LF_CHANGES,
    .run = run,
};
