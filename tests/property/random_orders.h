/* Endings in which it matters in which order the elements of a picture stand: flattens that are outputs, are joined or have two readers,
 * means that drop their axes, parts that nobody reads, pixels repeated. Behind random convolutions (random_conv_nets.h). */
#ifndef LF_TESTS_RANDOM_ORDERS_H
#define LF_TESTS_RANDOM_ORDERS_H

#include "random_conv_nets.h"

enum {
    FLAT_OUT = CONV_CORNERS,
    FLAT_RELU,
    FLATS_JOINED,
    TWO_HEADS,
    MEAN_DROPPED,
    PART_UNREAD,
    RESIZE_TAKEN,
    RESIZE_REFUSED,
    ORDER_CORNERS
};

static const char *const order_corner_names[] = {
    "flatten at the output", "relu of a flatten at the output", "two flattens joined", "flatten with two readers",
    "mean without its axes", "part that nobody reads: refused", "pixels repeated",     "pixels in between: refused"};

static inline lf_status codes_of_picture(random_net *n) {
    note_reach(n);
    return quant_layer(n, true);
}

static inline lf_status flat_out(random_net *n) {
    LF_TRY(flatten(n));
    hit(n, FLAT_OUT);
    if (chance(n, 2))
        return LF_OK;
    hit(n, FLAT_RELU);
    apply(n, "relu", &n->at, 1, 1);
    return infer_last(n);
}

/* The flattened end of one branch; the picture is back afterwards. */
static inline lf_status flat_branch(random_net *n, lf_id *flat) {
    random_net from = *n;
    LF_TRY(branch(n, random_channels(n), (int64_t[]){1, 1}, 1, 1));
    LF_TRY(flatten(n));
    *flat = n->at;
    n->axes = from.axes;
    n->last = from.last;
    rewind_to(n, (end_of_branch){from.at, from.width});
    return LF_OK;
}

static inline lf_status flats_joined(random_net *n) {
    lf_id part[2];
    hit(n, FLATS_JOINED);
    LF_TRY(flat_branch(n, &part[0]));
    LF_TRY(flat_branch(n, &part[1]));
    lf_node *made = apply(n, "concat", part, 2, 1);
    lf_attr_set_int(made, "axis", 1);
    LF_TRY(infer_last(n));
    n->width = now(n)->shape.dim[1];
    n->axes = 0;
    n->last = false;
    return matrix(n, 1 + lf_rng_below(&n->r, 5));
}

/* A second output, of the codes with their sign turned. */
static inline lf_status two_heads(random_net *n) {
    hit(n, TWO_HEADS);
    LF_TRY(flatten(n));
    end_of_branch flat = {n->at, n->width};
    LF_TRY(matrix(n, 1 + lf_rng_below(&n->r, 5)));
    LF_PUSH(n->g->arena, &n->g->outputs, (lf_port){.name = "head", .tensor = n->at});
    rewind_to(n, flat);
    apply(n, "neg", &n->at, 1, 1);
    LF_TRY(infer_last(n));
    LF_TRY(codes_of_picture(n));
    return matrix(n, 1 + lf_rng_below(&n->r, 5));
}

static inline lf_status mean_dropped(random_net *n) {
    int64_t axes[2] = {n->last ? 1 : 2, n->last ? 2 : 3};
    hit(n, MEAN_DROPPED);
    lf_node *made = apply(n, "reduce", &n->at, 1, 1);
    lf_attr_set_enum(made, "function", "mean");
    lf_attr_set_ints(n->g, made, "axes", axes, n->axes);
    lf_attr_set_bool(made, "keepdims", false);
    LF_TRY(infer_last(n));
    n->axes = 0;
    n->last = false;
    LF_TRY(codes_of_picture(n));
    return matrix(n, 1 + lf_rng_below(&n->r, 5));
}

/* Which no circuit has: a stream must go somewhere. */
static inline lf_status part_unread(random_net *n, const char **refused) {
    if (n->width < 2)
        return flat_out(n);
    *refused = "goes nowhere";
    int64_t first = 1 + lf_rng_below(&n->r, (uint32_t)n->width - 1), sizes[2] = {first, n->width - first};
    hit(n, PART_UNREAD);
    lf_node *made = apply(n, "split", &n->at, 1, 2);
    lf_attr_set_int(made, "axis", n->last ? n->axes + 1 : 1);
    lf_attr_set_ints(n->g, made, "sizes", sizes, 2);
    LF_TRY(infer_last(n));
    n->at = made->out[0];
    n->width = first;
    return codes_of_picture(n);
}

/* By 2 or 3; refused where not each pixel becomes a block of itself. */
static inline lf_status repeated(random_net *n, const char **refused) {
    static const char *const places[] = {"half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    uint32_t place = lf_rng_below(&n->r, LF_COUNT(places)), near = lf_rng_below(&n->r, LF_COUNT(nearest));
    lf_shape y = now(n)->shape;
    for (int i = 0; i < n->axes; i++)
        y.dim[(n->last ? 1 : 2) + i] *= 2 + lf_rng_below(&n->r, 2);
    lf_node *made = apply(n, "resize", &n->at, 1, 1);
    lf_attr_set_ints(n->g, made, "sizes", y.dim, y.rank);
    lf_attr_set_enum(made, "coordinates", places[place]);
    lf_attr_set_enum(made, "nearest", nearest[near]);
    bool blocks = place < 2 ? near < 2 : place == 2 && near == 2;
    *refused = blocks ? NULL : "whole factors";
    hit(n, *refused ? RESIZE_REFUSED : RESIZE_TAKEN);
    return infer_last(n);
}

static inline lf_status order_ending(random_net *n, const char **refused) {
    LF_TRY(codes_of_picture(n));
    switch (lf_rng_below(&n->r, 6)) {
    case 0: return flat_out(n);
    case 1: return flats_joined(n);
    case 2: return two_heads(n);
    case 3: return mean_dropped(n);
    case 4: return part_unread(n, refused);
    default: return repeated(n, refused);
    }
}

/* The network of a seed; NULL when the graph refuses it. *refused: what integerize must say, or NULL. */
static inline lf_graph *random_order_net(lf_ctx *ctx, uint64_t seed, uint64_t *hits, const char **refused) {
    random_net n = {.g = lf_graph_new(ctx, "random"), .r = lf_rng_make(seed, 79), .hits = hits};
    *refused = NULL;
    picture_input(&n, true);
    n.reach = 4;
    lf_status status = quantizer_layer(&n);
    /* Pictures of two axes need no layer with a layout of its own anywhere. */
    if (status == LF_OK && (n.axes == 1 || !chance(&n, 4)))
        status = conv_block(&n);
    if (status == LF_OK)
        status = order_ending(&n, refused);
    return random_net_finish(&n, status, NULL);
}

#endif
