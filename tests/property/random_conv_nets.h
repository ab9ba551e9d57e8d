/* Random convolutional networks of NN ops on top of random_nets.h: pictures of one and two axes in either layout, kernels of 1 to 5,
 * strides, dilations, one-sided padding, groups, pools, branches inside branches, all ways to end. Counts the corners it generated. */
#ifndef LF_TESTS_RANDOM_CONV_NETS_H
#define LF_TESTS_RANDOM_CONV_NETS_H

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

/* -- convolutions ------------------------------------------------------------------------------------------------------------------- */

/* The constant that the last node makes; *at, the tensor that comes next, may get another id. */
static inline lf_status folded(random_net *n, lf_id *at, lf_id *made) {
    lf_ports *keep = &n->g->outputs;
    LF_TRY(infer_last(n));
    LF_PUSH(n->g->arena, keep, (lf_port){.name = "x", .tensor = *at});
    LF_PUSH(n->g->arena, keep, (lf_port){.name = "w", .tensor = *made});
    lf_status status = lf_pass_run(n->g, &lf_pass_fold_constants, NULL);
    *at = keep->at[0].tensor;
    *made = keep->at[1].tensor;
    keep->count = 0;
    return status;
}

/* Codes of one bit times a scale, or of more bits times a scale per channel: what a quantizer makes of real weights. */
static inline lf_status quantized(random_net *n, lf_shape shape, lf_id *made) {
    int64_t count = lf_shape_count(shape), outs = shape.dim[0], dim[LF_MAX_RANK] = {outs, 1, 1, 1, 1};
    double *w = LF_NEW_ARRAY(n->g->arena, double, count), *scale = LF_NEW_ARRAY(n->g->arena, double, outs);
    for (int64_t i = 0; i < count; i++)
        w[i] = (double)(float)(4 * lf_rng_double(&n->r) - 2);
    for (int64_t c = 0; c < outs; c++)
        scale[c] = chance(n, 2) ? ldexp(1, -(int)lf_rng_below(&n->r, 4)) : (double)(float)(0.1 + lf_rng_double(&n->r));
    lf_id raw = lf_const_reals(n->g, fresh(n, "w"), shape, w)->id, at = n->at;
    hit(n, QUANTIZED_WEIGHTS);
    if (chance(n, 3)) {
        apply(n, "bipolar_quant", (lf_id[]){raw, scalar(n, scale[0])}, 2, 1);
        hit(n, BIPOLAR_WEIGHTS);
    } else {
        bool each = chance(n, 2);
        apply(n, "quant",
              (lf_id[]){raw, each ? constant(n, shape.rank, dim, scale) : scalar(n, scale[0]), scalar(n, 0),
                        scalar(n, 2 + lf_rng_below(&n->r, 6))},
              4, 1);
        if (each)
            hit(n, CHANNEL_SCALED_WEIGHTS);
    }
    *made = n->at;
    n->at = at;
    return folded(n, &n->at, made);
}

static inline bool is_bipolar(const lf_tensor *t) {
    return lf_on_grid(t) && t->range.lo == -1 && t->range.hi == 1 && t->range.step == 2;
}

static inline lf_status conv_layer(random_net *n, const slide *s, int64_t outs, int64_t group, bool plain) {
    lf_shape w = {.rank = n->axes + 2, .dim = {outs, n->width / group}};
    for (int i = 0; i < n->axes; i++)
        w.dim[2 + i] = s->kernel[i];
    note_slide(n, s);
    lf_id weights;
    if (!plain && chance(n, 3))
        LF_TRY(quantized(n, w, &weights));
    else
        weights = constant(n, w.rank, w.dim, random_weights(n, lf_shape_count(w)));
    if (is_bipolar(now(n)) && is_bipolar(lf_tensor_at(n->g, weights)))
        hit(n, BIPOLAR_NET);
    lf_node *made = apply(n, "conv", (lf_id[]){n->at, weights}, 2, 1);
    set_slide(n, made, s);
    lf_attr_set_int(made, "group", group);
    n->width = outs;
    return infer_last(n);
}

/* A quantizer with a scale per channel, and a depthwise convolution, the only one that takes such a thing. */
static inline lf_status channel_scaled_input(random_net *n) {
    double *s = LF_NEW_ARRAY(n->g->arena, double, n->width);
    for (int64_t c = 0; c < n->width; c++)
        s[c] = (double)(float)(0.2 + lf_rng_double(&n->r));
    apply(n, "quant", (lf_id[]){n->at, per_channel(n, s), scalar(n, 0), scalar(n, 2 + lf_rng_below(&n->r, 3))}, 4, 1);
    hit(n, CHANNEL_SCALED_INPUT);
    return infer_last(n);
}

