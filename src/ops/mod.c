/* Remainder (ONNX Mod).
 *   in 0, 1  a, b  broadcast; b is never 0
 *   out 0    y     a - b floor(a / b), which has b's sign, or with fmod a - b trunc(a / b), which has a's. Codes with scale 1 when both
 *                  are; else real, exact (C's fmod is) and only with fmod, as ONNX has it. */
#include <math.h>

#include "ops/elementwise.h"

typedef struct mod_attr {
    bool fmod;
} mod_attr;

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *a = lf_in(g, n, 0), *b = lf_in(g, n, 1);
    lf_tensor *y = lf_out(g, n, 0);
    lf_shape shape;
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_infer_broadcast(g, n, 2, &shape));
    if (b->value)
        LF_TRY(lf_need_finite(g, n, 1, "divisor", true));
    lf_set_real(g, n, y, shape);
    bool by_a = ((const mod_attr *)n->attr)->fmod;
    if (!lf_is_codes(a) || !lf_is_codes(b))
        return by_a ? LF_OK : lf_fail(g->ctx, LF_BAD_INPUT, &where, "the remainder of reals needs fmod = 1");
    int64_t most = b->range.hi > -b->range.lo ? b->range.hi : -b->range.lo; /* |y| < most */
    const lf_range *sign = by_a ? &a->range : &b->range;
    most = most > 0 ? most - 1 : 0;
    lf_set_codes(g, y, (lf_range){sign->lo < 0 ? -most : 0, sign->hi > 0 ? most : 0, 1});
    y->shape = shape;
    return LF_OK;
}

static int64_t remainder_of(int64_t a, int64_t b, bool by_a) {
    int64_t r = b == -1 ? 0 : a % b;
    return !by_a && r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_map am = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map bm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    bool by_a = ((const mod_attr *)n->attr)->fmod;
    const double *a = out->real ? lf_value_reals(run, &in[0]) : NULL,
                 *b = out->real ? lf_value_reals(run, &in[1]) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        size_t i = lf_map_at(&am, e), j = lf_map_at(&bm, e);
        lf_where where = lf_where_node(run->graph, n);
        if (b ? b[j] == 0 : in[1].code[j] == 0)
            return lf_fail(run->ctx, LF_BAD_INPUT, &where, "element %zu: a remainder of a division by 0", e);
        if (b)
            out->real[e] = fmod(a[i], b[j]);
        else
            out->code[e] = remainder_of(in[0].code[i], in[1].code[j], by_a);
    }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"fmod", LF_ATTR_BOOL, offsetof(mod_attr, fmod), "false", NULL, 0, 0, "the result has the sign of a, not of b"},
    {0}};

const lf_op lf_op_mod = {
    .name = "mod",
    .help = "remainder of a division (ONNX Mod)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(mod_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .monotone = lf_monotone_none,
};
