/* What random convolutional networks must reach (their corners), and windows that slide over pictures (random_conv_nets.h). */
#ifndef LF_TESTS_RANDOM_SLIDES_H
#define LF_TESTS_RANDOM_SLIDES_H

#include "ops/slide.h"
#include "random_nets.h"

enum {
    ONE_AXIS = NET_CORNERS,
    TWO_AXES,
    CHANNELS_LAST,
    ODD_SIDES,
    NOT_SQUARE,
    POINTWISE,
    POINTWISE_STRIDED,
    BIG_KERNEL,
    LONG_KERNEL,
    STRIDED,
    STRIDE_OVER_KERNEL,
    DILATED,
    PADDED,
    ONE_SIDED,
    CODES_WITHOUT_ZERO,
    GROUPED,
    GROUPED_WIDER,
    DEPTHWISE,
    DEPTHWISE_TIMES,
    CHANNEL_SCALED_WEIGHTS,
    CHANNEL_SCALED_INPUT,
    QUANTIZED_WEIGHTS,
    BIPOLAR_NET,
    CONV_BIAS,
    LEAKY,
    ABSOLUTE,
    TANH,
    HARD_SIGMOID,
    CLIPPED,
    MANY_LEVELS_NET,
    POOL_OF_CODES,
    POOL_OF_SUMS,
    POOL_OF_REALS,
    POOL_UNDER_MINUS,
    POOL_OVERLAPS,
    POOL_PADDED,
    POOL_CEIL,
    AVERAGE,
    AVERAGE_PADDED,
    GLOBAL_MAX,
    GLOBAL_AVERAGE,
    BRANCH_IDENTITY,
    BRANCH_PROJECTED,
    BRANCH_STRIDED,
    BRANCH_NESTED,
    BRANCH_RATIO,
    BRANCH_MINUS,
    BRANCH_OF_SUMS,
    BRANCH_ADDED_ALONE,
    THREE_BRANCHES,
    BRANCHES_SIDE_BY_SIDE,
    FLAT_PICTURE,
    FLAT_PIXEL,
    PICTURE_OUT,
    CONV_ARGMAX,
    NO_FIRST_QUANTIZER,
    CONV_CORNERS
};

static const char *const conv_corner_names[] = {"one axis",
                                                "two axes",
                                                "channels last",
                                                "odd sides",
                                                "sides that differ",
                                                "pointwise",
                                                "pointwise with strides",
                                                "kernel of 4 or 5",
                                                "kernel longer one way",
                                                "strides",
                                                "stride larger than the kernel",
                                                "dilation",
                                                "padding",
                                                "padding on one side",
                                                "padding with a value that is no code",
                                                "groups",
                                                "groups with more outputs than inputs",
                                                "depthwise",
                                                "several outputs per channel",
                                                "weights with a scale per channel",
                                                "input with a scale per channel",
                                                "weights through a quantizer",
                                                "bipolar weights and activations",
                                                "bias behind a convolution",
                                                "leaky relu",
                                                "abs",
                                                "tanh",
                                                "hard sigmoid",
                                                "clip",
                                                "64 levels and more",
                                                "pool of codes",
                                                "pool of sums",
                                                "pool of reals",
                                                "pool under a negative scale",
                                                "pool with overlap",
                                                "pool with padding",
                                                "pool with ceil mode",
                                                "average",
                                                "average with padding",
                                                "global maximum",
                                                "global average",
                                                "identity branch",
                                                "branch with a projection",
                                                "branch with strides",
                                                "branch inside a branch",
                                                "scales a power of two apart",
                                                "difference of branches",
                                                "branches of raw sums",
                                                "sum without a quantizer",
                                                "three branches",
                                                "branches side by side",
                                                "flattened picture",
                                                "flattened pixel",
                                                "picture as the output",
                                                "argmax behind a picture",
                                                "convolution first"};
_Static_assert(LF_COUNT(conv_corner_names) == CONV_CORNERS - NET_CORNERS, "every corner has a name");

static inline const char *corner_name(int corner) {
    return corner < NET_CORNERS ? net_corner_names[corner] : conv_corner_names[corner - NET_CORNERS];
}

static inline const lf_tensor *now(const random_net *n) {
    return lf_tensor_at(n->g, n->at);
}

/* Side i of the picture. */
static inline int64_t side(const random_net *n, int i) {
    return now(n)->shape.dim[(n->last ? 1 : 2) + i];
}

static inline lf_shape picture(const random_net *n, int64_t channels, const int64_t *sides) {
    lf_shape s = {.rank = n->axes + 2, .dim = {1}};
    s.dim[n->last ? n->axes + 1 : 1] = channels;
    for (int i = 0; i < n->axes; i++)
        s.dim[(n->last ? 1 : 2) + i] = sides[i];
    return s;
}

