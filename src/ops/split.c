/* Parts along an axis (ONNX Split): output k has sizes[k] indices, in order.
 *   in 0   x
 *   out *  y0, y1, ...  on x's grid */
#include "ops/axis_maps.h"
#include "ops/relayout.h"

typedef struct split_attr {
    int64_t axis;
    lf_ints sizes;
} split_attr;

/* Part k of the axis, which begins at `first`. */
static lf_status part(const lf_graph *g, const lf_node *n, lf_arena *a, int axis, int k, int64_t first,
                      lf_axis_maps *m) {
    lf_shape from = lf_in(g, n, 0)->shape, to = from;
    to.dim[axis] = ((const split_attr *)n->attr)->sizes.at[k];
    LF_TRY(lf_axis_maps_new(g, n, a, from, to, m));
    for (int64_t i = 0; i < to.dim[axis]; i++)
        m->at[axis][i] = first + i;
    return LF_OK;
}

static lf_status check(lf_graph *g, const lf_node *n, int axis) {
    lf_ints sizes = ((const split_attr *)n->attr)->sizes;
    int64_t dim = lf_in(g, n, 0)->shape.dim[axis], sum = 0;
    lf_where where = lf_where_node(g, n);
    for (int64_t k = 0; k < sizes.count; k++) {
        if (sizes.at[k] < 0 || sizes.at[k] > dim)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "part %lld of the split has %lld of the %lld indices of axis %d", (long long)k,
                           (long long)sizes.at[k], (long long)dim, axis);
        sum += sizes.at[k];
    }
    if (sizes.count != n->out_count || sum != dim)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "%lld parts of %lld indices in all for %d outputs and the %lld indices of axis %d",
                       (long long)sizes.count, (long long)sum, n->out_count, (long long)dim, axis);
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const split_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    int axis;
    LF_TRY(lf_need_axis(g, n, a->axis, x->shape.rank, &axis));
    LF_TRY(check(g, n, axis));
    int64_t first = 0;
    for (int k = 0; k < n->out_count; k++) {
        lf_axis_maps m;
        LF_TRY(part(g, n, g->arena, axis, k, first, &m));
        lf_axis_maps_infer(g, n, lf_out(g, n, k), x, &m, NULL);
        first += a->sizes.at[k];
    }
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const split_attr *a = n->attr;
    lf_shape from = in->tensor->shape;
    int axis = (int)(a->axis < 0 ? a->axis + from.rank : a->axis);
    int64_t first = 0;
    for (int k = 0; k < n->out_count; k++) {
        lf_axis_maps m;
        LF_TRY(part(run->graph, n, run->scratch, axis, k, first, &m));
        if (out[k].tensor)
            lf_axis_maps_exec(run, in, &out[k], &m, 0);
        first += a->sizes.at[k];
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(split_attr, axis), "0", NULL, 0, 0, "axis that is divided"},
    {"sizes", LF_ATTR_INTS, offsetof(split_attr, sizes), NULL, NULL, 0, 0, "indices of each part"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    split_attr *a = n->attr;
    a->axis = lf_axis_to_last(a->axis, lf_in(g, n, 0)->shape.rank);
    return true;
}

const lf_op lf_op_split = {
    .name = "split",
    .help = "parts along an axis (ONNX Split)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 64,
    .attr_size = sizeof(split_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .relayout = relayout,
};
