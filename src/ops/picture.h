/* What travels between the spatial units: pictures [1, H, W, C], or [1, L, C], which count as pictures of one row. */
#ifndef LF_OPS_PICTURE_H
#define LF_OPS_PICTURE_H

#include "ir/op.h"

typedef struct lf_picture {
    int axes; /* of space: 2, or 1 */
    int64_t height, width, channels;
} lf_picture;

/* LF_BAD_INPUT unless operand 0 is codes with scale 1 of such a shape, with elements. */
LF_MUST_USE lf_status lf_need_picture(const lf_graph *g, const lf_node *n, lf_picture *out);

/* The shape of a picture; the picture of a shape that lf_need_picture has accepted. */
lf_shape lf_picture_shape(lf_picture p);
lf_picture lf_picture_of(lf_shape s);

static inline int64_t lf_picture_pixels(lf_picture p) {
    return p.height * p.width;
}

#endif
