/* Thermometer code: y[.., f * L + k] = x[.., f] > T[f][k].
 *   in 0   x  [..., F]      real, or on the grid
 *   in 1   T  [F, L]        constant; codes (then x must be codes too, and integers are compared) or finite reals, compared as doubles
 *   out 0  y  [..., F * L]  UINT1
 * Source: Bacellar et al., Differentiable Weightless Neural Networks, 2024. */
#include <inttypes.h>

#include "ops/circuit_face.h"
#include "ops/branch.h"
#include "ops/elementwise.h"

/* Integers are compared where both sides are integers. */
static bool compares_codes(const lf_tensor *x, const lf_tensor *T) {
    return lf_is_codes(x) && lf_is_codes(T);
}

static lf_status check(const lf_graph *g, const lf_node *n) {
    LF_TRY(lf_need_const(g, n, 1, "thresholds"));
    LF_TRY(lf_need_finite(g, n, 1, "thresholds", false));
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 1);
    lf_where where = lf_where_node(g, n);
    if (x->shape.rank < 1 || T->shape.rank != 2 || T->shape.dim[0] != lf_last_dim(x->shape))
        return lf_fail(
            g->ctx, LF_BAD_INPUT, &where, "thresholds must have the shape [%" PRId64 ", L] for %s of shape %s, not %s",
            lf_last_dim(x->shape), x->name, lf_shape_text(g->arena, x->shape), lf_shape_text(g->arena, T->shape));
    return LF_OK;
}

/* Bits that the range of x decides. */
static void set_ranges(lf_graph *g, const lf_node *n, lf_tensor *y) {
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 1);
    int64_t L = T->shape.dim[1], count = lf_last_dim(y->shape);
    lf_set_codes(g, y, (lf_range){0, 1, 1});
    if (!compares_codes(x, T) || count < 1)
        return;
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, count);
    for (int64_t i = 0; i < count; i++) {
        lf_range in = lf_last_axis_range(x, i / L);
        int64_t t = lf_tensor_code(T, (size_t)i);
        r[i] = (lf_range){in.lo > t, in.hi > t, 1};
    }
    lf_set_channel_ranges(y, r, count, y->shape.rank - 1);
    y->dtype = lf_uint(1);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(check(g, n));
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape s = lf_in(g, n, 0)->shape, one = {.rank = 2};
    one.dim[0] = lf_last_dim(s);
    one.dim[1] = lf_in(g, n, 1)->shape.dim[1];
    LF_TRY(lf_need_size(g, n, one));
    s.dim[s.rank - 1] = one.dim[0] * one.dim[1];
    LF_TRY(lf_need_size(g, n, s));
    y->shape = s;
    set_ranges(g, n, y);
    return LF_OK;
}

static void compare_codes(const int64_t *x, const int64_t *T, size_t count, size_t levels, int64_t *y) {
    for (size_t f = 0; f < count; f++)
        for (size_t k = 0; k < levels; k++)
            y[f * levels + k] = x[f] > T[f * levels + k];
}

static void compare_reals(const double *x, const double *T, size_t count, size_t levels, int64_t *y) {
    for (size_t f = 0; f < count; f++)
        for (size_t k = 0; k < levels; k++)
            y[f * levels + k] = x[f] > T[f * levels + k];
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    lf_shape s = in[1].tensor->shape;
    size_t features = (size_t)s.dim[0], levels = (size_t)s.dim[1];
    bool codes = compares_codes(in[0].tensor, in[1].tensor);
    const double *x = codes ? NULL : lf_value_reals(run, &in[0]), *T = codes ? NULL : lf_value_reals(run, &in[1]);
    for (size_t at = 0; features && at < in[0].count; at += features) {
        if (codes)
            compare_codes(in[0].code + at, in[1].code, features, levels, out->code + at * levels);
        else
            compare_reals(x + at, T, features, levels, out->code + at * levels);
    }
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    const lf_tensor *T = lf_in(g, n, 1);
    lf_where where = lf_where_node(g, n);
    if (!compares_codes(lf_in(g, n, 0), T))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a circuit compares integers; these thresholds are real");
    size_t features = (size_t)T->shape.dim[0], levels = (size_t)T->shape.dim[1];
    size_t count = (size_t)lf_shape_count(lf_in(g, n, 0)->shape);
    for (size_t e = 0; e < count; e++)
        for (size_t k = 0; k < levels; k++)
            out[0][e * levels + k] =
                lf_circuit_less(c, lf_circuit_const(c, lf_tensor_code(T, e % features * levels + k)), in[0][e]);
    return LF_OK;
}

const lf_op lf_op_thermometer = {
    .name = "thermometer",
    .help = "one bit per threshold: x > T",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
};
