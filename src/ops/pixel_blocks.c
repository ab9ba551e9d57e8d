#include "ops/pixel_blocks.h"

#include "ops/elementwise.h"

lf_frame lf_frame_of(lf_shape s, int layout) {
    return layout ? (lf_frame){s.dim[3], s.dim[1], s.dim[2]} : (lf_frame){s.dim[1], s.dim[2], s.dim[3]};
}

static size_t element(lf_frame f, int layout, int64_t image, lf_frame at) {
    return lf_slide_element(layout, f.c, f.h * f.w, image, at.c, at.h * f.w + at.w);
}

lf_status lf_pixel_blocks_infer(lf_graph *g, lf_node *n, lf_frame to) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    int64_t images = x->shape.dim[0];
    bool last = ((const lf_pixel_blocks_attr *)n->attr)->layout == LF_CHANNELS_LAST;
    lf_set_real(g, n, y, last ? (lf_shape){4, {images, to.h, to.w, to.c}} : (lf_shape){4, {images, to.c, to.h, to.w}});
    if (!lf_on_grid(x) || x->grid.scale_count != 1)
        return LF_OK;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    y->channel_range = NULL;
    y->range_axis = 0;
    return LF_OK;
}

lf_status lf_pixel_blocks_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_pixel_blocks_own *own = n->op->own;
    const lf_pixel_blocks_attr *a = n->attr;
    lf_frame xf = lf_frame_of(in->tensor->shape, a->layout), yf = lf_frame_of(out->tensor->shape, a->layout);
    const double *x = out->real ? lf_value_reals(run, in) : NULL;
    for (int64_t image = 0; image < in->tensor->shape.dim[0]; image++)
        for (lf_frame at = {0}; at.c < yf.c; at.c++)
            for (at.h = 0; at.h < yf.h; at.h++)
                for (at.w = 0; at.w < yf.w; at.w++) {
                    size_t to = element(yf, a->layout, image, at);
                    size_t from = element(xf, a->layout, image, own->source(a, at, yf, xf));
                    if (x)
                        out->real[to] = x[from];
                    else
                        out->code[to] = in->code[from];
                }
    return LF_OK;
}

bool lf_pixel_blocks_relayout(lf_graph *g, lf_node *n) {
    (void)g;
    lf_pixel_blocks_attr *a = n->attr;
    bool first = a->layout == LF_CHANNELS_FIRST;
    a->layout = LF_CHANNELS_LAST;
    return first;
}
