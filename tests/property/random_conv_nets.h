/* Random convolutional networks of NN ops on top of random_nets.h: pictures of one and two axes in either layout, kernels of 1 to 5,
 * strides, dilations, one-sided padding, groups, pools, branches inside branches, all ways to end. Counts the corners it generated. */
#ifndef LF_TESTS_RANDOM_CONV_NETS_H
#define LF_TESTS_RANDOM_CONV_NETS_H

#include "random_conv_layers.h"

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
