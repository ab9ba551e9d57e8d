/* channels become space: y[n, c, h b + i, w b + j] = x[n, channel, h, w], channel = (i b + j) C + c for dcr, c b^2 + i b + j for crd,
 * where C is the number of channels of y and b the block (ONNX DepthToSpace).
 *   in 0   x  [N, C, H, W], or with layout channels_last [N, H, W, C]
 *   out 0  y  on x's grid when it has one scale; else real */
#include "ops/elementwise.h"

typedef struct pixel_shuffle_attr {
    int layout, mode;
    int64_t block;
} pixel_shuffle_attr;

/* A position as channel, row, column, whatever the layout. */
typedef struct frame {
    int64_t c, h, w;
} frame;

static frame frame_of(lf_shape s, int layout) {
    return layout ? (frame){s.dim[3], s.dim[1], s.dim[2]} : (frame){s.dim[1], s.dim[2], s.dim[3]};
}

static lf_shape shape_of(int64_t n, frame f, int layout) {
    return layout ? (lf_shape){4, {n, f.h, f.w, f.c}} : (lf_shape){4, {n, f.c, f.h, f.w}};
}

static size_t element(frame f, int layout, size_t n, frame at) {
    int64_t inside = layout ? (at.h * f.w + at.w) * f.c + at.c : (at.c * f.h + at.h) * f.w + at.w;
    return n * (size_t)(f.c * f.h * f.w) + (size_t)inside;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const pixel_shuffle_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    frame f = x->shape.rank == 4 ? frame_of(x->shape, a->layout) : (frame){0};
    int64_t b = a->block;
    if (x->shape.rank != 4 || f.c % (b * b))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "pixel_shuffle by %lld of %s of shape %s", (long long)b, x->name,
                       lf_shape_text(g->arena, x->shape));
    frame to = (frame){f.c / (b * b), f.h * b, f.w * b};
    lf_set_real(g, n, y, shape_of(x->shape.dim[0], to, a->layout));
    if (!lf_on_grid(x) || x->grid.scale_count != 1)
        return LF_OK;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    y->channel_range = NULL;
    y->range_axis = 0;
    return LF_OK;
}

static frame source(const pixel_shuffle_attr *a, frame at, frame yf, frame xf) {
    int64_t b = a->block;
    int64_t within = at.h % b * b + at.w % b;
    (void)xf;
    return (frame){a->mode ? at.c * b * b + within : within * yf.c + at.c, at.h / b, at.w / b};
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const pixel_shuffle_attr *a = n->attr;
    frame xf = frame_of(in->tensor->shape, a->layout), yf = frame_of(out->tensor->shape, a->layout);
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (size_t k = 0; k < (size_t)in->tensor->shape.dim[0]; k++)
        for (frame at = {0}; at.c < yf.c; at.c++)
            for (at.h = 0; at.h < yf.h; at.h++)
                for (at.w = 0; at.w < yf.w; at.w++) {
                    size_t to = element(yf, a->layout, k, at);
                    size_t from = element(xf, a->layout, k, source(a, at, yf, xf));
                    if (x)
                        out->real[to] = x[from];
                    else
                        out->code[to] = in->code[from];
                }
    return LF_OK;
}

static const char *const layouts[] = {"channels_first", "channels_last", NULL};
static const char *const modes[] = {"dcr", "crd", NULL};

static const lf_attr_desc attrs[] = {
    {"layout", LF_ATTR_ENUM, offsetof(pixel_shuffle_attr, layout), "channels_first", layouts, 0, 0,
     "where the channels are"},
    {"mode", LF_ATTR_ENUM, offsetof(pixel_shuffle_attr, mode), "dcr", modes, 0, 0,
     "whether the place in a block or the channel of y comes first among x's channels"},
    {"block", LF_ATTR_INT, offsetof(pixel_shuffle_attr, block), NULL, NULL, 1, 1 << 15, "rows and columns of a block"},
    {0}};

static bool relayout(lf_graph *g, lf_node *n) {
    (void)g;
    pixel_shuffle_attr *a = n->attr;
    bool first = a->layout == 0;
    a->layout = 1;
    return first;
}

const lf_op lf_op_pixel_shuffle = {
    .name = "pixel_shuffle",
    .help = "blocks of channels become pixels (ONNX DepthToSpace)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(pixel_shuffle_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .relayout = relayout,
};
