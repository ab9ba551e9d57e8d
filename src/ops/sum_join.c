/* Sum of two streams: y = a_factor * a + b_factor * b.
 *   in 0, 1  a, b  codes of one shape
 *   out 0    y     codes
 *   PE elements per beat; II = elements / PE. */
#include "ops/branch.h"
#include "ops/elementwise.h"

typedef struct lf_sum_join_attr {
    int64_t PE, a_factor, b_factor;
} lf_sum_join_attr;

static const lf_attr_desc attrs[] = {
    {"PE", LF_ATTR_INT, offsetof(lf_sum_join_attr, PE), "1", NULL, 1, 1 << 20,
     "elements per clock; divides the channels"},
    {"a_factor", LF_ATTR_INT, offsetof(lf_sum_join_attr, a_factor), "1", NULL, 0, 0, "integer that a is multiplied by"},
    {"b_factor", LF_ATTR_INT, offsetof(lf_sum_join_attr, b_factor), "1", NULL, 0, 0, "integer that b is multiplied by"},
    {0},
};

typedef struct sum {
    const lf_tensor *a, *b;
    const lf_sum_join_attr *by;
} sum;

static lf_range range_fn(const void *arg, size_t e, bool *overflow) {
    const sum *s = arg;
    lf_range a = lf_range_scale(lf_range_at(s->a, e), s->by->a_factor, overflow);
    return lf_range_add(a, lf_range_scale(lf_range_at(s->b, e), s->by->b_factor, overflow), overflow);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_sum_join_attr *a = n->attr;
    LF_TRY(lf_need_same_streams(g, n));
    sum s = {lf_in(g, n, 0), lf_in(g, n, 1), a};
    lf_tensor *y = lf_out(g, n, 0);
    LF_TRY(lf_need_divisor(g, n, "PE", a->PE, lf_last_dim(s.a->shape), "channels"));
    lf_same_codes(g, y, s.a);
    if (lf_set_ranges(g, y, lf_range_mask(s.a, y->shape) | lf_range_mask(s.b, y->shape), range_fn, &s))
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%lld * %s + %lld * %s leaves the range of codes, +-2^62",
                   (long long)a->a_factor, s.a->name, (long long)a->b_factor, s.b->name);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_sum_join_attr *a = n->attr;
    (void)run;
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = a->a_factor * in[0].code[e] + a->b_factor * in[1].code[e];
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = in[1] = out[0] = ((const lf_sum_join_attr *)n->attr)->PE;
}

const lf_op lf_op_sum_join = {
    .name = "sum_join",
    .help = "a_factor * a + b_factor * b of two streams",
    .level = LF_HW,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_sum_join_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
};
