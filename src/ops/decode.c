/* The value of an input that lies on a declared grid (contracts.md 2): y = code * scale + offset, or code / divisor.
 *   in 0   x  codes, scale 1
 *   out 0  y  on the grid when offset is 0 (scale, or 1 / divisor), else real
 * Lowering: none is left in an integer graph: what consumes it is composed with it over the codes. */
#include "ops/decode.h"

#include <math.h>

#include "ir/op.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_decode_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    if (!lf_is_codes(x))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "decode takes integer codes, %s is not on an integer grid",
                       x->name);
    double scale = a->divisor != 0 ? 1.0 / a->divisor : a->scale;
    if (!isfinite(scale) || scale == 0 || !isfinite(a->offset))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "the grid of input %s has a scale or offset that is 0 or not finite", x->name);
    y->shape = x->shape;
    y->grid = (lf_grid){0};
    y->dtype = LF_FLOAT32;
    if (a->offset != 0)
        return LF_OK;
    double *s = LF_NEW(g->arena, double);
    *s = scale;
    y->grid = (lf_grid){.scale = s, .scale_count = 1, .divisor = a->divisor};
    y->dtype = x->dtype;
    y->range = x->range;
    y->channel_range = NULL;
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run;
    const lf_decode_attr *a = n->attr;
    for (size_t i = 0; i < out->count; i++) {
        if (out->code)
            out->code[i] = in->code[i];
        else if (a->divisor != 0)
            out->real[i] = (double)in->code[i] / a->divisor + a->offset;
        else
            out->real[i] = (double)in->code[i] * a->scale + a->offset;
    }
    return LF_OK;
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)axis, (void)channel;
    const lf_decode_attr *a = n->attr;
    return (a->divisor != 0 ? a->divisor : a->scale) > 0 ? LF_MONO_UP : LF_MONO_DOWN;
}

static const lf_attr_desc attrs[] = {
    {"scale", LF_ATTR_REAL, offsetof(lf_decode_attr, scale), "1", NULL, 0, 0, "value of one code"},
    {"divisor", LF_ATTR_REAL, offsetof(lf_decode_attr, divisor), "0", NULL, 0, 0, "the value is code / divisor"},
    {"offset", LF_ATTR_REAL, offsetof(lf_decode_attr, offset), "0", NULL, 0, 0, "value of code 0"},
    {0}};

const lf_op lf_op_decode = {
    .name = "decode",
    .help = "the value of an input on a declared grid: code * scale + offset",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_decode_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = monotone,
};
