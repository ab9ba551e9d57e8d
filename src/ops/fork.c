/* Fork: every output is the input.
 *   in 0       x  codes
 *   out 0..7   y  codes, the same
 *   A beat stays until every output has taken it; outputs take it when they can. II = beats per frame. */
#include "ops/stream.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_codes(g, n, 0));
    const lf_tensor *x = lf_in(g, n, 0);
    for (int i = 0; i < n->out_count; i++)
        lf_same_codes(g, lf_out(g, n, i), x);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    for (int i = 0; i < n->out_count; i++)
        LF_TRY(lf_exec_same(run, n, in, &out[i]));
    return LF_OK;
}

const lf_op lf_op_fork = {
    .name = "fork",
    .help = "gives a stream to several units",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 2,
    .out_max = LF_UNIT_PORTS,
    .infer = infer,
    .exec = exec,
    .lanes = lf_lanes_pass,
};
