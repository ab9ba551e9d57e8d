/* Expansion (ONNX Expand): x broadcast to a shape; a dimension of 1 in the attribute keeps x's.
 *   in 0   x
 *   out 0  y  on x's grid */
#include "ops/elementwise.h"

typedef struct expand_attr {
    lf_ints shape;
} expand_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const expand_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape wanted = {0}, to;
    lf_where where = lf_where_node(g, n);
    if (a->shape.count <= LF_MAX_RANK)
        wanted = lf_shape_make((int)a->shape.count, a->shape.at);
    if (a->shape.count > LF_MAX_RANK || !lf_broadcast_shapes(x->shape, wanted, &to))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s of shape %s does not broadcast to %s", x->name,
                       lf_shape_text(g->arena, x->shape), lf_shape_text(g->arena, wanted));
    LF_TRY(lf_need_size(g, n, to));
    lf_set_real(g, n, y, to);
    if (!lf_on_grid(x) || lf_shape_count(to) == 0)
        return LF_OK;
    int new_axes = to.rank - x->shape.rank;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    y->grid.axis += x->grid.scale_count > 1 ? new_axes : 0;
    y->range_axis += x->channel_range ? new_axes : 0;
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    lf_map m = lf_map_make(in->tensor->shape, out->tensor->shape);
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        if (x)
            out->real[e] = x[lf_map_at(&m, e)];
        else
            out->code[e] = in->code[lf_map_at(&m, e)];
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"shape", LF_ATTR_INTS, offsetof(expand_attr, shape), NULL, NULL, 0, 0, "what x is broadcast with"}, {0}};

const lf_op lf_op_expand = {
    .name = "expand",
    .help = "broadcasts to a shape (ONNX Expand)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(expand_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
