/* Concatenation along an axis (ONNX Concat).
 *   in *   x0, x1, ...  equal shapes but for the axis
 *   out 0  y            all on the grid: with one scale when all have the same, else with a scale per index along the axis; else, or
 *                       where a scale varies along another axis or is a quotient, real */
#include "ops/elementwise.h"
#include "ops/relayout.h"

/* Codes have a range per index along the axis; longer ones become real. */
enum { AXIS_MAX = 1 << 24 };

typedef struct concat_attr {
    int64_t axis;
} concat_attr;

static lf_status output_shape(lf_graph *g, const lf_node *n, int axis, lf_shape *out) {
    lf_shape s = lf_in(g, n, 0)->shape;
    for (int i = 1; i < n->in_count; i++) {
        if (!lf_in(g, n, i)) {
            lf_where where = lf_where_node(g, n);
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "concat: operand %d is missing", i);
        }
        lf_shape x = lf_in(g, n, i)->shape, same = x;
        if (x.rank == s.rank)
            same.dim[axis] = s.dim[axis];
        if (!lf_shape_equal(same, s)) {
            lf_where where = lf_where_node(g, n);
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "concat along axis %d: %s is %s, which does not fit %s", axis,
                           lf_in(g, n, i)->name, lf_shape_text(g->arena, x), lf_shape_text(g->arena, s));
        }
        s.dim[axis] += x.dim[axis];
    }
    *out = s;
    return lf_need_size(g, n, s);
}

static bool can_join(const lf_graph *g, const lf_node *n, int axis) {
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        if (!lf_plain_grid(t) || (t->grid.scale_count > 1 && t->grid.axis != axis))
            return false;
    }
    return true;
}

/* Element `index` along the axis of an operand. */
static lf_range range_of(const lf_tensor *t, int axis, int64_t index) {
    return t->channel_range && t->range_axis == axis ? t->channel_range[index] : t->range;
}

static void infer_codes(lf_graph *g, const lf_node *n, lf_tensor *y, int axis) {
    int64_t count = y->shape.dim[axis], at = 0;
    double *scale = LF_NEW_ARRAY(g->arena, double, count);
    lf_range *range = LF_NEW_ARRAY(g->arena, lf_range, count);
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        for (int64_t k = 0; k < t->shape.dim[axis]; k++, at++) {
            scale[at] = t->grid.scale[t->grid.scale_count > 1 ? k : 0];
            range[at] = range_of(t, axis, k);
        }
    }
    (void)lf_set_grid(g, y, scale, count, axis); /* scales of grids are never 0 */
    lf_set_channel_ranges(y, range, count, axis);
    y->dtype = lf_dtype_for(y->range, false);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_tensor *y = lf_out(g, n, 0);
    int axis;
    lf_shape s = {0};
    LF_TRY(lf_need_axis(g, n, ((const concat_attr *)n->attr)->axis, lf_in(g, n, 0)->shape.rank, &axis));
    LF_TRY(output_shape(g, n, axis, &s));
    lf_set_real(g, n, y, s);
    if (lf_shape_count(s) > 0 && s.dim[axis] <= AXIS_MAX && can_join(g, n, axis))
        infer_codes(g, n, y, axis);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_shape s = out->tensor->shape;
    int64_t given = ((const concat_attr *)n->attr)->axis;
    int axis = (int)(given < 0 ? given + s.rank : given);
    size_t inner = 1, at = 0;
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    for (int i = 0; i < n->in_count; i++) {
        const double *x = out->real ? lf_value_reals(run, &in[i]) : NULL;
        size_t run_of = (size_t)in[i].tensor->shape.dim[axis] * inner, row = (size_t)s.dim[axis] * inner;
        for (size_t e = 0; e < in[i].count; e++) {
            size_t to = at + e / run_of * row + e % run_of;
            if (x)
                out->real[to] = x[e];
            else
                out->code[to] = in[i].code[e];
        }
        at += run_of;
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(concat_attr, axis), "0", NULL, 0, 0, "axis along which operands follow one another"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    concat_attr *a = n->attr;
    a->axis = lf_axis_to_last(a->axis, lf_out(g, n, 0)->shape.rank);
    return true;
}

const lf_op lf_op_concat = {
    .name = "concat",
    .help = "joins tensors along an axis (ONNX Concat)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1024,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(concat_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .relayout = relayout,
};
