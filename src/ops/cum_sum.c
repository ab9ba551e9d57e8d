/* Running sums along an axis (ONNX CumSum).
 *   in 0   x
 *   out 0  y  y[i] = x[0] + ... + x[i], in that order; exclusive: without x[i]; reverse: from the end. On x's grid when it has one
 *             scale; else real */
#include "ops/elementwise.h"

typedef struct cum_sum_attr {
    int64_t axis;
    bool exclusive, reverse;
} cum_sum_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const cum_sum_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    int axis;
    bool overflow = false;
    LF_TRY(lf_need_axis(g, n, a->axis, x->shape.rank, &axis));
    lf_set_real(g, n, y, x->shape);
    if (!lf_plain_grid(x) || x->grid.scale_count != 1)
        return LF_OK;
    lf_range all = lf_range_scale(x->range, x->shape.dim[axis], &overflow), none = {0, 0, 1};
    lf_range r = lf_range_join(lf_range_join(all, x->range), none);
    r.step = 1;
    if (overflow || r.lo < -LF_CODE_MAX || r.hi > LF_CODE_MAX)
        return LF_OK;
    lf_same_grid(y, x);
    y->range = r;
    y->dtype = lf_dtype_for(r, false);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const cum_sum_attr *a = n->attr;
    lf_shape s = out->tensor->shape;
    int axis = (int)(a->axis < 0 ? a->axis + s.rank : a->axis);
    size_t inner = 1, length = (size_t)s.dim[axis];
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t line = 0; length && line < out->count / length; line++) {
        size_t first = line / inner * length * inner + line % inner;
        double real = 0;
        int64_t code = 0;
        for (size_t k = 0; k < length; k++) {
            size_t at = first + (a->reverse ? length - 1 - k : k) * inner;
            double before = real;
            int64_t code_before = code;
            real += x ? x[at] : 0;
            code += x ? 0 : in->code[at];
            if (x)
                out->real[at] = a->exclusive ? before : real;
            else
                out->code[at] = a->exclusive ? code_before : code;
        }
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(cum_sum_attr, axis), "0", NULL, 0, 0, "axis that is summed along"},
    {"exclusive", LF_ATTR_BOOL, offsetof(cum_sum_attr, exclusive), "false", NULL, 0, 0, "sums of what comes before"},
    {"reverse", LF_ATTR_BOOL, offsetof(cum_sum_attr, reverse), "false", NULL, 0, 0, "from the end"},
    {0}};

const lf_op lf_op_cum_sum = {
    .name = "cum_sum",
    .help = "running sums along an axis (ONNX CumSum)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(cum_sum_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
