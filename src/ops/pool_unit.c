/* Pooling over the vectors that `window` makes: for every channel its K elements are reduced to one.
 *   in 0   x  codes [1, ..., K*C], ordered (C / PE, K, PE): what `window` gives with interleave = PE
 *   out 0  y  codes [1, ..., C]: the largest, the least or the sum of the K elements
 *   II = beats of x = pixels * (C / PE) * K cycles per frame. */
#include <inttypes.h>

#include "ops/branch.h"
#include "ops/pooling.h"
#include "ops/stream.h"

typedef struct pool_attr {
    int function; /* lf_reduce */
    int64_t K, PE;
} pool_attr;

static const lf_attr_desc attrs[] = {
    {"function", LF_ATTR_ENUM, offsetof(pool_attr, function), "max", lf_reduce_names, 0, 0,
     "what becomes of the elements of a channel"},
    {"K", LF_ATTR_INT, offsetof(pool_attr, K), NULL, NULL, 1, 1 << 24, "elements of a window per channel"},
    {"PE", LF_ATTR_INT, offsetof(pool_attr, PE), "1", NULL, 1, 1 << 20, "channels per clock; divides the channels"},
    {0},
};

static int64_t channels_of(const lf_graph *g, const lf_node *n) {
    return lf_last_dim(lf_in(g, n, 0)->shape) / ((const pool_attr *)n->attr)->K;
}

/* Where element k of channel c lies in a vector of x. */
static int64_t element(const pool_attr *a, int64_t c, int64_t k) {
    return (c / a->PE * a->K + k) * a->PE + c % a->PE;
}

static lf_status check(const lf_graph *g, const lf_node *n) {
    const pool_attr *a = n->attr;
    LF_TRY(lf_need_codes(g, n, 0));
    lf_shape s = lf_in(g, n, 0)->shape;
    if (s.rank && lf_shape_count(s) > 0 && lf_last_dim(s) % a->K == 0)
        return lf_need_divisor(g, n, "PE", a->PE, channels_of(g, n), "channels");
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the last axis of %s is not made of windows of K=%" PRId64 " elements",
                   lf_shape_text(g->arena, s), a->K);
}

static lf_range channel_range(const pool_attr *a, const lf_tensor *x, int64_t c, bool *overflow) {
    lf_range r = x->channel_range[element(a, c, 0)];
    for (int64_t k = 1; k < a->K; k++)
        r = lf_reduce_range((lf_reduce)a->function, r, x->channel_range[element(a, c, k)], overflow);
    return r;
}

/* Channel by channel where x knows more than one range for all. */
static bool set_ranges(lf_graph *g, const pool_attr *a, const lf_tensor *x, lf_tensor *y) {
    bool overflow = false;
    lf_range all = lf_reduce_many((lf_reduce)a->function, x->range, a->K, &overflow);
    if (!lf_has_last_axis_ranges(x)) {
        lf_set_codes(g, y, all);
        return !overflow;
    }
    int64_t channels = lf_last_dim(y->shape);
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, channels);
    for (int64_t c = 0; c < channels; c++) {
        r[c] = channel_range(a, x, c, &overflow);
        all = c ? lf_range_join(all, r[c]) : r[c];
    }
    lf_set_codes(g, y, all);
    y->channel_range = r;
    y->range_axis = y->shape.rank - 1;
    return !overflow;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(check(g, n));
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = x->shape;
    y->shape.dim[y->shape.rank - 1] = channels_of(g, n);
    if (set_ranges(g, n->attr, x, y)) {
        if (((const pool_attr *)n->attr)->function != LF_REDUCE_SUM)
            y->dtype = x->dtype;
        return LF_OK;
    }
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "sums of %" PRId64 " codes may leave 62 bits",
                   ((const pool_attr *)n->attr)->K);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const pool_attr *a = n->attr;
    int64_t channels = channels_of(run->graph, n);
    for (size_t i = 0; i < out->count; i++) {
        int64_t c = (int64_t)i % channels;
        const int64_t *x = in->code + (int64_t)i / channels * channels * a->K;
        int64_t y = x[element(a, c, 0)];
        for (int64_t k = 1; k < a->K; k++)
            y = lf_reduce_code((lf_reduce)a->function, y, x[element(a, c, k)]);
        out->code[i] = y;
    }
    return LF_OK;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const pool_attr *)n->attr)->PE;
}

static lf_status plan_of(const lf_graph *g, const lf_node *n, lf_pooling *out) {
    const pool_attr *a = n->attr;
    LF_TRY(check(g, n));
    *out = (lf_pooling){.function = (lf_reduce)a->function,
                        .pe = a->PE,
                        .taps = a->K,
                        .groups = 1,
                        .frames = lf_shape_count(lf_in(g, n, 0)->shape) / (a->PE * a->K)};
    return LF_OK;
}

static const lf_pooling_own own = {plan_of};

const lf_op lf_op_pool = {
    .name = "pool",
    .help = "largest, least or sum of the elements of every channel of a window",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(pool_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = lf_pooling_cost,
    .rtl = lf_pooling_rtl,
    .unit = lf_pooling_unit,
};
