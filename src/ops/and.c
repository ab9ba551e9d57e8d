/* Logic (ONNX And): y = a && b.
 *   in 0, 1  a, b  codes 0 and 1
 *   out 0    y     codes 0 and 1 */
#include "ops/logic.h"

static bool ask(bool a, bool b) {
    return a && b;
}

static const lf_logic_own own = {ask};

const lf_op lf_op_and = {
    .name = "and",
    .help = "both operands' truth values joined (ONNX And)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .own = &own,
    .infer = lf_logic_infer,
    .exec = lf_logic_exec,
};
