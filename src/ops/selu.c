/* Scaled exponential linear unit (ONNX Selu): y = gamma x for x > 0, else gamma (alpha exp(x) - alpha), by lf_exp.
 *   in 0   x  real or on the grid
 *   out 0  y  real
 * The defaults are the two float32 constants that ONNX gives. */
#include "num/realfn.h"
#include "ops/real_function.h"

typedef struct selu_attr {
    double alpha, gamma;
} selu_attr;

static double value(double x, const void *attr) {
    const selu_attr *a = attr;
    return x > 0 ? a->gamma * x : a->gamma * (a->alpha * lf_exp(x) - a->alpha);
}

static const lf_real_own own = {value};

static const lf_attr_desc attrs[] = {
    {"alpha", LF_ATTR_REAL, offsetof(selu_attr, alpha), "1.67326319217681884765625", NULL, 0, 0, "depth below 0"},
    {"gamma", LF_ATTR_REAL, offsetof(selu_attr, gamma), "1.05070102214813232421875", NULL, 0, 0, "scale of all"},
    {0}};

const lf_op lf_op_selu = {
    .name = "selu",
    .help = "gamma x, or gamma (alpha exp(x) - alpha) below 0 (ONNX Selu)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(selu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = lf_monotone_none,
};
