/* Slices (ONNX Slice): along each named axis the indices start, start + step, ... before end (behind it for a negative step); negative
 * starts and ends count from the end of the axis, those outside are brought to it.
 *   in 0   x
 *   out 0  y  on x's grid
 * axes empty: the first axes; steps empty: 1. */
#include "ops/axis_maps.h"
#include "ops/relayout.h"

typedef struct slice_attr {
    lf_ints starts, ends, axes, steps;
} slice_attr;

static int64_t bring(int64_t v, int64_t dim, int64_t low, int64_t high) {
    v = v < 0 ? v + dim : v;
    return v < low ? low : v > high ? high : v;
}

/* First index and number of indices of one axis. */
static int64_t count_of(int64_t start, int64_t end, int64_t step, int64_t dim, int64_t *first) {
    if (step > 0) {
        *first = bring(start, dim, 0, dim);
        int64_t last = bring(end, dim, 0, dim);
        return last > *first ? (last - *first - 1) / step + 1 : 0;
    }
    *first = bring(start, dim, 0, dim - 1);
    int64_t last = bring(end, dim, -1, dim - 1);
    return *first > last ? (*first - last - 1) / -step + 1 : 0;
}

static lf_status check(const lf_graph *g, const lf_node *n) {
    const slice_attr *a = n->attr;
    lf_where where = lf_where_node(g, n);
    int rank = lf_in(g, n, 0)->shape.rank;
    bool counts = a->ends.count == a->starts.count && (a->axes.count == 0 || a->axes.count == a->starts.count) &&
                  (a->steps.count == 0 || a->steps.count == a->starts.count) && a->starts.count <= rank;
    for (int64_t i = 0; counts && i < a->steps.count; i++)
        if (a->steps.at[i] == 0 || a->steps.at[i] < -INT32_MAX || a->steps.at[i] > INT32_MAX)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "slice: a step of 0, or beyond 2^31");
    return counts ? LF_OK
                  : lf_fail(g->ctx, LF_BAD_INPUT, &where, "slice: starts, ends, axes and steps differ in number");
}

static lf_status maps(const lf_graph *g, const lf_node *n, lf_arena *arena, lf_axis_maps *m) {
    const slice_attr *a = n->attr;
    lf_shape from = lf_in(g, n, 0)->shape, to = from;
    int64_t first[LF_MAX_RANK] = {0}, step[LF_MAX_RANK];
    LF_TRY(check(g, n));
    for (int i = 0; i < from.rank; i++)
        step[i] = 1;
    for (int64_t i = 0; i < a->starts.count; i++) {
        int axis;
        LF_TRY(lf_need_axis(g, n, a->axes.count ? a->axes.at[i] : i, from.rank, &axis));
        step[axis] = a->steps.count ? a->steps.at[i] : 1;
        to.dim[axis] = count_of(a->starts.at[i], a->ends.at[i], step[axis], from.dim[axis], &first[axis]);
    }
    LF_TRY(lf_axis_maps_new(g, n, arena, from, to, m));
    for (int i = 0; i < to.rank; i++)
        for (int64_t k = 0; k < to.dim[i]; k++)
            m->at[i][k] = first[i] + k * step[i];
    return LF_OK;
}

static const lf_axis_maps_own own = {maps};

static const lf_attr_desc attrs[] = {
    {"starts", LF_ATTR_INTS, offsetof(slice_attr, starts), NULL, NULL, 0, 0, "first index of each axis"},
    {"ends", LF_ATTR_INTS, offsetof(slice_attr, ends), NULL, NULL, 0, 0, "index before which it ends"},
    {"axes", LF_ATTR_INTS, offsetof(slice_attr, axes), "[]", NULL, 0, 0, "the axes; empty: the first ones"},
    {"steps", LF_ATTR_INTS, offsetof(slice_attr, steps), "[]", NULL, 0, 0, "from index to index; empty: 1"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    slice_attr *a = n->attr;
    int64_t first[LF_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    lf_ints axes = a->axes.count ? a->axes : (lf_ints){first, a->starts.count};
    a->axes = lf_axes_to_last(g, axes, lf_out(g, n, 0)->shape.rank);
    return true;
}

const lf_op lf_op_slice = {
    .name = "slice",
    .help = "every so manyth index of some axes (ONNX Slice)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(slice_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_axis_maps_node_infer,
    .exec = lf_axis_maps_node_exec,
    .relayout = relayout,
};
