/* Negation of truth values (ONNX Not): y = 1 - x.
 *   in 0   x  codes 0 and 1
 *   out 0  y  codes 0 and 1 */
#include "ops/logic.h"

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run, (void)n;
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = !in->code[e];
    return LF_OK;
}

const lf_op lf_op_not = {
    .name = "not",
    .help = "1 - x for truth values (ONNX Not)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_logic_infer,
    .exec = exec,
    .monotone = lf_monotone_down,
};
