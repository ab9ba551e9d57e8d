/* Pooling over a whole picture: every channel's pixels are reduced to one.
 *   in 0   x  codes [1, H, W, C] or [1, L, C]
 *   out 0  y  codes [1, 1, 1, C] or [1, 1, C]: the largest, the least or the sum
 *   II = beats of x = H*W * C / PE cycles per frame. */
#include <inttypes.h>

#include "ops/branch.h"
#include "ops/picture.h"
#include "ops/pooling.h"
#include "ops/stream.h"

typedef struct global_pool_attr {
    int function; /* lf_reduce */
    int64_t PE;
} global_pool_attr;

static const lf_attr_desc attrs[] = {
    {"function", LF_ATTR_ENUM, offsetof(global_pool_attr, function), "max", lf_reduce_names, 0, 0,
     "what becomes of the pixels of a channel"},
    {"PE", LF_ATTR_INT, offsetof(global_pool_attr, PE), "1", NULL, 1, 1 << 20,
     "channels per clock; divides the channels"},
    {0},
};

static lf_status check(const lf_graph *g, const lf_node *n, lf_picture *p) {
    LF_TRY(lf_need_picture(g, n, p));
    return lf_need_divisor(g, n, "PE", ((const global_pool_attr *)n->attr)->PE, p->channels, "channels");
}

static void set_channel_ranges(lf_graph *g, lf_reduce f, const lf_tensor *x, lf_picture p, lf_tensor *y) {
    bool overflow = false; /* the range of all channels does not */
    lf_range *r = lf_new_last_axis_ranges(g, x, y);
    for (int64_t c = 0; r && c < p.channels; c++)
        r[c] = lf_reduce_many(f, x->channel_range[c], lf_picture_pixels(p), &overflow);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_reduce f = (lf_reduce)((const global_pool_attr *)n->attr)->function;
    lf_picture p;
    LF_TRY(check(g, n, &p));
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = lf_picture_shape((lf_picture){.axes = p.axes, .height = 1, .width = 1, .channels = p.channels});
    bool overflow = false;
    lf_set_codes(g, y, lf_reduce_many(f, x->range, lf_picture_pixels(p), &overflow));
    if (overflow) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "sums of %" PRId64 " codes may leave 62 bits",
                       lf_picture_pixels(p));
    }
    if (f != LF_REDUCE_SUM)
        y->dtype = x->dtype;
    set_channel_ranges(g, f, x, p, y);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_reduce f = (lf_reduce)((const global_pool_attr *)n->attr)->function;
    (void)run;
    for (size_t i = 0; i < in->count; i++) {
        int64_t *y = &out->code[i % out->count];
        *y = i < out->count ? in->code[i] : lf_reduce_code(f, *y, in->code[i]);
    }
    return LF_OK;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const global_pool_attr *)n->attr)->PE;
}

static lf_status plan_of(const lf_graph *g, const lf_node *n, lf_pooling *out) {
    const global_pool_attr *a = n->attr;
    lf_picture p;
    LF_TRY(check(g, n, &p));
    *out = (lf_pooling){.function = (lf_reduce)a->function,
                        .pe = a->PE,
                        .taps = lf_picture_pixels(p),
                        .groups = p.channels / a->PE,
                        .frames = 1};
    return LF_OK;
}

static const lf_pooling_own own = {plan_of};

const lf_op lf_op_global_pool = {
    .name = "global_pool",
    .help = "largest, least or sum of every channel of a picture",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(global_pool_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = lf_pooling_cost,
    .rtl = lf_pooling_rtl,
    .unit = lf_pooling_unit,
};
