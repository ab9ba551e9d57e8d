/* Choice (ONNX Where): y = a where the condition is 1, else b.
 *   in 0     condition  codes 0 and 1
 *   in 1, 2  a, b       all three broadcast
 *   out 0    y          on the grid when a and b are on one and the same with one scale; else real */
#include "ops/elementwise.h"

static bool one_grid(const lf_tensor *a, const lf_tensor *b) {
    return lf_plain_grid(a) && lf_plain_grid(b) && a->grid.scale_count == 1 && b->grid.scale_count == 1 &&
           a->grid.scale[0] == b->grid.scale[0];
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *c = lf_in(g, n, 0), *a = lf_in(g, n, 1), *b = lf_in(g, n, 2);
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape shape;
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_infer_broadcast(g, n, 3, &shape));
    if (!lf_is_codes(c) || c->range.lo < 0 || c->range.hi > 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the condition of where, %s, is not made of truth values",
                       c->name);
    for (int i = 1; i <= 2; i++)
        if (lf_in(g, n, i)->value)
            LF_TRY(lf_need_finite(g, n, i, "operand", false));
    lf_set_real(g, n, y, shape);
    if (!one_grid(a, b))
        return LF_OK;
    lf_same_grid(y, a);
    y->range = lf_range_join(a->range, b->range);
    y->dtype = lf_dtype_for(y->range, false);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    lf_map m[3];
    for (int i = 0; i < 3; i++)
        m[i] = lf_map_make(in[i].tensor->shape, out->tensor->shape);
    const double *a = out->real ? lf_value_reals(run, &in[1]) : NULL,
                 *b = out->real ? lf_value_reals(run, &in[2]) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        int from = in[0].code[lf_map_at(&m[0], e)] ? 1 : 2;
        size_t at = lf_map_at(&m[from], e);
        if (out->code)
            out->code[e] = in[from].code[at];
        else
            out->real[e] = (from == 1 ? a : b)[at];
    }
    return LF_OK;
}

const lf_op lf_op_where = {
    .name = "where",
    .help = "one of two operands, by a condition (ONNX Where)",
    .level = LF_NN,
    .in_min = 3,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
};