static inline lf_status grouped_layer(random_net *n, const slide *s) {
    int64_t group = n->width;
    bool depthwise = n->width > 1 && chance(n, 2), times = depthwise && chance(n, 3);
    while (!depthwise && (n->width % group || group == n->width))
        group--;
    int64_t outs = depthwise ? n->width * (times ? 2 : 1) : group * (1 + lf_rng_below(&n->r, 3));
    if (times)
        hit(n, DEPTHWISE_TIMES);
    else if (depthwise)
        hit(n, DEPTHWISE);
    else if (group > 1)
        hit(n, GROUPED);
    if (group > 1 && !depthwise && outs > n->width)
        hit(n, GROUPED_WIDER);
    if (depthwise && !times && chance(n, 5))
        LF_TRY(channel_scaled_input(n));
    return conv_layer(n, s, outs, group, false);
}

static inline int64_t random_channels(random_net *n) {
    static const int64_t counts[] = {1, 2, 3, 4, 4, 5, 6, 6, 8};
    return pick(n, counts, LF_COUNT(counts));
}

static inline lf_status any_conv(random_net *n) {
    slide s = random_slide(n, chance(n, 2));
    if (chance(n, 5))
        s = pointwise_slide(n, s.stride);
    return n->width > 1 && chance(n, 2) ? grouped_layer(n, &s) : conv_layer(n, &s, random_channels(n), 1, false);
}

/* -- pools ---------------------------------------------------------------------------------------------------------------------------- */

static inline lf_status pool_layer(random_net *n, bool average) {
    bool pads = chance(n, 2), ceil = !average && chance(n, 3);
    slide s = random_slide(n, pads);
    for (int i = 0; i < n->axes; i++) /* no window of nothing but padding */
        s.dilation[i] = average || s.padded ? 1 : s.dilation[i];
    lf_node *made = apply(n, average ? "average_pool" : "max_pool", &n->at, 1, 1);
    set_slide(n, made, &s);
    lf_attr_set_ints(n->g, made, "kernel", s.kernel, n->axes);
    if (average && s.padded)
        lf_attr_set_bool(made, "count_include_pad", true);
    if (ceil)
        lf_attr_set_bool(made, "ceil_mode", true);
    hit(n, average ? AVERAGE : POOL_OF_CODES);
    if (average && s.padded)
        hit(n, AVERAGE_PADDED);
    if (!average && s.overlaps)
        hit(n, POOL_OVERLAPS);
    if (!average && s.padded)
        hit(n, POOL_PADDED);
    if (ceil)
        hit(n, POOL_CEIL);
    return infer_last(n);
}

static inline lf_status global_pool(random_net *n, bool average) {
    lf_node *made = apply(n, average ? "average_pool" : "max_pool", &n->at, 1, 1);
    int64_t kernel[2] = {0};
    const lf_tensor *x = lf_in(n->g, made, 0);
    for (int i = 0; i < n->axes; i++)
        kernel[i] = x->shape.dim[(n->last ? 1 : 2) + i];
    lf_attr_set_ints(n->g, made, "kernel", kernel, n->axes);
    if (n->last)
        lf_attr_set_enum(made, "layout", "channels_last");
    hit(n, average ? GLOBAL_AVERAGE : GLOBAL_MAX);
    return infer_last(n);
}

/* -- between a convolution and its quantizer ------------------------------------------------------------------------------------------- */

static inline lf_status scaled_quantizer(random_net *n, double scale, int bits) {
    apply(n, "quant", (lf_id[]){n->at, scalar(n, scale), scalar(n, 0), scalar(n, bits)}, 4, 1);
    if (bits > 6)
        hit(n, MANY_LEVELS_NET);
    return infer_last(n);
}

static inline lf_status clip_layer(random_net *n) {
    hit(n, CLIPPED);
    apply(n, "clip", (lf_id[]){n->at, scalar(n, -1), scalar(n, 6)}, 3, 1);
    return infer_last(n);
}

