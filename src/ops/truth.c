#include "ops/truth.h"

lf_status lf_truth_infer(lf_graph *g, lf_node *n) {
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, 2, &shape));
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = shape;
    lf_set_codes(g, y, (lf_range){0, 1, 1});
    return LF_OK;
}

static bool same_one_scale(const lf_tensor *a, const lf_tensor *b) {
    return lf_on_grid(a) && lf_on_grid(b) && a->grid.scale_count == 1 && b->grid.scale_count == 1 &&
           a->grid.divisor == b->grid.divisor && a->grid.scale[0] == b->grid.scale[0];
}

/* Codes beyond 2^53 would meet when made real: their order is taken instead. */
static bool ask_codes(int64_t a, int64_t b, bool falling, lf_question *ask) {
    int order = falling ? (b > a) - (b < a) : (a > b) - (a < b);
    return ask(order, 0);
}

lf_status lf_truth_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_question *ask = ((const lf_truth_own *)n->op->own)->ask;
    lf_map am = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map bm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    bool codes = same_one_scale(in[0].tensor, in[1].tensor);
    bool falling = codes && lf_grid_value(in[0].tensor, 0, 1) < 0;
    const double *a = codes ? NULL : lf_value_reals(run, &in[0]), *b = codes ? NULL : lf_value_reals(run, &in[1]);
    for (size_t e = 0; e < out->count; e++) {
        size_t i = lf_map_at(&am, e), j = lf_map_at(&bm, e);
        out->code[e] = codes ? ask_codes(in[0].code[i], in[1].code[j], falling, ask) : ask(a[i], b[j]);
    }
    return LF_OK;
}

lf_monotone lf_truth_monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)axis, (void)channel;
    lf_monotone moves = ((const lf_truth_own *)n->op->own)->moves;
    int data = lf_data_operand(g, n);
    if (data < 0 || moves == LF_MONO_NONE)
        return LF_MONO_NONE;
    return (data == 0) == (moves == LF_MONO_UP) ? LF_MONO_UP : LF_MONO_DOWN;
}
