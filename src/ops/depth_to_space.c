/* Channels that become pixels: every pixel of b*b*C channels becomes a block of b x b pixels of C.
 *   in 0   x  codes [1, H, W, b*b*C]
 *   out 0  y  codes [1, H*b, W*b, C]; y[.. i, .. j, c] is channel (i*b + j)*C + c (mode DCR) or (c*b + i)*b + j (CRD)
 *   II = beats of x cycles per frame, SIMD elements each.      Source: ONNX DepthToSpace-13; walk.h for the hardware. */
#include <inttypes.h>

#include "ops/branch.h"
#include "ops/picture.h"
#include "ops/stream.h"
#include "ops/walk.h"

typedef enum shuffle_mode { SHUFFLE_DCR, SHUFFLE_CRD } shuffle_mode;

typedef struct shuffle_attr {
    int64_t block, SIMD;
    int mode, ram_style; /* shuffle_mode, lf_rom_ram */
} shuffle_attr;

static const char *const mode_names[] = {"DCR", "CRD", NULL};

static const lf_attr_desc attrs[] = {
    {"block", LF_ATTR_INT, offsetof(shuffle_attr, block), NULL, NULL, 1, 1 << 12, "rows and columns of a block"},
    {"mode", LF_ATTR_ENUM, offsetof(shuffle_attr, mode), "DCR", mode_names, 0, 0,
     "what is slowest among the channels of x: DCR the block's row, CRD the channel of y"},
    {"SIMD", LF_ATTR_INT, offsetof(shuffle_attr, SIMD), "1", NULL, 1, 1 << 20,
     "elements per beat; divides the channels of y; mode CRD: 1, unless block is 1"},
    {"ram_style", LF_ATTR_ENUM, offsetof(shuffle_attr, ram_style), "auto", lf_rom_ram_names, 0, 0,
     "what holds the rows; auto: LUTs or block RAM, whichever weighs less"},
    {0},
};

static lf_status sizes_of(const lf_graph *g, const lf_node *n, lf_picture *x, lf_picture *y) {
    const shuffle_attr *a = n->attr;
    LF_TRY(lf_need_picture(g, n, x));
    lf_where where = lf_where_node(g, n);
    if (x->axes != 2 || x->channels % (a->block * a->block))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "depth_to_space with block=%" PRId64 " works on [1, H, W, C] with C divisible by %" PRId64
                       ", not on %s",
                       a->block, a->block * a->block, lf_shape_text(g->arena, lf_in(g, n, 0)->shape));
    *y = (lf_picture){.axes = 2,
                      .height = x->height * a->block,
                      .width = x->width * a->block,
                      .channels = x->channels / (a->block * a->block)};
    if (a->mode == SHUFFLE_CRD && a->block > 1 && a->SIMD > 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "SIMD=%" PRId64 ": with mode CRD the elements of a pixel lie apart; legal: 1", a->SIMD);
    return lf_need_divisor(g, n, "SIMD", a->SIMD, y->channels, "channels of the output");
}

/* The channel of x that channel c of a block's pixel (i, j) comes from. */
static int64_t source(const shuffle_attr *a, int64_t channels, int64_t i, int64_t j, int64_t c) {
    return a->mode == SHUFFLE_DCR ? (i * a->block + j) * channels + c : (c * a->block + i) * a->block + j;
}

static lf_range channel_range(const shuffle_attr *a, const lf_tensor *x, int64_t channels, int64_t c) {
    lf_range r = lf_last_axis_range(x, source(a, channels, 0, 0, c));
    for (int64_t k = 1; k < a->block * a->block; k++)
        r = lf_range_join(r, lf_last_axis_range(x, source(a, channels, k / a->block, k % a->block, c)));
    return r;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const shuffle_attr *a = n->attr;
    lf_picture p, q;
    LF_TRY(sizes_of(g, n, &p, &q));
    LF_TRY(lf_infer_same(g, n));
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = lf_picture_shape(q);
    lf_range *r = lf_new_last_axis_ranges(g, x, y);
    for (int64_t c = 0; r && c < q.channels; c++)
        r[c] = channel_range(a, x, q.channels, c);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const shuffle_attr *a = n->attr;
    lf_picture x, y;
    LF_TRY(sizes_of(run->graph, n, &x, &y));
    int64_t *to = out->code;
    for (int64_t row = 0; row < y.height; row++)
        for (int64_t column = 0; column < y.width; column++)
            for (int64_t c = 0; c < y.channels; c++)
                *to++ = in->code[(row / a->block * x.width + column / a->block) * x.channels +
                                 source(a, y.channels, row % a->block, column % a->block, c)];
    return LF_OK;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

/* The nest: channels of y, columns of the block, pixels of a row of x, rows of the block, rows of x. */
static lf_status say(const lf_graph *g, const lf_node *n, lf_walk *out, lf_walk_beat *beat) {
    const shuffle_attr *a = n->attr;
    lf_picture x, y;
    LF_TRY(sizes_of(g, n, &x, &y));
    bool dcr = a->mode == SHUFFLE_DCR;
    int64_t pixel = x.channels / a->SIMD, row = x.width * pixel, channels = y.channels / a->SIMD, b = a->block;
    bool flat = b == 1;
    *out = (lf_walk){
        .level = {{channels, dcr ? 1 : b * b, 0, -1, 0},
                  {b, dcr ? channels : 1, 0, -1, 0},
                  {x.width, pixel, flat ? pixel : 0, -1, 0},
                  {b, dcr ? b * channels : b, 0, -1, 0},
                  {x.height, row, row, -1, 0}},
        .levels = 5,
        .words = x.height * row,
        .size = {x.height, x.width},
        .row_words = row,
        .column_words = pixel,
    };
    lf_walk_plan(out);
    *beat = (lf_walk_beat){
        .lanes = a->SIMD, .in = lf_in(g, n, 0)->dtype, .out = lf_out(g, n, 0)->dtype, .ram = (lf_rom_ram)a->ram_style};
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const shuffle_attr *)n->attr)->SIMD;
}

static const lf_walk_own own = {say};

const lf_op lf_op_depth_to_space = {
    .name = "depth_to_space",
    .help = "channels become the pixels of blocks (depth to space)",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(shuffle_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = lf_walk_node_cost,
    .rtl = lf_walk_node_rtl,
    .unit = lf_walk_node_unit,
};