/* Values of tanh and hard_sigmoid are small: a quantizer of their own. `span`: of the sums' codes; what falls somewhere becomes a table. */
static inline lf_status curve_and_quantizer(random_net *n, int64_t span) {
    lf_node *made;
    switch (lf_rng_below(&n->r, 5)) {
    case 0:
        hit(n, TANH);
        apply(n, "tanh", &n->at, 1, 1);
        LF_TRY(infer_last(n));
        return scaled_quantizer(n, ldexp(1, -(int)lf_rng_below(&n->r, 4)), 3 + (int)lf_rng_below(&n->r, 3));
    case 1:
        hit(n, HARD_SIGMOID);
        apply(n, "hard_sigmoid", &n->at, 1, 1);
        LF_TRY(infer_last(n));
        return scaled_quantizer(n, ldexp(1, -2 - (int)lf_rng_below(&n->r, 3)), 5);
    case 2: LF_TRY(clip_layer(n)); return quantizer_layer(n);
    case 3:
        if (span < 600) {
            hit(n, ABSOLUTE);
            apply(n, "abs", &n->at, 1, 1);
            LF_TRY(infer_last(n));
            return quant_layer(n, false);
        } /* fall through */
    default:
        hit(n, LEAKY);
        made = apply(n, "leaky_relu", &n->at, 1, 1);
        lf_attr_set_real(made, "alpha", 0.125);
        LF_TRY(infer_last(n));
        return quant_layer(n, true);
    }
}

static inline lf_status pool_of_sums(random_net *n) {
    bool minus = chance(n, 2);
    if (minus) {
        hit(n, POOL_UNDER_MINUS);
        apply(n, "mul", (lf_id[]){n->at, scalar(n, -0.5)}, 2, 1);
        LF_TRY(infer_last(n));
    }
    hit(n, POOL_OF_SUMS);
    return pool_layer(n, false);
}

static inline bool has_room(const random_net *n) {
    bool room = false;
    for (int i = 0; i < n->axes; i++)
        room |= side(n, i) > 2;
    return room;
}

/* On the grid, with scales of one sign. */
static inline bool one_sign(const lf_tensor *t) {
    bool up = false, down = false;
    for (int64_t c = 0; lf_on_grid(t) && c < t->grid.scale_count; c++) {
        up |= t->grid.scale[c] > 0;
        down |= t->grid.scale[c] < 0;
    }
    return up != down;
}

/* Scales, bias, normalization, activation, pools, quantizer. */
static inline lf_status activation(random_net *n) {
    int64_t span = code_span(n);
    if (has_room(n) && chance(n, 6))
        LF_TRY(pool_of_sums(n));
    if (chance(n, 3))
        LF_TRY(scale_layer(n));
    if (chance(n, 3)) {
        hit(n, CONV_BIAS);
        LF_TRY(bias_layer(n));
    }
    note_reach(n);
    if (chance(n, 3)) {
        LF_TRY(norm_layer(n));
        n->reach /= 3;
    }
    if (chance(n, 5))
        LF_TRY(curve_and_quantizer(n, span));
    else if (!one_sign(now(n)) && has_room(n) && chance(n, 4)) {
        hit(n, POOL_OF_REALS);
        LF_TRY(pool_layer(n, false));
        LF_TRY(quantizer_layer(n));
    } else if (chance(n, 6)) {
        int bits = 7 + (int)lf_rng_below(&n->r, 2);
        LF_TRY(scaled_quantizer(n, n->reach / 100, bits));
    } else {
        LF_TRY(quantizer_layer(n));
    }
    return has_room(n) && chance(n, 4) ? pool_layer(n, chance(n, 3)) : LF_OK;
}

/* -- branches --------------------------------------------------------------------------------------------------------------------------- */

static inline lf_status residual(random_net *n, int depth);

typedef struct end_of_branch {
    lf_id at;
    int64_t width;
} end_of_branch;

static inline void rewind_to(random_net *n, end_of_branch e) {
    n->at = e.at;
    n->width = e.width;
}

/* A quantizer of a given scale, whose codes the values are brought to by a power of two. */
static inline lf_status rescaled_quantizer(random_net *n, double scale) {
    int bits = 2 + (int)lf_rng_below(&n->r, 5);
    note_reach(n);
    apply(n, "mul", (lf_id[]){n->at, scalar(n, ldexp(1, (int)round(log2(scale * ldexp(1, bits - 1) / n->reach))))}, 2,
          1);
    LF_TRY(infer_last(n));
    return scaled_quantizer(n, scale, bits);
}

/* Convolutions that end with `outs` channels and the stride; quantized with that scale, or, without one, raw integer sums. */
static inline lf_status branch(random_net *n, int64_t outs, const int64_t *stride, double scale, int depth) {
    if (scale != 0 && depth < 2 && chance(n, 3)) {
        hit(n, BRANCH_NESTED);
        LF_TRY(residual(n, depth + 1));
        note_reach(n);
        LF_TRY(quant_layer(n, true));
    } else if (scale != 0 && chance(n, 2)) {
        int64_t once[2] = {1, 1};
        slide s = same_slide(n, once);
        LF_TRY(conv_layer(n, &s, random_channels(n), 1, true));
        note_reach(n);
        LF_TRY(quant_layer(n, true));
    }
    slide s = same_slide(n, stride);
    LF_TRY(conv_layer(n, &s, outs, 1, true));
    if (scale == 0)
        return LF_OK;
    note_reach(n);
    if (chance(n, 3))
        LF_TRY(norm_layer(n));
    return rescaled_quantizer(n, scale);
}

