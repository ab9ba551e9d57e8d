/* What pixel_shuffle and pixel_unshuffle share: pictures [N, C, H, W] or [N, H, W, C] whose elements change places. */
#ifndef LF_OPS_PIXEL_BLOCKS_H
#define LF_OPS_PIXEL_BLOCKS_H

#include "ops/slide.h"

typedef struct lf_pixel_blocks_attr {
    int layout, mode; /* lf_layout; mode is pixel_shuffle's */
    int64_t block;
} lf_pixel_blocks_attr;

/* A position, or a size, as channel, row and column, whatever the layout. */
typedef struct lf_frame {
    int64_t c, h, w;
} lf_frame;

/* Of a shape of rank 4. */
lf_frame lf_frame_of(lf_shape s, int layout);

/* Output 0 of n: as many pictures of this size; on input 0's grid when it has one scale, else real. */
lf_status lf_pixel_blocks_infer(lf_graph *g, lf_node *n, lf_frame to);

/* Where in the input the element `at` of the output comes from. */
typedef lf_frame lf_frame_source(const lf_pixel_blocks_attr *a, lf_frame at, lf_frame y, lf_frame x);

/* lf_op.own of both ops. */
typedef struct lf_pixel_blocks_own {
    lf_frame_source *source;
} lf_pixel_blocks_own;

lf_status lf_pixel_blocks_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

bool lf_pixel_blocks_relayout(lf_graph *g, lf_node *n);

#endif
