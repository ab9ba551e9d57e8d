/* Nearest-neighbour scaling (ONNX Resize, mode nearest; Upsample): along axis i, y[k] = x[position(k)].
 *   in 0   x
 *   out 0  y  on x's grid; its dimensions are `sizes`
 * position: k is brought to x's axis by `coordinates` and rounded by `nearest` (ONNX coordinate_transformation_mode and nearest_mode), in
 * double, and then kept inside the axis. The scale of an axis is the ratio of the sizes. A factor of 2 with asymmetric and floor is y[k] = x[k / 2]. */
#include <math.h>

#include "ops/axis_maps.h"
#include "ops/relayout.h"

enum { HALF_PIXEL, PYTORCH_HALF_PIXEL, ALIGN_CORNERS, ASYMMETRIC };
enum { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL };

typedef struct resize_attr {
    lf_ints sizes;
    int coordinates, nearest;
} resize_attr;

static double original(int coordinates, double k, double from, double to) {
    switch (coordinates) {
    case ALIGN_CORNERS: return to == 1 ? 0 : k * (from - 1) / (to - 1);
    case ASYMMETRIC: return k * from / to;
    case PYTORCH_HALF_PIXEL: return to > 1 ? (k + 0.5) * from / to - 0.5 : 0;
    default: return (k + 0.5) * from / to - 0.5;
    }
}

static int64_t position(const resize_attr *a, int64_t k, int64_t from, int64_t to) {
    double x = original(a->coordinates, (double)k, (double)from, (double)to);
    double whole = a->nearest == FLOOR               ? floor(x)
                   : a->nearest == CEIL              ? ceil(x)
                   : a->nearest == ROUND_PREFER_CEIL ? floor(x + 0.5)
                                                     : ceil(x - 0.5);
    return whole < 0 ? 0 : whole > (double)(from - 1) ? from - 1 : (int64_t)whole;
}

static lf_status maps(const lf_graph *g, const lf_node *n, lf_arena *arena, lf_axis_maps *m) {
    const resize_attr *a = n->attr;
    lf_shape from = lf_in(g, n, 0)->shape;
    lf_where where = lf_where_node(g, n);
    bool fits = a->sizes.count == from.rank && lf_shape_count(from) > 0;
    for (int i = 0; fits && i < from.rank; i++)
        fits = a->sizes.at[i] > 0;
    if (!fits)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "resize needs one size above 0 for each of the %d axes of %s",
                       from.rank, lf_in(g, n, 0)->name);
    lf_shape to = lf_shape_make(from.rank, a->sizes.at);
    LF_TRY(lf_axis_maps_new(g, n, arena, from, to, m));
    for (int i = 0; i < to.rank; i++)
        for (int64_t k = 0; k < to.dim[i]; k++)
            m->at[i][k] = from.dim[i] == to.dim[i] ? k : position(a, k, from.dim[i], to.dim[i]);
    return LF_OK;
}

static const lf_axis_maps_own own = {maps};

static const char *const coordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", NULL};
static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};

static const lf_attr_desc attrs[] = {
    {"sizes", LF_ATTR_INTS, offsetof(resize_attr, sizes), NULL, NULL, 0, 0, "the shape of y"},
    {"coordinates", LF_ATTR_ENUM, offsetof(resize_attr, coordinates), "half_pixel", coordinates, 0, 0,
     "how an index of y becomes a place in x"},
    {"nearest", LF_ATTR_ENUM, offsetof(resize_attr, nearest), "round_prefer_floor", nearest, 0, 0,
     "how the place becomes an index"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    resize_attr *a = n->attr;
    a->sizes = lf_entries_to_last(g, a->sizes, lf_out(g, n, 0)->shape.rank, 1);
    return true;
}

const lf_op lf_op_resize = {
    .name = "resize",
    .help = "scaling by the nearest neighbour (ONNX Resize, Upsample)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(resize_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_axis_maps_node_infer,
    .exec = lf_axis_maps_node_exec,
    .relayout = relayout,
};
