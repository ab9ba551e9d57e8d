/* Hardmax (ONNX Hardmax, opset 13): along `axis`, 1 for the first of the largest elements, 0 for the others.
 *   in 0   x  real or on the grid
 *   out 0  y  codes 0 and 1 */
#include "ops/elementwise.h"

typedef struct hardmax_attr {
    int64_t axis;
} hardmax_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    int axis;
    LF_TRY(lf_need_axis(g, n, ((const hardmax_attr *)n->attr)->axis, x->shape.rank, &axis));
    y->shape = x->shape;
    lf_set_codes(g, y, (lf_range){0, 1, 1});
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const double *x = lf_value_reals(run, in);
    lf_shape s = out->tensor->shape;
    int64_t given = ((const hardmax_attr *)n->attr)->axis;
    int axis = (int)(given < 0 ? given + s.rank : given);
    size_t length = (size_t)s.dim[axis], inner = 1;
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    for (size_t line = 0; length && line < out->count / length; line++) {
        size_t first = line / inner * length * inner + line % inner, best = 0;
        for (size_t k = 1; k < length; k++)
            best = x[first + k * inner] > x[first + best * inner] ? k : best;
        for (size_t k = 0; k < length; k++)
            out->code[first + k * inner] = k == best;
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(hardmax_attr, axis), "-1", NULL, 0, 0, "axis with a single 1"}, {0}};

const lf_op lf_op_hardmax = {
    .name = "hardmax",
    .help = "1 for the first of the largest elements (ONNX Hardmax)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(hardmax_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
