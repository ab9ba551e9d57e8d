/* space becomes channels: y[n, (i b + j) C + c, h, w] = x[n, c, h b + i, w b + j], where C is the number of
 * channels of x and b the block (ONNX SpaceToDepth).
 *   in 0   x  [N, C, H, W], or with layout channels_last [N, H, W, C]
 *   out 0  y  on x's grid when it has one scale; else real */
#include "ops/pixel_blocks.h"

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_pixel_blocks_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_where where = lf_where_node(g, n);
    lf_frame f = x->shape.rank == 4 ? lf_frame_of(x->shape, a->layout) : (lf_frame){0};
    int64_t b = a->block;
    if (x->shape.rank != 4 || f.h % b || f.w % b)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "%s has the shape %s; pixel_unshuffle with block=%lld takes pictures of 4 axes with rows and "
                       "columns that block divides",
                       x->name, lf_shape_text(g->arena, x->shape), (long long)b);
    return lf_pixel_blocks_infer(g, n, (lf_frame){f.c * b * b, f.h / b, f.w / b});
}

static lf_frame source(const lf_pixel_blocks_attr *a, lf_frame at, lf_frame y, lf_frame x) {
    int64_t b = a->block;
    int64_t within = at.c / x.c;
    (void)y;
    return (lf_frame){at.c % x.c, at.h * b + within / b, at.w * b + within % b};
}

static const lf_pixel_blocks_own own = {source};

static const lf_attr_desc attrs[] = {{"layout", LF_ATTR_ENUM, offsetof(lf_pixel_blocks_attr, layout), "channels_first",
                                      lf_layout_names, 0, 0, "where the channels are"},
                                     {"block", LF_ATTR_INT, offsetof(lf_pixel_blocks_attr, block), NULL, NULL, 1,
                                      1 << 15, "rows and columns of a block"},
                                     {0}};

const lf_op lf_op_pixel_unshuffle = {
    .name = "pixel_unshuffle",
    .help = "blocks of pixels become channels (ONNX SpaceToDepth)",
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
