/* The geometry of a sliding window: what the op, its hardware and its tests have in common. */
#ifndef LF_OPS_WINDOW_H
#define LF_OPS_WINDOW_H

#include "ops/columns.h"
#include "ops/picture.h"

typedef enum lf_window_style { LF_WINDOW_AUTO, LF_WINDOW_SERIAL, LF_WINDOW_PARALLEL } lf_window_style;
typedef enum lf_window_order { LF_WINDOW_ROWS, LF_WINDOW_COLUMNS } lf_window_order;

typedef struct lf_window_attr {
    lf_ints kernel, strides, dilations, pads;
    int64_t pad_code, interleave, SIMD;
    int order;     /* lf_window_order */
    int style;     /* lf_window_style */
    int ram_style; /* lf_rom_ram */
} lf_window_attr;

/* Index 0: rows, 1: columns. */
typedef struct lf_window {
    lf_picture x, y; /* y.channels = kernel[0] * kernel[1] * x.channels */
    int64_t kernel[2], stride[2], dilation[2];
    int64_t before[2]; /* padding above and to the left; negative: cropped */
    int64_t interleave;
    bool columns;       /* elements are ordered (C / interleave, KW, KH, interleave) */
    bool whole_columns; /* a beat is one of them */
    bool parallel;      /* a beat is a whole window */
    bool padded;        /* some window reaches into padding */
} lf_window;

/* LF_BAD_INPUT, naming what does not fit. */
LF_MUST_USE lf_status lf_window_make(const lf_graph *g, const lf_node *n, lf_window *out);
/* The two units that a window of style parallel consists of: one that gives every column of its windows once, whole, and one that makes
 * windows of columns. */
void lf_window_split(const lf_window *w, lf_window *column, lf_columns_attr *turn);

#endif
