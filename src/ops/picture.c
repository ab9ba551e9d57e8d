#include "ops/picture.h"

#include "ops/elementwise.h"
#include "ops/stream.h"

lf_picture lf_picture_of(lf_shape s) {
    bool flat = s.rank == 3;
    return (lf_picture){.axes = flat ? 1 : 2,
                        .height = flat ? 1 : s.dim[1],
                        .width = s.dim[flat ? 1 : 2],
                        .channels = s.dim[flat ? 2 : 3]};
}

lf_shape lf_picture_shape(lf_picture p) {
    return p.axes == 1 ? lf_shape_make(3, (int64_t[]){1, p.width, p.channels})
                       : lf_shape_make(4, (int64_t[]){1, p.height, p.width, p.channels});
}

lf_status lf_need_picture(const lf_graph *g, const lf_node *n, lf_picture *out) {
    LF_TRY(lf_need_codes(g, n, 0));
    lf_shape s = lf_in(g, n, 0)->shape;
    if ((s.rank != 3 && s.rank != 4) || s.dim[0] != 1 || lf_shape_count(s) < 1) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s works on [1, H, W, C] or [1, L, C], not on %s", n->op->name,
                       lf_shape_text(g->arena, s));
    }
    LF_TRY(lf_need_size(g, n, s));
    *out = lf_picture_of(s);
    return LF_OK;
}
