/* Index of the largest element along an axis; the lowest index when several are equal (the highest with select_last_index).
 *   in 0   x  any shape, reals or codes
 *   out 0  y  x's shape with `axis` 1 (keepdims) or gone; codes 0 .. n - 1
 *   Reals are compared as they are, codes of one scale as integers.
 *   Hardware: codes, last axis, PE elements per clock; II = elements / PE cycles.      Source: ONNX ArgMax-13. */
#include <inttypes.h>
#include <stdlib.h>

#include "ops/circuit_face.h"
#include "ops/elementwise.h"
#include "ops/stream.h"

typedef struct lf_argmax_attr {
    int64_t axis, PE;
    bool keepdims, select_last_index;
} lf_argmax_attr;

static const lf_attr_desc attrs[] = {
    {"axis", LF_ATTR_INT, offsetof(lf_argmax_attr, axis), "0", NULL, 0, 0,
     "the axis that is searched; negative: from the end"},
    {"keepdims", LF_ATTR_BOOL, offsetof(lf_argmax_attr, keepdims), "true", NULL, 0, 0, "keep the axis with length 1"},
    {"select_last_index", LF_ATTR_BOOL, offsetof(lf_argmax_attr, select_last_index), "false", NULL, 0, 0,
     "the highest index among equals"},
    {"PE", LF_ATTR_INT, offsetof(lf_argmax_attr, PE), "1", NULL, 1, 1 << 20, "elements per clock; divides the axis"},
    {0},
};

static int axis_of(const lf_graph *g, const lf_node *n) {
    const lf_argmax_attr *a = n->attr;
    return (int)(a->axis < 0 ? a->axis + lf_in(g, n, 0)->shape.rank : a->axis);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_argmax_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    int axis;
    LF_TRY(lf_need_axis(g, n, a->axis, x->shape.rank, &axis));
    int64_t length = x->shape.dim[axis];
    if (length < 1) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "axis %d of %s has no elements", axis,
                       lf_shape_text(g->arena, x->shape));
    }
    y->shape.rank = 0;
    for (int i = 0; i < x->shape.rank; i++)
        if (i != axis || a->keepdims)
            y->shape.dim[y->shape.rank++] = i == axis ? 1 : x->shape.dim[i];
    lf_set_codes(g, y, (lf_range){0, length - 1, 1});
    return LF_OK;
}

/* -- exec -------------------------------------------------------------------------------------------------------------- */

/* Whether a code beats another: the sign of the one scale they share. */
static int64_t best_code(const lf_value *x, size_t at, size_t stride, int64_t count, bool last) {
    int64_t best = 0, turn = x->tensor->grid.scale[0] < 0 ? -1 : 1;
    for (int64_t i = 1; i < count; i++) {
        int64_t candidate = x->code[at + (size_t)i * stride], held = x->code[at + (size_t)best * stride];
        bool wins = turn > 0 ? candidate > held : candidate < held;
        if (wins || (last && candidate == held))
            best = i;
    }
    return best;
}

static int64_t best_real(const double *x, size_t at, size_t stride, int64_t count, bool last) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++) {
        double candidate = x[at + (size_t)i * stride], held = x[at + (size_t)best * stride];
        if (candidate > held || (last && candidate == held))
            best = i;
    }
    return best;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_argmax_attr *a = n->attr;
    lf_shape s = in[0].tensor->shape;
    int axis = axis_of(run->graph, n);
    size_t stride = 1;
    for (int i = axis + 1; i < s.rank; i++)
        stride *= (size_t)s.dim[i];
    bool codes = in[0].code && in[0].tensor->grid.scale_count == 1;
    const double *real = codes ? NULL : lf_value_reals(run, &in[0]);
    for (size_t i = 0; i < out[0].count; i++) {
        size_t at = i / stride * stride * (size_t)s.dim[axis] + i % stride;
        out[0].code[i] = codes ? best_code(&in[0], at, stride, s.dim[axis], a->select_last_index)
                               : best_real(real, at, stride, s.dim[axis], a->select_last_index);
    }
    return LF_OK;
}

/* -- hardware ------------------------------------------------------------------------------------------------------------ */

static lf_status check(const lf_graph *g, const lf_node *n) {
    const lf_argmax_attr *a = n->attr;
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_need_codes(g, n, 0));
    const lf_tensor *x = lf_in(g, n, 0);
    if (axis_of(g, n) != x->shape.rank - 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "argmax in hardware works along the last axis, not along axis %" PRId64 " of %s", a->axis,
                       lf_shape_text(g->arena, x->shape));
    if (a->select_last_index)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "argmax in hardware gives the lowest index among equals, not the last one");
    return lf_need_divisor(g, n, "PE", a->PE, x->shape.dim[x->shape.rank - 1], "elements");
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = ((const lf_argmax_attr *)n->attr)->PE;
    out[0] = 1;
}

static int64_t group_beats(const lf_graph *g, const lf_node *n) {
    lf_shape s = lf_in(g, n, 0)->shape;
    return s.dim[s.rank - 1] / ((const lf_argmax_attr *)n->attr)->PE;
}

