/* A chain of elementwise nodes over a picture, seen at one pixel: where the chain does the same everywhere, one vector of channels says
 * all, and thresholds need not be looked for pixel by pixel. */
#ifndef LF_PASS_ONE_PIXEL_H
#define LF_PASS_ONE_PIXEL_H

#include "ir/op.h"

typedef struct lf_one_pixel {
    lf_graph *graph;         /* the chain alone; to be freed with lf_graph_free */
    lf_tensor *base, *codes; /* [1, .., 1, C] */
    lf_ids nodes;
} lf_one_pixel;

/* The chain `nodes` behind `base` ([N, axes.., C], whose codes are `codes`) at one pixel. False when there is only one, or when
 * something in the chain differs between pixels. */
bool lf_one_pixel_make(const lf_graph *g, lf_arena *a, const lf_tensor *base, const lf_tensor *codes,
                       const lf_ids *nodes, lf_one_pixel *out);

#endif
