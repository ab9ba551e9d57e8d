/* Logic (ONNX Or): y = a || b.
 *   in 0, 1  a, b  codes 0 and 1
 *   out 0    y     codes 0 and 1 */
#include "ops/logic.h"

static bool ask(bool a, bool b) {
    return a || b;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run, (void)n;
    return lf_logic_exec(in, out, ask);
}

const lf_op lf_op_or = {
    .name = "or",
    .help = "both operands' truth values joined (ONNX Or)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_logic_infer,
    .exec = exec,
};
