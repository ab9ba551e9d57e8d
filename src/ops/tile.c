/* Repetition (ONNX Tile): x beside itself repeats[i] times along axis i.
 *   in 0   x
 *   out 0  y  on x's grid */
#include "ops/axis_maps.h"

typedef struct tile_attr {
    lf_ints repeats;
} tile_attr;

static lf_status maps(const lf_graph *g, const lf_node *n, lf_arena *arena, lf_axis_maps *m) {
    lf_ints repeats = ((const tile_attr *)n->attr)->repeats;
    lf_shape from = lf_in(g, n, 0)->shape, to = from;
    lf_where where = lf_where_node(g, n);
    for (int i = 0; i < from.rank; i++) {
        if (repeats.count != from.rank || repeats.at[i] < 0 || repeats.at[i] > INT32_MAX)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "tile needs one number of repeats for each of the %d axes of %s", from.rank,
                           lf_in(g, n, 0)->name);
        to.dim[i] *= repeats.at[i];
        LF_TRY(lf_need_size(g, n, to));
    }
    LF_TRY(lf_axis_maps_new(g, n, arena, from, to, m));
    for (int i = 0; i < to.rank; i++)
        for (int64_t k = 0; k < to.dim[i]; k++)
            m->at[i][k] = k % from.dim[i];
    return LF_OK;
}

static const lf_axis_maps_own own = {maps};

static const lf_attr_desc attrs[] = {
    {"repeats", LF_ATTR_INTS, offsetof(tile_attr, repeats), NULL, NULL, 0, 0, "how often, for each axis"}, {0}};

const lf_op lf_op_tile = {
    .name = "tile",
    .help = "x beside itself (ONNX Tile)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(tile_attr),
    .attrs = attrs,
    .own = &own,
    .infer = lf_axis_maps_node_infer,
    .exec = lf_axis_maps_node_exec,
};
