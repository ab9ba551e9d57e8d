/* Post-training quantization: the quantizers of a plan become nodes. */
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "pass/quantize_network.h"

typedef struct quantizer {
    lf_id x, scale;
    int bits;
    bool is_signed, narrow;
} quantizer;

static lf_id new_quantizer(lf_graph *g, const quantizer *q) {
    const lf_tensor *x = lf_tensor_at(g, q->x);
    const char *name = lf_format(g->arena, "%s_quant", x->name);
    double zero = 0, bits = q->bits;
    lf_id in[4] = {q->x, q->scale, lf_const_reals(g, lf_format(g->arena, "%s_zero", name), (lf_shape){0}, &zero)->id,
                   lf_const_reals(g, lf_format(g->arena, "%s_bits", name), (lf_shape){0}, &bits)->id};
    lf_tensor *y = lf_tensor_new(g, name, x->shape, x->dtype);
    lf_node *n = lf_node_new(g, lf_op_find("quant"), name, in, 4, &y->id, 1, NULL);
    lf_attr_set_bool(n, "signed", q->is_signed);
    lf_attr_set_bool(n, "narrow", q->narrow);
    return y->id;
}

static void quantize_point(lf_graph *g, const lf_point *p) {
    const char *name = lf_format(g->arena, "%s_scale", lf_tensor_at(g, p->tensor)->name);
    lf_id scale = lf_const_reals(g, name, (lf_shape){0}, &p->scale)->id;
    lf_id codes = new_quantizer(g, &(quantizer){p->tensor, scale, p->bits, p->is_signed, false});
    if (p->for_all) {
        lf_id maker = lf_tensor_at(g, codes)->producer;
        lf_replace_uses(g, p->tensor, codes);
        lf_node_at(g, maker)->in[0] = p->tensor;
    }
    for (size_t u = 0; u < p->uses.count; u++)
        lf_node_at(g, p->uses.at[u].node)->in[p->uses.at[u].operand] = codes;
}

static void channel_scales(lf_quantizing *q, lf_quantized_product *p, lf_scale_method method) {
    const lf_tensor *w = lf_tensor_at(q->g, p->at.weights);
    size_t count = w->value->count, per = count / (size_t)p->at.channels;
    double *row = LF_NEW_ARRAY(q->arena, double, count);
    size_t *filled = LF_NEW_ARRAY(q->arena, size_t, p->at.channels);
    for (size_t e = 0; e < count; e++) {
        size_t c = lf_channel_of(w->shape, p->at.weight_axis, e);
        row[c * per + filled[c]++] = lf_tensor_real(w, e);
    }
    p->scale = LF_NEW_ARRAY(q->arena, double, p->at.channels);
    for (int64_t c = 0; c < p->at.channels; c++)
        p->scale[c] = lf_scale_of_weights(row + (size_t)c * per, per, lf_top_code(p->bits, true), method);
}

static void quantize_weights(lf_quantizing *q, lf_quantized_product *p, lf_scale_method method) {
    lf_graph *g = q->g;
    const lf_tensor *w = lf_tensor_at(g, p->at.weights);
    channel_scales(q, p, method);
    lf_shape s = w->shape;
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = i == p->at.weight_axis ? s.dim[i] : 1;
    lf_id scale = lf_const_reals(g, lf_format(g->arena, "%s_scale", w->name), s, p->scale)->id;
    lf_node_at(g, p->at.node)->in[1] = new_quantizer(g, &(quantizer){w->id, scale, p->bits, true, true});
}

lf_status lf_quantizing_apply(lf_quantizing *q, lf_scale_method weights) {
    for (size_t i = 0; i < q->points.count; i++)
        if (!q->points.at[i].kept)
            quantize_point(q->g, &q->points.at[i]);
    for (size_t i = 0; i < q->products.count; i++)
        if (!q->products.at[i].kept)
            quantize_weights(q, &q->products.at[i], weights);
    LF_TRY(lf_graph_sort(q->g));
    return lf_infer(q->g);
}

/* The sums take their name back. */
static void drop_bias(lf_graph *g, const lf_node *n, int data) {
    lf_id sums = n->in[data], y = n->out[0];
    const char *name = lf_strdup(g->arena, lf_tensor_at(g, y)->name);
    lf_replace_uses(g, y, sums);
    lf_node_remove(g, n->id);
    lf_tensor_rename(g, lf_tensor_at(g, y), lf_format(g->arena, "%s_dropped", name));
    lf_tensor_rename(g, lf_tensor_at(g, sums), name);
}

static bool is_zero(const lf_tensor *c) {
    for (size_t e = 0; e < c->value->count; e++)
        if (lf_tensor_real(c, e) != 0)
            return false;
    return true;
}

lf_status lf_quantizing_finish(lf_quantizing *q) {
    lf_graph *g = q->g;
    for (size_t i = 0; i < q->idle_biases.count; i++) {
        const lf_node *n = lf_node_at(g, q->idle_biases.at[i]);
        int k = n ? lf_channel_bias_operand(g, n) : 0;
        if (n && is_zero(lf_in(g, n, k)))
            drop_bias(g, n, 1 - k);
    }
    lf_graph_prune(g);
    return lf_infer(g);
}
