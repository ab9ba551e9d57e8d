/* Sum (ONNX Add, NumPy broadcasting): y = a + b.
 *   in 0, 1  a, b
 *   out 0    y   on the grid when both are and their steps are equal or powers of two apart (per channel): codes aligned to the
 *                finer step and added exactly; else real, a + b in double. A constant 0 lies on every grid. */
#include "ops/align.h"
#include "ops/elementwise.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    return lf_sum_infer(g, n, 1);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    return lf_sum_exec(run, in, out, 1);
}

const lf_op lf_op_add = {
    .name = "add",
    .help = "elementwise sum",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_up_in_any,
};
