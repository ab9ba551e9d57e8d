/* One-bit quantizer (QONNX BipolarQuant): y = (x >= 0 ? +1 : -1) * scale.
 *   in 0   x      real or on the grid
 *   in 1   scale  constant that broadcasts against x, not 0
 *   out 0  y      codes -1 and +1 with that scale; real when the scale varies along several axes
 * Source: QONNX documentation of BipolarQuant, v1. */
#include "ops/elementwise.h"

typedef struct ranging {
    const lf_tensor *x;
    lf_map xm;
} ranging;

static int sign_of_code(const lf_tensor *x, size_t element, int64_t code) {
    return code == 0 || (code > 0) == (lf_grid_scale(x, element) > 0) ? 1 : -1;
}

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    (void)overflow;
    const ranging *r = arg;
    if (!lf_on_grid(r->x))
        return (lf_range){-1, 1, 2};
    size_t i = lf_map_at(&r->xm, e);
    lf_range x = lf_range_at(r->x, i);
    int a = sign_of_code(r->x, i, x.lo), b = sign_of_code(r->x, i, x.hi);
    return (lf_range){a < b ? a : b, a < b ? b : a, a != b ? 2 : 1};
}

static bool set_scales(lf_graph *g, lf_tensor *y, const lf_tensor *scale) {
    unsigned mask = lf_const_mask(scale, y->shape);
    int axis = lf_mask_axis(mask);
    if (axis < 0)
        return false;
    size_t count = mask ? scale->value->count : 1;
    double *s = LF_NEW_ARRAY(g->arena, double, count);
    for (size_t c = 0; c < count; c++)
        s[c] = lf_tensor_real(scale, c);
    return lf_set_grid(g, y, s, (int64_t)count, axis);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_const(g, n, 1, "scale"));
    LF_TRY(lf_need_finite(g, n, 1, "scale", true));
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, 2, &shape));
    const lf_tensor *x = lf_in(g, n, 0);
    ranging r = {x, lf_map_make(x->shape, shape)};
    lf_tensor *y = lf_out(g, n, 0);
    lf_set_real(g, n, y, shape);
    if (!set_scales(g, y, lf_in(g, n, 1)))
        return LF_OK;
    unsigned mask = lf_on_grid(r.x) ? lf_range_mask(r.x, shape) | lf_scale_mask(r.x, shape) : 0;
    if (!lf_set_ranges(g, y, mask, range_fn, &r))
        lf_set_real(g, n, y, shape);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    const double *x = lf_value_reals(run, &in[0]), *scale = lf_value_reals(run, &in[1]);
    lf_map xm = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map sm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    for (size_t e = 0; e < out->count; e++) {
        int code = x[lf_map_at(&xm, e)] >= 0 ? 1 : -1;
        if (out->code)
            out->code[e] = code;
        else
            out->real[e] = code * scale[lf_map_at(&sm, e)];
    }
    return LF_OK;
}

static lf_monotone monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    return lf_data_operand(g, n) == 0 ? lf_monotone_by(g, n, 1, axis, channel) : LF_MONO_NONE;
}

const lf_op lf_op_bipolar_quant = {
    .name = "bipolar_quant",
    .help = "one-bit quantizer: x >= 0 ? scale : -scale (QONNX BipolarQuant)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .monotone = monotone,
};
