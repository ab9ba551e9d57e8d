/* Shrink (ONNX Shrink): y = x + bias for x < -lambd, x - bias for x > lambd, else 0.
 *   in 0   x  real or on the grid
 *   out 0  y  real */
#include "ops/real_function.h"

typedef struct shrink_attr {
    double bias, lambd;
} shrink_attr;

static double value(double x, const void *attr) {
    const shrink_attr *a = attr;
    return x < -a->lambd ? x + a->bias : x > a->lambd ? x - a->bias : 0;
}

static const lf_real_own own = {value};

static const lf_attr_desc attrs[] = {
    {"bias", LF_ATTR_REAL, offsetof(shrink_attr, bias), "0", NULL, 0, 0, "how far x is drawn toward 0"},
    {"lambd", LF_ATTR_REAL, offsetof(shrink_attr, lambd), "0.5", NULL, 0, 0,
     "half the width of the range that becomes 0"},
    {0}};

const lf_op lf_op_shrink = {
    .name = "shrink",
    .help = "x drawn toward 0 by bias, 0 within lambd (ONNX Shrink)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(shrink_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_real_infer,
    .exec = lf_real_exec,
    .monotone = lf_monotone_none,
};
