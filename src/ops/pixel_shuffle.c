/* channels become space: y[n, c, h b + i, w b + j] = x[n, channel, h, w], channel = (i b + j) C + c for dcr, c b^2 + i b + j for crd,
 * where C is the number of channels of y and b the block (ONNX DepthToSpace).
 *   in 0   x  [N, C, H, W], or with layout channels_last [N, H, W, C]
 *   out 0  y  on x's grid when it has one scale; else real */
#include "ops/pixel_blocks.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_pixel_blocks_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_where where = lf_where_node(g, n);
    lf_frame f = x->shape.rank == 4 ? lf_frame_of(x->shape, a->layout) : (lf_frame){0};
    int64_t b = a->block;
    if (x->shape.rank != 4 || f.c % (b * b))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "%s has the shape %s; pixel_shuffle with block=%lld takes pictures of 4 axes with channels that "
                       "block * block divides",
                       x->name, lf_shape_text(g->arena, x->shape), (long long)b);
    return lf_pixel_blocks_infer(g, n, (lf_frame){f.c / (b * b), f.h * b, f.w * b});
}

static lf_frame source(const lf_pixel_blocks_attr *a, lf_frame at, lf_frame y, lf_frame x) {
    int64_t b = a->block;
    int64_t within = at.h % b * b + at.w % b;
    (void)x;
    return (lf_frame){a->mode ? at.c * b * b + within : within * y.c + at.c, at.h / b, at.w / b};
}

static const lf_pixel_blocks_own own = {source};

static const char *const modes[] = {"dcr", "crd", NULL};

static const lf_attr_desc attrs[] = {
    {"layout", LF_ATTR_ENUM, offsetof(lf_pixel_blocks_attr, layout), "channels_first", lf_layout_names, 0, 0,
     "where the channels are"},
    {"mode", LF_ATTR_ENUM, offsetof(lf_pixel_blocks_attr, mode), "dcr", modes, 0, 0,
     "whether the place in a block or the channel of y comes first among x's channels"},
    {"block", LF_ATTR_INT, offsetof(lf_pixel_blocks_attr, block), NULL, NULL, 1, 1 << 15,
     "rows and columns of a block"},
    {0}};

const lf_op lf_op_pixel_shuffle = {
    .name = "pixel_shuffle",
    .help = "blocks of channels become pixels (ONNX DepthToSpace)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_pixel_blocks_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = lf_pixel_blocks_exec,
    .relayout = lf_pixel_blocks_relayout,
};
