/* Logarithm of softmax (ONNX LogSoftmax, opset 13): along `axis`, y = (x - max) - log(sum of exp(x - max)), summed in ascending
 * order, by lf_exp and lf_log.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "num/realfn.h"
#include "ops/elementwise.h"

typedef struct log_softmax_attr {
    int64_t axis;
} log_softmax_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    int axis;
    LF_TRY(lf_need_axis(g, n, ((const log_softmax_attr *)n->attr)->axis, x->shape.rank, &axis));
    lf_set_real(g, n, lf_out(g, n, 0), x->shape);
    return LF_OK;
}

static void log_softmax(const double *x, double *y, size_t count, size_t stride) {
    double most = x[0], sum = 0;
    for (size_t i = 1; i < count; i++)
        most = x[i * stride] > most ? x[i * stride] : most;
    for (size_t i = 0; i < count; i++)
        sum += lf_exp(x[i * stride] - most);
    double log_sum = lf_log(sum);
    for (size_t i = 0; i < count; i++)
        y[i * stride] = x[i * stride] - most - log_sum;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_exec_lines(run, ((const log_softmax_attr *)n->attr)->axis, in, out, log_softmax);
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(log_softmax_attr, axis), "-1", NULL, 0, 0, "axis whose exponentials sum to 1"}, {0}};

const lf_op lf_op_log_softmax = {
    .name = "log_softmax",
    .help = "logarithm of softmax (ONNX LogSoftmax)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(log_softmax_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
