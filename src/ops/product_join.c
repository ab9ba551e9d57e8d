/* Product of two streams: y = a * b.
 *   in 0, 1  a, b  codes of one shape
 *   out 0    y     codes
 *   PE elements per beat; II = elements / PE. */
#include "ops/branch.h"
#include "ops/product.h"

typedef struct lf_product_join_attr {
    int64_t PE;
} lf_product_join_attr;

static const lf_attr_desc attrs[] = {
    {"PE", LF_ATTR_INT, offsetof(lf_product_join_attr, PE), "1", NULL, 1, 1 << 20,
     "elements per clock; divides the channels"},
    {0},
};

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_same_streams(g, n));
    const lf_tensor *a = lf_in(g, n, 0);
    LF_TRY(lf_need_divisor(g, n, "PE", ((const lf_product_join_attr *)n->attr)->PE, lf_last_dim(a->shape), "channels"));
    LF_TRY(lf_mul_infer(g, n));
    if (lf_is_codes(lf_out(g, n, 0)))
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s * %s leaves the range of codes, +-2^62", a->name,
                   lf_in(g, n, 1)->name);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run;
    (void)n;
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = in[0].code[e] * in[1].code[e];
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = in[1] = out[0] = ((const lf_product_join_attr *)n->attr)->PE;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

enum { STAGES = 2 }; /* of rtl/lf_product_join.v */

static int64_t beats(const lf_graph *g, const lf_node *n) {
    return lf_shape_count(lf_out(g, n, 0)->shape) / ((const lf_product_join_attr *)n->attr)->PE;
}

/* Yosys takes DSPs from 9 bits of product on. */
static double dsps(lf_dtype a, lf_dtype b) {
    int p = lf_signed_bits(a), q = lf_signed_bits(b);
    return lf_dtype_bits(a) < 2 || lf_dtype_bits(b) < 2 || p + q < 9 ? 0 : lf_dsp_count(p, q);
}

/* Fitted to yosys counts (xc7). */
static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_dtype ta = lf_in(g, n, 0)->dtype, tb = lf_in(g, n, 1)->dtype;
    double pe = (double)((const lf_product_join_attr *)n->attr)->PE, dsp = dsps(ta, tb);
    int a = lf_dtype_bits(ta), b = lf_dtype_bits(tb);
    bool sign = ta.kind == LF_KIND_BIPOLAR || tb.kind == LF_KIND_BIPOLAR;
    *out = (lf_cost){.lut = 3, .ff = STAGES, .dsp = pe * dsp, .ii_cycles = beats(g, n)};
    if (dsp == 0) {
        out->lut += pe * (sign ? a + b : 1.3 * a * b);
        out->ff += pe * (a + b + lf_dtype_bits(lf_out(g, n, 0)->dtype));
    }
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_stream_instance(g, n, v, "lf_product_join");
    lf_vlog_param(v, "PE", "%lld", (long long)((const lf_product_join_attr *)n->attr)->PE);
    lf_wire_params(v, "A", lf_in(g, n, 0)->dtype);
    lf_wire_params(v, "B", lf_in(g, n, 1)->dtype);
    lf_wire_params(v, "OUT", lf_out(g, n, 0)->dtype);
    return LF_OK;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    *out = lf_twin_join(a, n->name, beats(g, n), STAGES);
    return LF_OK;
}

const lf_op lf_op_product_join = {
    .name = "product_join",
    .help = "a * b of two streams",
    .level = LF_HW,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_product_join_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
