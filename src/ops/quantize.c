/* Where the host hands integers to the circuit (contracts.md 2): the codes of a tensor, without its scale.
 *   in 0   x  on the grid, any scale
 *   out 0  y  the same codes, scale 1 */
#include "ops/elementwise.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    if (!lf_on_grid(x))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "quantize takes a tensor on an integer grid, %s is real", x->name);
    y->shape = x->shape;
    lf_set_codes(g, y, x->range);
    lf_same_ranges(y, x);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run, (void)n;
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = in->code[e];
    return LF_OK;
}

const lf_op lf_op_quantize = {
    .name = "quantize",
    .help = "host: the codes of a tensor on a grid",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
};
