/* The windows of pictures as rows and columns of a matrix, and back: what turns convolutions into matrix products.
 *
 * Pictures lie [channel][y][x][sample]. The matrix has one row per (channel, ky, kx), channel slowest, and one column per
 * (window, sample), sample fastest. Windows reach `pad` elements over every side; what lies outside is 0. */
#ifndef LF_KERN_PATCHES_H
#define LF_KERN_PATCHES_H

#include "kern/gemm_rows.h"

typedef struct lf_patches {
    size_t channels, height, width;     /* of a picture */
    size_t kernel_height, kernel_width; /* of a window */
    size_t stride, pad;                 /* the same on both axes and all sides */
    size_t out_height, out_width;       /* windows */
    size_t batch;                       /* samples, a multiple of LF_GEMM_LANES */
} lf_patches;

static inline size_t lf_patches_taps(const lf_patches *p) {
    return p->kernel_height * p->kernel_width;
}
static inline size_t lf_patches_windows(const lf_patches *p) {
    return p->out_height * p->out_width;
}
/* The matrix is the picture itself, row for row. */
bool lf_patches_plain(const lf_patches *p);

/* A part of the matrix: `rows` rows from row `row`, the columns of `windows` windows from `window` on. */
typedef struct lf_patch_part {
    size_t row, rows, window, windows;
} lf_patch_part;

/* out[r * ld + column]: that part of the matrix (ld >= windows * batch). */
void lf_patches_gather(const lf_patches *p, const float *picture, lf_patch_part part, float *out, size_t ld);
/* Adds every element of that part of a matrix to the element of the picture where it comes from, row by row and window by
 * window in ascending order. */
void lf_patches_scatter(const lf_patches *p, const lf_rows *kernel, const float *matrix, size_t ld, lf_patch_part part,
                        float *picture);

#endif