static inline lf_status projection(random_net *n, int64_t outs, const int64_t *stride, double scale) {
    slide s = pointwise_slide(n, stride);
    hit(n, BRANCH_PROJECTED);
    LF_TRY(conv_layer(n, &s, outs, 1, true));
    return scale == 0 ? LF_OK : rescaled_quantizer(n, scale);
}

static inline lf_status join(random_net *n, lf_id a, lf_id b) {
    bool minus = chance(n, 5);
    if (minus)
        hit(n, BRANCH_MINUS);
    apply(n, minus ? "sub" : "add", chance(n, 2) ? (lf_id[]){a, b} : (lf_id[]){b, a}, 2, 1);
    return infer_last(n);
}

/* Branches with scales of their own, a power of two apart, or of raw sums of the same codes (then all with the input's scale). */
static inline lf_status residual(random_net *n, int depth) {
    const lf_tensor *x = now(n);
    end_of_branch from = {n->at, n->width};
    bool sums = chance(n, 4), identity = !sums && x->grid.scale_count == 1 && chance(n, 2), third = chance(n, 5);
    int64_t stride[2] = {1, 1}, outs = identity ? n->width : random_channels(n);
    double scale = sums ? 0 : x->grid.scale[0], other = scale;
    for (int i = 0; i < n->axes && !identity && depth == 0; i++)
        stride[i] = side(n, i) > 2 && chance(n, 3) ? 2 : 1;
    if (!sums && chance(n, 2))
        other = scale * ldexp(1, lf_rng_below(&n->r, 2) ? 1 : -2);
    if (other != scale)
        hit(n, BRANCH_RATIO);
    hit(n, identity ? BRANCH_IDENTITY : sums ? BRANCH_OF_SUMS : stride[0] > 1 ? BRANCH_STRIDED : BRANCH_PROJECTED);
    LF_TRY(branch(n, outs, stride, other, depth));
    lf_id a = n->at, b = from.at;
    rewind_to(n, from);
    if (!identity) {
        LF_TRY(projection(n, outs, stride, scale));
        b = n->at;
    }
    n->width = outs;
    LF_TRY(join(n, a, b));
    if (!third)
        return LF_OK;
    hit(n, THREE_BRANCHES);
    a = n->at;
    rewind_to(n, from);
    LF_TRY(projection(n, outs, stride, scale));
    return join(n, a, n->at);
}

/* Two or three branches whose channels follow one another. */
static inline lf_status side_by_side(random_net *n) {
    end_of_branch from = {n->at, n->width};
    int64_t stride[2] = {1 + lf_rng_below(&n->r, 2), 1}, width = 0;
    int count = 2 + (int)lf_rng_below(&n->r, 2);
    lf_id part[3];
    hit(n, BRANCHES_SIDE_BY_SIDE);
    for (int i = 0; i < count; i++) {
        rewind_to(n, from);
        LF_TRY(branch(n, random_channels(n), stride, chance(n, 3) ? 0.5 : 1, 1));
        part[i] = n->at;
        width += n->width;
    }
    lf_node *made = apply(n, "concat", part, count, 1);
    lf_attr_set_int(made, "axis", n->last ? n->axes + 1 : 1);
    n->width = width;
    return infer_last(n);
}

/* -- networks ------------------------------------------------------------------------------------------------------------------------------ */

static inline lf_status flatten(random_net *n) {
    int64_t dim[2] = {1, lf_shape_count(now(n)->shape)};
    hit(n, dim[1] > n->width ? FLAT_PICTURE : FLAT_PIXEL);
    lf_node *made = apply(n, "reshape", &n->at, 1, 1);
    lf_attr_set_ints(n->g, made, "shape", dim, 2);
    n->width = dim[1];
    n->axes = 0;
    n->last = false;
    return infer_last(n);
}

