/* What ops share that slide a kernel over pictures (convolution, pooling): attributes, geometry, which elements a window holds.
 * Pictures have 1 to 3 axes; x is [N, C, axes...] or, with layout channels_last, [N, axes..., C]. */
#ifndef LF_OPS_SLIDE_H
#define LF_OPS_SLIDE_H

#include "ir/op.h"

enum { LF_SLIDE_AXES = 3 };

typedef enum lf_layout { LF_CHANNELS_FIRST, LF_CHANNELS_LAST } lf_layout;
extern const char *const lf_layout_names[];

typedef struct lf_slide_attr {
    int layout;                 /* lf_layout */
    lf_ints kernel;             /* one entry per axis */
    lf_ints strides, dilations; /* the same; empty: 1 everywhere */
    lf_ints pads;               /* all begins, then all ends; empty: 0 everywhere */
    bool ceil_mode;             /* a last window that does not fit whole counts when it begins inside */
} lf_slide_attr;

/* Lines of an attribute table for a struct whose first member is an lf_slide_attr. */
#define LF_SLIDE_ATTRS(type, kernel_help)                                                                              \
    {"layout",                                                                                                         \
     LF_ATTR_ENUM,                                                                                                     \
     offsetof(type, slide.layout),                                                                                     \
     "channels_first",                                                                                                 \
     lf_layout_names,                                                                                                  \
     0,                                                                                                                \
     0,                                                                                                                \
     "where the axis of channels stands"},                                                                             \
        {"kernel", LF_ATTR_INTS, offsetof(type, slide.kernel), "[]", NULL, 0, 0, kernel_help},                         \
        {"strides", LF_ATTR_INTS, offsetof(type, slide.strides), "[]", NULL, 0, 0, "steps between windows; empty: 1"}, \
        {"dilations",                                                                                                  \
         LF_ATTR_INTS,                                                                                                 \
         offsetof(type, slide.dilations),                                                                              \
         "[]",                                                                                                         \
         NULL,                                                                                                         \
         0,                                                                                                            \
         0,                                                                                                            \
         "steps between elements of a window; empty: 1"},                                                              \
    {                                                                                                                  \
        "pads", LF_ATTR_INTS, offsetof(type, slide.pads), "[]", NULL, 0, 0,                                            \
            "padding before every axis, then behind every axis; empty: 0"                                              \
    }

typedef struct lf_slide {
    int axes, layout;
    int64_t images, channels;
    int64_t in[LF_SLIDE_AXES], out[LF_SLIDE_AXES], kernel[LF_SLIDE_AXES], stride[LF_SLIDE_AXES],
        dilation[LF_SLIDE_AXES];
    int64_t begin[LF_SLIDE_AXES]; /* padding before the axis */
    int64_t positions, taps;      /* windows per picture; elements of one window per channel */
    int64_t pixels;               /* of one picture of x */
    bool padded;                  /* some window reaches into padding */
} lf_slide;

/* LF_BAD_INPUT, naming what does not fit, when the operand 0 of n has no such windows. */
LF_MUST_USE lf_status lf_slide_make(const lf_graph *g, const lf_node *n, const lf_slide_attr *a, lf_slide *out);

/* The same for ops that keep the channels; *shape: that of the output, which is not too large. */
LF_MUST_USE lf_status lf_slide_channels(const lf_graph *g, const lf_node *n, const lf_slide_attr *a, lf_slide *out,
                                        lf_shape *shape);

/* The output's shape with that many channels; the index of the axis of channels in shapes of that rank. */
lf_shape lf_slide_shape(const lf_slide *s, int64_t channels);
int lf_channel_axis(int layout, int rank);

/* The relayout face (ir/op.h) of ops whose attributes begin with an lf_slide_attr. */
bool lf_slide_relayout(lf_graph *g, lf_node *n);

/* pixel[tap]: the pixel of x that the tap of window `position` falls on, row-major; -1 in the padding. */
void lf_slide_window(const lf_slide *s, int64_t position, int64_t *pixel);

/* How many taps of window number `window` along axis i fall into [from, to) of that axis. A window holds the product over its axes. */
int64_t lf_slide_inside(const lf_slide *s, int i, int64_t window, int64_t from, int64_t to);

/* Element of x (or y, with its pixels and channels). */
static inline size_t lf_slide_element(int layout, int64_t channels, int64_t pixels, int64_t image, int64_t channel,
                                      int64_t pixel) {
    return (size_t)(image * channels * pixels +
                    (layout == LF_CHANNELS_FIRST ? channel * pixels + pixel : pixel * channels + channel));
}

#endif
