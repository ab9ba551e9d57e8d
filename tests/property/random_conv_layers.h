/* Random convolutions, pools and quantizers, each behind the end of a network (random_conv_nets.h). */
#ifndef LF_TESTS_RANDOM_CONV_LAYERS_H
#define LF_TESTS_RANDOM_CONV_LAYERS_H

#include "random_slides.h"

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

#endif