static int tree_levels(int64_t pe) {
    return pe > 1 ? lf_bits_unsigned((uint64_t)(pe - 1)) : 0;
}

static int64_t frame_beats(const lf_graph *g, const lf_node *n) {
    return lf_shape_count(lf_in(g, n, 0)->shape) / ((const lf_argmax_attr *)n->attr)->PE;
}

/* Fitted to yosys counts (xc7): a comparison takes a LUT per bit, the choice behind it one per bit of value and half an index. */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    LF_TRY(check(g, n));
    int64_t pe = ((const lf_argmax_attr *)n->attr)->PE;
    int in = lf_dtype_bits(lf_in(g, n, 0)->dtype), index = lf_dtype_bits(lf_out(g, n, 0)->dtype);
    *out = (lf_cost){.lut = 3, .ff = 1 + index + tree_levels(pe), .ii_cycles = frame_beats(g, n)};
    out->lut += (double)(pe - 1) * (2.0 * in + 0.5 * index + 1);
    out->ff += (double)((pe - 1) * (in + index));
    if (group_beats(g, n) > 1) {
        out->lut += in + 4 * index + 3;
        out->ff += in + 2 * index + 3;
    }
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    LF_TRY(check(g, n));
    const lf_tensor *x = lf_in(g, n, 0);
    lf_stream_instance(g, n, v, "lf_argmax");
    lf_vlog_param(v, "IN_BITS", "%d", lf_dtype_bits(x->dtype));
    lf_vlog_param(v, "SIGNED", "%d", lf_dtype_signed(x->dtype));
    lf_vlog_param(v, "PE", "%" PRId64, ((const lf_argmax_attr *)n->attr)->PE);
    lf_vlog_param(v, "BEATS", "%" PRId64, group_beats(g, n));
    lf_vlog_param(v, "OUT_BITS", "%d", lf_dtype_bits(lf_out(g, n, 0)->dtype));
    return LF_OK;
}

/* -- the twin of rtl/lf_argmax.v -------------------------------------------------------------------------------------------- */

typedef struct argmax {
    uint64_t valid; /* bit i: level i + 1 of the tree holds a beat */
    int levels;
    int64_t beat, beats; /* of the vector that is being searched */
    bool done;
} argmax;

static bool argmax_valid(const void *state, int port) {
    (void)port;
    return ((const argmax *)state)->done;
}

static bool argmax_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const argmax *u = state;
    (void)port;
    (void)s_valid;
    return !(u->beat == u->beats - 1 && u->done && !m_ready[0]);
}

static void argmax_clock(void *state, const bool *s_valid, const bool *m_ready) {
    argmax *u = state;
    bool ce = argmax_ready(u, 0, s_valid, m_ready);
    bool arrives = ce && (u->levels ? (u->valid >> (u->levels - 1)) & 1 : s_valid[0]);
    bool last = u->beat == u->beats - 1;
    u->done = (arrives && last) || (u->done && !m_ready[0]);
    if (arrives)
        u->beat = last ? 0 : u->beat + 1;
    if (ce && u->levels)
        u->valid = (u->valid << 1 | s_valid[0]) & (((uint64_t)1 << u->levels) - 1);
}

static void argmax_shorten(void *state) {
    ((argmax *)state)->levels = 0;
}

static const lf_unit_kind argmax_kind = {argmax_valid, argmax_ready, argmax_clock, NULL, NULL, argmax_shorten};

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    LF_TRY(check(g, n));
    argmax *u = LF_NEW(a, argmax);
    u->levels = tree_levels(((const lf_argmax_attr *)n->attr)->PE);
    u->beats = group_beats(g, n);
    *out =
        lf_twin_new(a, n->name, &argmax_kind, u, sizeof *u, frame_beats(g, n), lf_shape_count(lf_out(g, n, 0)->shape));
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    const lf_tensor *x = lf_in(g, n, 0);
    bool last = ((const lf_argmax_attr *)n->attr)->select_last_index;
    int axis = axis_of(g, n);
    size_t length = (size_t)x->shape.dim[axis], stride = 1, count = (size_t)lf_shape_count(lf_out(g, n, 0)->shape);
    for (int i = axis + 1; i < x->shape.rank; i++)
        stride *= (size_t)x->shape.dim[i];
    LF_TRY(lf_need_codes(g, n, 0));
    lf_word *value = malloc(length * sizeof *value);
    if (!value)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s: no memory", n->name);
    for (size_t e = 0; e < count; e++) {
        const lf_word *from = in[0] + e / stride * stride * length + e % stride;
        for (size_t k = 0; k < length; k++) /* among equals the first wins: turned around, the last */
            value[k] = from[(last ? length - 1 - k : k) * stride];
        lf_word best = lf_circuit_argmax(c, value, length);
        out[0][e] = last ? lf_circuit_sub(c, lf_circuit_const(c, (int64_t)length - 1), best) : best;
    }
    free(value);
    return LF_OK;
}

const lf_op lf_op_argmax = {
    .name = "argmax",
    .help = "index of the largest element along an axis",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_argmax_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
