/* Picks elements along one axis (ONNX GatherElements): y[i, .., j] = x[i, .., indices[i, .., j]]; a negative index counts from the end.
 *   in 0   x
 *   in 1   indices  integers in -D..D-1, of x's rank; other axes not longer than x's
 *   out 0  y        of the shape of indices, on x's grid when it has one scale; else real */
#include "ops/elementwise.h"

typedef struct gather_elements_attr {
    int64_t axis;
} gather_elements_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0), *index = lf_in(g, n, 1);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    int axis;
    LF_TRY(lf_need_axis(g, n, ((const gather_elements_attr *)n->attr)->axis, x->shape.rank, &axis));
    bool fits = lf_is_codes(index) && index->shape.rank == x->shape.rank;
    for (int i = 0; fits && i < x->shape.rank; i++)
        fits = i == axis || index->shape.dim[i] <= x->shape.dim[i];
    if (!fits)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "the indices %s of shape %s are no integers for the elements of %s", index->name,
                       lf_shape_text(g->arena, index->shape), lf_shape_text(g->arena, x->shape));
    lf_set_real(g, n, y, index->shape);
    if (!lf_on_grid(x) || x->grid.scale_count != 1)
        return LF_OK;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    y->channel_range = NULL;
    y->range_axis = 0;
    return LF_OK;
}

/* The element of x for element e of the indices. */
static size_t place(lf_shape x, lf_shape index, size_t e, int axis, int64_t picked) {
    size_t at = 0, step = 1;
    for (int i = x.rank - 1; i >= 0; i--) {
        size_t k = e % (size_t)index.dim[i];
        e /= (size_t)index.dim[i];
        at += (i == axis ? (size_t)picked : k) * step;
        step *= (size_t)x.dim[i];
    }
    return at;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_shape s = in[0].tensor->shape, index = in[1].tensor->shape;
    int64_t given = ((const gather_elements_attr *)n->attr)->axis;
    int axis = (int)(given < 0 ? given + s.rank : given);
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        int64_t picked = in[1].code[e] < 0 ? in[1].code[e] + s.dim[axis] : in[1].code[e];
        lf_where where = lf_where_node(run->graph, n);
        if (picked < 0 || picked >= s.dim[axis])
            return lf_fail(run->ctx, LF_BAD_INPUT, &where, "index %zu lies outside the %lld elements of the axis", e,
                           (long long)s.dim[axis]);
        size_t at = place(s, index, e, axis, picked);
        if (x)
            out->real[e] = x[at];
        else
            out->code[e] = in[0].code[at];
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(gather_elements_attr, axis), "0", NULL, 0, 0, "axis that is indexed"}, {0}};

const lf_op lf_op_gather_elements = {
    .name = "gather_elements",
    .help = "picks elements along an axis (ONNX GatherElements)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(gather_elements_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