static inline lf_status conv_ending(random_net *n) {
    if (chance(n, 3))
        LF_TRY(global_pool(n, lf_on_grid(now(n)) && chance(n, 2)));
    if (chance(n, 3)) {
        hit(n, PICTURE_OUT);
        return chance(n, 2) ? scale_layer(n) : LF_OK;
    }
    LF_TRY(flatten(n));
    LF_TRY(matrix(n, 1 + lf_rng_below(&n->r, 7)));
    uint64_t before = n->hits[ARGMAX] + n->hits[ARGMAX_SCALED];
    LF_TRY(ending(n));
    if (n->hits[ARGMAX] + n->hits[ARGMAX_SCALED] > before)
        hit(n, CONV_ARGMAX);
    return LF_OK;
}

static inline lf_status conv_block(random_net *n) {
    if (lf_on_grid(now(n)) && now(n)->grid.scale_count == 1 && chance(n, 2)) {
        bool beside = chance(n, 4);
        LF_TRY(beside ? side_by_side(n) : residual(n, 0));
        if (!beside && code_span(n) < 1000 && chance(n, 4)) {
            hit(n, BRANCH_ADDED_ALONE);
            return LF_OK;
        }
        return activation(n);
    }
    LF_TRY(any_conv(n));
    return activation(n);
}

static inline void picture_input(random_net *n, bool small) {
    int64_t sides[2], most = small ? 6 : 11;
    n->axes = chance(n, 4) ? 1 : 2;
    n->last = chance(n, 4);
    n->width = random_channels(n);
    for (int i = 0; i < n->axes; i++)
        sides[i] = lf_rng_between(&n->r, 2, n->axes == 1 ? 2 * most : most);
    lf_tensor *x = lf_tensor_new(n->g, "x", picture(n, n->width, sides), LF_FLOAT32);
    LF_PUSH(n->g->arena, &n->g->inputs, (lf_port){.name = "x", .tensor = x->id});
    n->at = x->id;
    hit(n, n->axes == 1 ? ONE_AXIS : TWO_AXES);
    if (n->last)
        hit(n, CHANNELS_LAST);
    if (sides[0] % 2)
        hit(n, ODD_SIDES);
    if (n->axes == 2 && sides[0] != sides[1])
        hit(n, NOT_SQUARE);
}

/* The network of a seed; NULL when the graph refuses it (a diagnostic says why). small: for simulation. */
static inline lf_graph *random_conv_net(lf_ctx *ctx, uint64_t seed, bool small, uint64_t *hits) {
    random_net n = {.g = lf_graph_new(ctx, "random"), .r = lf_rng_make(seed, 78), .hits = hits};
    picture_input(&n, small);
    const char *grid = chance(&n, 2) ? random_grid(&n) : NULL;
    bool offset = grid && strstr(grid, "-0.875");
    lf_status status = grid ? lf_declare_input(n.g, grid) : LF_OK;
    if (grid && status == LF_OK)
        n.at = lf_node_at(n.g, (lf_id)n.g->nodes.count)->out[0];
    if (status == LF_OK)
        status = lf_infer(n.g);
    n.reach = 4;
    note_reach(&n);
    bool first = !grid || offset || chance(&n, 2);
    hit(&n, !first ? NO_FIRST_QUANTIZER : grid ? GRID_QUANTIZER : HOST_QUANTIZER);
    if (status == LF_OK)
        status = first ? quantizer_layer(&n) : any_conv(&n);
    if (status == LF_OK && !first)
        status = activation(&n);
    int blocks = 1 + (int)lf_rng_below(&n.r, small ? 2 : 3);
    for (int b = 0; status == LF_OK && b < blocks; b++)
        status = conv_block(&n);
    status = status == LF_OK ? conv_ending(&n) : status;
    return random_net_finish(&n, status, NULL);
}

/* -- rounds ---------------------------------------------------------------------------------------------------------------------------------- */

/* LUTFISK_ROUNDS: so many times more networks. LUTFISK_SEED: only that one, its files in the current directory. */
static inline uint64_t number(const char *variable, uint64_t otherwise) {
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static inline bool left_out(const lf_graph *g, uint64_t seed) {
    uint64_t only = number("LUTFISK_SEED", UINT64_MAX);
    if (only == seed)
        assert_int_equal(lf_graph_save(g, "net.lf", false), LF_OK);
    return only != UINT64_MAX && only != seed;
}

static inline void check_corners(const uint64_t *hits, uint64_t least) {
    if (getenv("LUTFISK_SEED"))
        return;
    for (int c = NET_CORNERS; c < CONV_CORNERS; c++)
        if (hits[c] < least)
            print_error("the corner \"%s\" was generated %d times\n", corner_name(c), (int)hits[c]);
    for (int c = NET_CORNERS; c < CONV_CORNERS; c++)
        assert_true(hits[c] >= least);
}

#endif
