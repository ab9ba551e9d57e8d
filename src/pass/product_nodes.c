#include "pass/product_nodes.h"

#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"

static bool is_last(const lf_node *n) {
    return !strcmp(lf_attr_enum_name(n, "layout"), "channels_last");
}

/* Where the sums of a product have their channels, -1: n is none. */
static int channel_axis(const lf_graph *g, const lf_node *n) {
    if (!lf_is_op(n, "conv") && !lf_is_op(n, "matmul"))
        return -1;
    const lf_tensor *x = lf_in(g, n, 0), *w = lf_in(g, n, 1);
    int last = lf_out(g, n, 0)->shape.rank - 1;
    if (x->value || !w->value)
        return -1;
    if (lf_is_op(n, "matmul"))
        return w->shape.rank == 2 && last >= 0 ? last : -1;
    return is_last(n) ? last : 1;
}

int lf_channel_bias_operand(const lf_graph *g, const lf_node *n) {
    return lf_in(g, n, 0)->value ? 0 : 1;
}

/* The constant varies along the axis at most. */
static bool varies_along(lf_shape constant, lf_shape y, int axis) {
    for (int i = 0; i < constant.rank; i++) {
        int at = y.rank - constant.rank + i;
        if (at < 0 || (constant.dim[i] != 1 && at != axis))
            return false;
    }
    return true;
}

bool lf_is_channel_bias(const lf_graph *g, const lf_node *n) {
    if (!lf_is_op(n, "add") || n->in_count != 2)
        return false;
    int k = lf_channel_bias_operand(g, n);
    const lf_tensor *c = lf_in(g, n, k), *x = lf_in(g, n, 1 - k), *y = lf_out(g, n, 0);
    const lf_node *up = x->value ? NULL : lf_node_at(g, x->producer);
    int axis = up ? channel_axis(g, up) : -1;
    return axis >= 0 && c->value && lf_shape_equal(x->shape, y->shape) && varies_along(c->shape, y->shape, axis);
}

bool lf_product_of(const lf_graph *g, lf_id node, lf_product *out) {
    const lf_node *n = lf_node_at(g, node);
    int axis = n ? channel_axis(g, n) : -1;
    if (axis < 0)
        return false;
    *out = (lf_product){.node = node, .weights = n->in[1], .axis = axis, .sum = n->out[0]};
    out->weight_axis = lf_is_op(n, "conv") ? 0 : 1;
    out->channels = lf_out(g, n, 0)->shape.dim[axis];
    const lf_node *next = lf_only_consumer(g, n->out[0]);
    if (next && lf_is_channel_bias(g, next)) {
        out->bias = next->id;
        out->sum = next->out[0];
    }
    return true;
}

/* One value per channel, in the shape that meets the channels of the sums. */
static lf_shape bias_shape(const lf_graph *g, const lf_product *p) {
    lf_shape s = {.rank = lf_tensor_at(g, p->sum)->shape.rank - p->axis, .dim = {p->channels}};
    for (int i = 1; i < s.rank; i++)
        s.dim[i] = 1;
    return s;
}

/* Codes stay codes: a constant 0 lies on every grid. The sums with a bias take over the name of those without: outputs of the network keep theirs. */
lf_status lf_product_need_bias(lf_graph *g, lf_product *p) {
    if (p->bias)
        return LF_OK;
    const lf_node *n = lf_node_at(g, p->node);
    lf_tensor *sums = lf_tensor_at(g, p->sum);
    const char *value = lf_format(g->arena, "%s_bias_value", n->name);
    lf_tensor *b = lf_on_grid(sums)
                       ? lf_const_codes(g, value, bias_shape(g, p), LF_NEW_ARRAY(g->arena, int64_t, p->channels))
                       : lf_const_reals(g, value, bias_shape(g, p), LF_NEW_ARRAY(g->arena, double, p->channels));
    const char *name = lf_strdup(g->arena, sums->name);
    lf_tensor_rename(g, sums, lf_format(g->arena, "%s_sums", name));
    lf_tensor *y = lf_tensor_new(g, name, sums->shape, sums->dtype);
    lf_id in[2] = {p->sum, b->id};
    lf_replace_uses(g, p->sum, y->id);
    lf_node *add = lf_node_new(g, lf_op_find("add"), lf_format(g->arena, "%s_bias", n->name), in, 2, &y->id, 1, NULL);
    add->line = n->line;
    p->bias = add->id;
    p->sum = y->id;
    LF_TRY(lf_infer_node(g, add));
    return lf_graph_sort(g);
}

double *lf_product_bias(lf_graph *g, const lf_product *p) {
    const lf_node *n = lf_node_at(g, p->bias);
    const lf_tensor *c = lf_in(g, n, lf_channel_bias_operand(g, n));
    double *bias = LF_NEW_ARRAY(g->arena, double, p->channels);
    for (int64_t i = 0; i < p->channels; i++)
        bias[i] = lf_tensor_real(c, c->value->count == 1 ? 0 : (size_t)i);
    return bias;
}

void lf_product_set_bias(lf_graph *g, const lf_product *p, const double *bias) {
    lf_node *n = lf_node_at(g, p->bias);
    int k = lf_channel_bias_operand(g, n);
    double *single = LF_NEW_ARRAY(g->arena, double, p->channels);
    for (int64_t i = 0; i < p->channels; i++)
        single[i] = (float)bias[i];
    n->in[k] = lf_const_reals(g, lf_in(g, n, k)->name, bias_shape(g, p), single)->id;
}
