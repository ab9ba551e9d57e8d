/* Local response normalization (ONNX LRN): y = x / (bias + alpha / size * s)^beta, where s is the sum of the squares of up to `size`
 * channels around x's own: floor((size - 1) / 2) before, ceil((size - 1) / 2) after, ascending.
 *   in 0   x  [N, C, ...], or with layout channels_last [N, ..., C]
 *   out 0  y  real, the power by lf_pow */
#include "num/realfn.h"
#include "ops/elementwise.h"

typedef struct lrn_attr {
    int layout;
    int64_t size;
    double alpha, beta, bias;
} lrn_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_where where = lf_where_node(g, n);
    if (x->shape.rank < 2)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "lrn of %s of shape %s, which has no channels", x->name,
                       lf_shape_text(g->arena, x->shape));
    lf_set_real(g, n, lf_out(g, n, 0), x->shape);
    return LF_OK;
}

static double normalized(const lrn_attr *a, const double *x, int64_t channel, int64_t channels, size_t stride) {
    int64_t first = channel - (a->size - 1) / 2, last = channel + a->size / 2;
    double sum = 0;
    for (int64_t c = first < 0 ? 0 : first; c <= last && c < channels; c++)
        sum += x[(size_t)c * stride] * x[(size_t)c * stride];
    return x[(size_t)channel * stride] / lf_pow(a->bias + a->alpha / (double)a->size * sum, a->beta);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lrn_attr *a = n->attr;
    const double *x = lf_value_reals(run, in);
    lf_shape s = out->tensor->shape;
    int axis = a->layout ? s.rank - 1 : 1;
    size_t inner = 1, channels = (size_t)s.dim[axis];
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    for (size_t e = 0; e < out->count; e++) {
        size_t first = e / (inner * channels) * inner * channels + e % inner;
        out->real[e] = normalized(a, x + first, (int64_t)(e / inner % channels), (int64_t)channels, inner);
    }
    return LF_OK;
}

static const char *const layouts[] = {"channels_first", "channels_last", NULL};

static const lf_attr_desc attrs[] = {
    {"layout", LF_ATTR_ENUM, offsetof(lrn_attr, layout), "channels_first", layouts, 0, 0, "where the channels are"},
    {"size", LF_ATTR_INT, offsetof(lrn_attr, size), NULL, NULL, 1, 1 << 20, "channels that are summed over"},
    {"alpha", LF_ATTR_REAL, offsetof(lrn_attr, alpha), "0.0001", NULL, 0, 0, "factor of the sum"},
    {"beta", LF_ATTR_REAL, offsetof(lrn_attr, beta), "0.75", NULL, 0, 0, "exponent"},
    {"bias", LF_ATTR_REAL, offsetof(lrn_attr, bias), "1", NULL, 0, 0, "what the sum is added to"},
    {0}};

const lf_op lf_op_lrn = {
    .name = "lrn",
    .help = "normalizes by the squares of neighbouring channels (ONNX LRN)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lrn_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