static inline int64_t code_span(const random_net *n) {
    return lf_on_grid(now(n)) ? now(n)->range.hi - now(n)->range.lo : INT64_MAX;
}

/* -- windows -------------------------------------------------------------------------------------------------------------------- */

typedef struct slide {
    int64_t kernel[2], stride[2], dilation[2], pads[4];
    bool padded, one_sided, strided, dilated, overlaps;
} slide;

static inline int64_t random_kernel(random_net *n, int64_t most) {
    static const int64_t sizes[] = {1, 2, 3, 3, 3, 4, 5};
    int64_t k = pick(n, sizes, LF_COUNT(sizes));
    return k > most ? most : k;
}

static inline void slide_axis(random_net *n, slide *s, int i, bool pads) {
    int64_t in = side(n, i), *begin = &s->pads[i], *end = &s->pads[n->axes + i];
    s->kernel[i] = random_kernel(n, in);
    s->stride[i] = chance(n, 2) ? 1 : 1 + lf_rng_below(&n->r, 3);
    s->dilation[i] = s->kernel[i] > 1 && (s->kernel[i] - 1) * 2 < in && chance(n, 5) ? 2 : 1;
    *begin = pads && chance(n, 2) ? lf_rng_below(&n->r, (uint32_t)s->kernel[i]) : 0;
    *end = pads && chance(n, 2) ? lf_rng_below(&n->r, (uint32_t)s->kernel[i]) : 0;
    s->padded |= *begin || *end;
    s->one_sided |= *begin != *end;
    s->strided |= s->stride[i] > 1;
    s->dilated |= s->dilation[i] > 1;
    s->overlaps |= s->stride[i] < s->kernel[i];
}

static inline slide random_slide(random_net *n, bool pads) {
    slide s = {0};
    for (int i = 0; i < n->axes; i++)
        slide_axis(n, &s, i, pads);
    return s;
}

/* What comes out of the layers there are, where ranges tell. */
static inline void note_reach(random_net *n) {
    const lf_tensor *t = now(n);
    double most = 0;
    for (int64_t c = 0; lf_on_grid(t) && c < t->grid.scale_count; c++)
        most = fmax(most, fabs(t->grid.scale[c]) * fmax(fabs((double)t->range.lo), fabs((double)t->range.hi)));
    if (lf_on_grid(t))
        n->reach = most > 0 ? most : 1;
}

/* Windows after which a picture keeps its sides, divided by the stride. */
static inline slide same_slide(random_net *n, const int64_t *stride) {
    slide s = {0};
    for (int i = 0; i < n->axes; i++) {
        s.kernel[i] = random_kernel(n, side(n, i));
        s.stride[i] = stride[i];
        s.dilation[i] = 1;
        s.pads[i] = (s.kernel[i] - 1) / 2;
        s.pads[n->axes + i] = s.kernel[i] - 1 - s.pads[i];
        s.padded |= s.kernel[i] > 1;
        s.one_sided |= s.kernel[i] % 2 == 0;
        s.strided |= stride[i] > 1;
    }
    return s;
}

static inline slide pointwise_slide(const random_net *n, const int64_t *stride) {
    slide s = {.kernel = {1, 1}, .dilation = {1, 1}};
    for (int i = 0; i < n->axes; i++) {
        s.stride[i] = stride[i];
        s.strided |= stride[i] > 1;
    }
    return s;
}

static inline void set_slide(random_net *n, lf_node *made, const slide *s) {
    if (n->last)
        lf_attr_set_enum(made, "layout", "channels_last");
    lf_attr_set_ints(n->g, made, "strides", s->stride, n->axes);
    lf_attr_set_ints(n->g, made, "pads", s->pads, 2 * n->axes);
    lf_attr_set_ints(n->g, made, "dilations", s->dilation, n->axes);
}

static inline void note_slide(random_net *n, const slide *s) {
    bool point = s->kernel[0] == 1 && (n->axes == 1 || s->kernel[1] == 1), over = false;
    for (int i = 0; i < n->axes; i++)
        over |= s->stride[i] > s->kernel[i];
    struct {
        bool is;
        int corner;
    } seen[] = {{point, POINTWISE},
                {point && s->strided, POINTWISE_STRIDED},
                {s->kernel[0] > 3 || s->kernel[1] > 3, BIG_KERNEL},
                {n->axes == 2 && s->kernel[0] != s->kernel[1], LONG_KERNEL},
                {s->strided, STRIDED},
                {over, STRIDE_OVER_KERNEL},
                {s->dilated, DILATED},
                {s->padded, PADDED},
                {s->one_sided, ONE_SIDED},
                {s->padded && lf_on_grid(now(n)) && now(n)->range.step == 2, CODES_WITHOUT_ZERO}};
    for (size_t i = 0; i < LF_COUNT(seen); i++)
        if (seen[i].is)
            hit(n, seen[i].corner);
}

#endif
