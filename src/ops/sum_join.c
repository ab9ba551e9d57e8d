/* Sum of two streams: y = a_factor * a + b_factor * b.
 *   in 0, 1  a, b  codes of one shape
 *   out 0    y     codes
 *   PE elements per beat; II = elements / PE. */
#include <inttypes.h>

#include "num/signed_digits.h"
#include "ops/circuit_face.h"
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

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static int64_t beats(const lf_graph *g, const lf_node *n) {
    return lf_shape_count(lf_out(g, n, 0)->shape) / ((const lf_sum_join_attr *)n->attr)->PE;
}

/* Factors that are more than a shift get a register behind them. */
static int stages(const lf_sum_join_attr *a) {
    return lf_digits_of(a->a_factor).count <= 1 && lf_digits_of(a->b_factor).count <= 1 ? 1 : 2;
}

/* Fitted to yosys counts (xc7). */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    const lf_sum_join_attr *a = n->attr;
    double width = (double)a->PE * lf_dtype_bits(lf_out(g, n, 0)->dtype);
    int adders = lf_digits_of(a->a_factor).count + lf_digits_of(a->b_factor).count - 1, deep = stages(a);
    double each = deep > 1 ? 0.7 : 1; /* an adder of shifted terms is shorter than the sum */
    *out = (lf_cost){.lut = width * (adders < 1 ? 0 : adders) * each + 3,
                     .ff = width * (2 * deep - 1) + deep,
                     .ii_cycles = beats(g, n)};
    return LF_OK;
}

static void factor_params(const lf_graph *g, lf_vlog *v, const char *name, int bits, int64_t factor) {
    lf_digits d = lf_digits_of(factor);
    uint64_t mask = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
    lf_vlog_param(v, lf_format(g->arena, "%s_PLUS", name), "%d'h%" PRIx64, bits, d.plus & mask);
    lf_vlog_param(v, lf_format(g->arena, "%s_MINUS", name), "%d'h%" PRIx64, bits, d.minus & mask);
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    const lf_sum_join_attr *a = n->attr;
    lf_dtype y = lf_out(g, n, 0)->dtype;
    lf_stream_instance(g, n, v, "lf_sum_join");
    lf_vlog_param(v, "PE", "%" PRId64, a->PE);
    lf_wire_params(v, "A", lf_in(g, n, 0)->dtype);
    lf_wire_params(v, "B", lf_in(g, n, 1)->dtype);
    lf_wire_params(v, "OUT", y);
    lf_vlog_param(v, "STAGES", "%d", stages(a));
    factor_params(g, v, "A", lf_dtype_bits(y) + 1, a->a_factor);
    factor_params(g, v, "B", lf_dtype_bits(y) + 1, a->b_factor);
    return LF_OK;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    *out = lf_twin_join(a, n->name, beats(g, n), stages(n->attr));
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    const lf_sum_join_attr *a = n->attr;
    size_t count = (size_t)lf_shape_count(lf_out(g, n, 0)->shape);
    for (size_t e = 0; e < count; e++)
        out[0][e] = lf_circuit_add(c, lf_face_times(c, in[0][e], a->a_factor), lf_face_times(c, in[1][e], a->b_factor));
    return LF_OK;
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
    .circuit = circuit,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
