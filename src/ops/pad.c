/* Padding (ONNX Pad).
 *   in 0   x
 *   out 0  y  x with pads[i] indices before axis i and pads[rank + i] behind it; negative ones take away. constant: the value; reflect: x
 *             mirrored, its edge once; edge: the edge again; wrap: x again. On x's grid; with a value that is no code, real. */
#include "ops/axis_maps.h"
#include "ops/relayout.h"

enum { CONSTANT, REFLECT, EDGE, WRAP };

typedef struct pad_attr {
    int mode;
    lf_ints pads;
    double value;
} pad_attr;

static int64_t index_of(int mode, int64_t k, int64_t dim) {
    if (k >= 0 && k < dim)
        return k;
    switch (mode) {
    case EDGE: return k < 0 ? 0 : dim - 1;
    case WRAP: return (k % dim + dim) % dim;
    case REFLECT: {
        int64_t period = dim > 1 ? 2 * (dim - 1) : 1, at = (k % period + period) % period;
        return at < dim ? at : period - at;
    }
    default: return -1;
    }
}

static lf_status maps(const lf_graph *g, const lf_node *n, lf_arena *arena, lf_axis_maps *m) {
    const pad_attr *a = n->attr;
    lf_shape from = lf_in(g, n, 0)->shape, to = from;
    lf_where where = lf_where_node(g, n);
    if (a->pads.count != 2 * from.rank)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%lld pads for the %d axes of %s; two for each are needed",
                       (long long)a->pads.count, from.rank, lf_in(g, n, 0)->name);
    for (int i = 0; i < from.rank; i++) {
        int64_t before = a->pads.at[i], behind = a->pads.at[from.rank + i];
        bool small = before > -INT32_MAX && before < INT32_MAX && behind > -INT32_MAX && behind < INT32_MAX;
        to.dim[i] = small ? from.dim[i] + before + behind : -1;
        if (to.dim[i] < 0 || (from.dim[i] == 0 && a->mode != CONSTANT))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "pads %lld and %lld do not fit axis %d of %s, %s",
                           (long long)before, (long long)behind, i, lf_in(g, n, 0)->name,
                           lf_shape_text(g->arena, from));
    }
    LF_TRY(lf_axis_maps_new(g, n, arena, from, to, m));
    for (int i = 0; i < to.rank; i++)
        for (int64_t k = 0; k < to.dim[i]; k++)
            m->at[i][k] = index_of(a->mode, k - a->pads.at[i], from.dim[i]);
    return LF_OK;
}

static bool fills(const lf_axis_maps *m) {
    for (int i = 0; i < m->to.rank; i++)
        for (int64_t k = 0; k < m->to.dim[i]; k++)
            if (m->at[i][k] < 0)
                return true;
    return false;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const pad_attr *a = n->attr;
    lf_axis_maps m;
    LF_TRY(maps(g, n, g->arena, &m));
    lf_axis_maps_infer(g, n, lf_out(g, n, 0), lf_in(g, n, 0), &m, fills(&m) ? &a->value : NULL);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_axis_maps m;
    LF_TRY(maps(run->graph, n, run->scratch, &m));
    lf_axis_maps_exec(run, in, out, &m, ((const pad_attr *)n->attr)->value);
    return LF_OK;
}

static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};

static const lf_attr_desc attrs[] = {
    {"mode", LF_ATTR_ENUM, offsetof(pad_attr, mode), "constant", modes, 0, 0, "what stands in the padding"},
    {"pads", LF_ATTR_INTS, offsetof(pad_attr, pads), NULL, NULL, 0, 0, "before each axis, then behind each"},
    {"value", LF_ATTR_REAL, offsetof(pad_attr, value), "0", NULL, 0, 0, "of constant padding"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    pad_attr *a = n->attr;
    a->pads = lf_entries_to_last(g, a->pads, lf_out(g, n, 0)->shape.rank, 2);
    return true;
}

const lf_op lf_op_pad = {
    .name = "pad",
    .help = "padding: constant, reflect, edge, wrap (ONNX Pad)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(pad_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .relayout = relayout,
};
