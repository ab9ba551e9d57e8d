/* Shape (ONNX Shape): the dimensions of x from axis `start` to before `end`, a constant as soon as shapes are known.
 *   in 0   x
 *   out 0  y  [rank]  codes with scale 1
 * Its values do not depend on x's: exec may be run with an operand that has neither codes nor reals. */
#include "ops/elementwise.h"

typedef struct shape_attr {
    int64_t start, end;
} shape_attr;

static int clamp_axis(int64_t axis, int rank) {
    axis = axis < 0 ? axis + rank : axis;
    return (int)(axis < 0 ? 0 : axis > rank ? rank : axis);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const shape_attr *a = n->attr;
    lf_shape x = lf_in(g, n, 0)->shape;
    int first = clamp_axis(a->start, x.rank), last = clamp_axis(a->end, x.rank);
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = (lf_shape){.rank = 1, .dim = {last > first ? last - first : 0}};
    lf_range r = {0, 0, 1};
    for (int i = first; i < last; i++) {
        lf_range one = {x.dim[i], x.dim[i], 1};
        r = i == first ? one : lf_range_join(r, one);
    }
    lf_set_codes(g, y, r);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run;
    const shape_attr *a = n->attr;
    int first = clamp_axis(a->start, in->tensor->shape.rank);
    for (size_t i = 0; i < out->count; i++)
        out->code[i] = in->tensor->shape.dim[(size_t)first + i];
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"start", LF_ATTR_INT, offsetof(shape_attr, start), "0", NULL, 0, 0, "first axis"},
    {"end", LF_ATTR_INT, offsetof(shape_attr, end), "8", NULL, 0, 0, "axis before which it ends"},
    {0}};

const lf_op lf_op_shape = {
    .name = "shape",
    .help = "the dimensions of its operand (ONNX Shape)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(shape_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
