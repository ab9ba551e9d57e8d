/* Gather (ONNX Gather): y[.., i, ..] = x[.., indices[i], ..] along one axis; a negative index counts from the end.
 *   in 0   x        [.., D, ..]
 *   in 1   indices  integers in -D..D-1, any shape, which takes the place of the axis
 *   out 0  y        on x's grid; with a scale per index along the axis only when indices is a constant vector, else real */
#include "ops/elementwise.h"

typedef struct gather_attr {
    int64_t axis;
} gather_attr;

static int axis_of(const lf_node *n, int rank) {
    int64_t axis = ((const gather_attr *)n->attr)->axis;
    return (int)(axis < 0 ? axis + rank : axis);
}

static lf_shape output_shape(lf_shape x, lf_shape index, int axis) {
    lf_shape s = {0};
    for (int i = 0; i < axis; i++)
        s.dim[s.rank++] = x.dim[i];
    for (int i = 0; i < index.rank; i++)
        s.dim[s.rank++] = index.dim[i];
    for (int i = axis + 1; i < x.rank; i++)
        s.dim[s.rank++] = x.dim[i];
    return s;
}

static lf_status need_indices(lf_graph *g, const lf_node *n, int64_t size) {
    const lf_tensor *t = lf_in(g, n, 1);
    lf_where where = lf_where_node(g, n);
    if (!lf_on_grid(t))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the indices of gather, %s, are not integers", t->name);
    for (size_t i = 0; t->value && i < t->value->count; i++) {
        double v = lf_tensor_real(t, i);
        if (v < (double)-size || v >= (double)size || v != (double)(int64_t)v)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "index %zu of gather, %s, is outside the %lld elements of its axis", i, t->name,
                           (long long)size);
    }
    return LF_OK;
}

/* The channels of y's axis that come from indices; NULL unless these are a constant vector. */
static int64_t *picked(lf_graph *g, const lf_tensor *index, int64_t size) {
    if (!index->value || index->shape.rank != 1)
        return NULL;
    int64_t *c = LF_NEW_ARRAY(g->arena, int64_t, index->value->count + 1);
    for (size_t i = 0; i < index->value->count; i++) {
        int64_t v = (int64_t)lf_tensor_real(index, i);
        c[i] = v < 0 ? v + size : v;
    }
    return c;
}

static void infer_codes(lf_graph *g, const lf_node *n, lf_tensor *y, const lf_tensor *x, const lf_tensor *index,
                        int axis) {
    int moved = index->shape.rank - 1;
    bool scaled = x->grid.scale_count > 1 && x->grid.axis == axis, ranged = x->channel_range && x->range_axis == axis;
    int64_t *channel = scaled || ranged ? picked(g, index, x->shape.dim[axis]) : NULL;
    if (scaled && !channel) {
        lf_set_real(g, n, y, y->shape);
        return;
    }
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    y->grid.axis += x->grid.axis > axis ? moved : 0;
    y->range_axis += x->range_axis > axis ? moved : 0;
    if (scaled)
        lf_pick_scales(g, y, x, axis, channel);
    if (ranged)
        y->channel_range = NULL;
    if (ranged && channel)
        lf_pick_ranges(g, y, x, axis, channel);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0), *index = lf_in(g, n, 1);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    int axis;
    LF_TRY(lf_need_axis(g, n, ((const gather_attr *)n->attr)->axis, x->shape.rank, &axis));
    LF_TRY(need_indices(g, n, x->shape.dim[axis]));
    if (x->shape.rank - 1 + index->shape.rank > LF_MAX_RANK)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "gather would make a tensor of more than %d axes", LF_MAX_RANK);
    lf_shape shape = output_shape(x->shape, index->shape, axis);
    LF_TRY(lf_need_size(g, n, shape));
    lf_set_real(g, n, y, shape);
    if (lf_on_grid(x) && lf_shape_count(y->shape) > 0)
        infer_codes(g, n, y, x, index, axis);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_shape s = in[0].tensor->shape;
    int axis = axis_of(n, s.rank);
    size_t size = (size_t)s.dim[axis], inner = 1;
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    const double *index = lf_value_reals(run, &in[1]), *x = out->real ? lf_value_reals(run, &in[0]) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        size_t i = e / inner % in[1].count, outer = e / inner / in[1].count;
        double at = index[i] < 0 ? index[i] + (double)size : index[i];
        if (!(at >= 0 && at < (double)size)) {
            lf_where where = lf_where_node(run->graph, n);
            return lf_fail(run->ctx, LF_BAD_INPUT, &where, "index %zu lies outside the %zu elements of the axis", i,
                           size);
        }
        size_t from = (outer * size + (size_t)at) * inner + e % inner;
        if (x)
            out->real[e] = x[from];
        else
            out->code[e] = in[0].code[from];
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(gather_attr, axis), "0", NULL, 0, 0, "axis that is indexed"}, {0}};

const lf_op lf_op_gather = {
    .name = "gather",
    .help = "picks slices along an axis (ONNX Gather)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(gather_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
