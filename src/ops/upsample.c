/* Nearest-neighbour enlargement: every pixel becomes a block of factors[0] x factors[1] equal ones.
 *   in 0   x  codes [1, H, W, C] or [1, L, C]
 *   out 0  y  codes [1, H*factors[0], W*factors[1], C], or [1, L*factors[0], C]
 *   II = beats of y cycles per frame, SIMD elements each.      Source: ONNX Resize-13, mode nearest, whole scales; walk.h. */
#include "ops/elementwise.h"
#include "ops/picture.h"
#include "ops/stream.h"
#include "ops/walk.h"

typedef struct upsample_attr {
    lf_ints factors;
    int64_t SIMD;
    int ram_style; /* lf_rom_ram */
} upsample_attr;

static const lf_attr_desc attrs[] = {
    {"factors", LF_ATTR_INTS, offsetof(upsample_attr, factors), NULL, NULL, 0, 0, "[rows, columns], or [length]"},
    {"SIMD", LF_ATTR_INT, offsetof(upsample_attr, SIMD), "1", NULL, 1, 1 << 20,
     "elements per beat; divides the channels"},
    {"ram_style", LF_ATTR_ENUM, offsetof(upsample_attr, ram_style), "auto", lf_rom_ram_names, 0, 0,
     "what holds the rows; auto: LUTs or block RAM, whichever weighs less"},
    {0},
};

typedef struct sizes {
    lf_picture x, y;
    int64_t factor[2];
} sizes;

static lf_status sizes_of(const lf_graph *g, const lf_node *n, sizes *s) {
    const upsample_attr *a = n->attr;
    LF_TRY(lf_need_picture(g, n, &s->x));
    LF_TRY(lf_need_list(g, n, "factors", a->factors, s->x.axes, 1, 1 << 16));
    s->factor[0] = s->x.axes == 2 ? a->factors.at[0] : 1;
    s->factor[1] = a->factors.at[a->factors.count - 1];
    s->y = s->x;
    s->y.height *= s->factor[0];
    s->y.width *= s->factor[1];
    LF_TRY(lf_need_size(g, n, lf_picture_shape(s->y)));
    return lf_need_divisor(g, n, "SIMD", a->SIMD, s->x.channels, "channels");
}

static lf_status infer(lf_graph *g, lf_node *n) {
    sizes s;
    LF_TRY(sizes_of(g, n, &s));
    LF_TRY(lf_infer_same(g, n));
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = lf_picture_shape(s.y);
    if (y->range_axis != y->shape.rank - 1)
        y->channel_range = NULL;
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    sizes s;
    LF_TRY(sizes_of(run->graph, n, &s));
    int64_t *to = out->code;
    for (int64_t row = 0; row < s.y.height; row++)
        for (int64_t column = 0; column < s.y.width; column++)
            for (int64_t c = 0; c < s.x.channels; c++)
                *to++ = in->code[(row / s.factor[0] * s.x.width + column / s.factor[1]) * s.x.channels + c];
    return LF_OK;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

/* The nest: a pixel, again for every column of its block, pixels of a row, the row again, rows. */
static lf_status say(const lf_graph *g, const lf_node *n, lf_walk *out, lf_walk_beat *beat) {
    sizes s;
    LF_TRY(sizes_of(g, n, &s));
    int64_t pixel = s.x.channels / ((const upsample_attr *)n->attr)->SIMD, row = s.x.width * pixel;
    bool flat = s.factor[0] == 1; /* no row comes again: pixels are free as they go */
    *out = (lf_walk){
        .level = {{pixel, 1, 0, -1, 0},
                  {s.factor[1], 0, 0, -1, 0},
                  {s.x.width, pixel, flat ? pixel : 0, -1, 0},
                  {s.factor[0], 0, 0, -1, 0},
                  {s.x.height, row, row, -1, 0}},
        .levels = 5,
        .words = s.x.height * row,
        .size = {s.x.height, s.x.width},
        .row_words = row,
        .column_words = pixel,
    };
    lf_walk_plan(out);
    const upsample_attr *a = n->attr;
    *beat = (lf_walk_beat){
        .lanes = a->SIMD, .in = lf_in(g, n, 0)->dtype, .out = lf_out(g, n, 0)->dtype, .ram = (lf_rom_ram)a->ram_style};
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const upsample_attr *)n->attr)->SIMD;
}

static const lf_walk_own own = {say};

const lf_op lf_op_upsample = {
    .name = "upsample",
    .help = "every pixel as a block of equal ones",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(upsample_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = lf_walk_node_cost,
    .rtl = lf_walk_node_rtl,
    .unit = lf_walk_node_unit,
};
