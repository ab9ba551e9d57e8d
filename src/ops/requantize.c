/* A new scale by integers: y[.., c] = clip((x[.., c] * mul[c] + add[c]) >> shift, lo, hi); the shift rounds down.
 *   in 0   x    [..., C]      codes
 *   in 1   mul  [C] or [1]    constant codes
 *   in 2   add  [C] or [1]    constant codes
 *   out 0  y    [..., C]      codes
 *   II = elements / PE cycles per frame.      Source: Jacob et al., Quantization and Training of Neural Networks, 2018, section 2.2. */
#include <inttypes.h>

#include "num/bitpack.h"
#include "ops/circuit_face.h"
#include "ops/branch.h"
#include "ops/elementwise.h"
#include "ops/rom.h"

typedef enum lf_requantize_style { REQUANTIZE_AUTO, REQUANTIZE_DSP, REQUANTIZE_LUT } lf_requantize_style;

typedef struct lf_requantize_attr {
    int64_t shift, lo, hi, PE;
    int style, ram_style;
} lf_requantize_attr;

static const char *const style_names[] = {"auto", "dsp", "lut", NULL};

static const lf_attr_desc attrs[] = {
    {"shift", LF_ATTR_INT, offsetof(lf_requantize_attr, shift), "0", NULL, 0, 62, "bits dropped at the end"},
    {"lo", LF_ATTR_INT, offsetof(lf_requantize_attr, lo), NULL, NULL, -0x1p62, 0x1p62, "smallest output"},
    {"hi", LF_ATTR_INT, offsetof(lf_requantize_attr, hi), NULL, NULL, -0x1p62, 0x1p62, "largest output"},
    {"PE", LF_ATTR_INT, offsetof(lf_requantize_attr, PE), "1", NULL, 1, 1 << 20,
     "channels per clock; divides the channels"},
    {"style", LF_ATTR_ENUM, offsetof(lf_requantize_attr, style), "auto", style_names, 0, 0,
     "multiply in a DSP or in LUTs; auto: a DSP from 9 bits of product on"},
    {"ram_style", LF_ATTR_ENUM, offsetof(lf_requantize_attr, ram_style), "auto", lf_rom_ram_names, 0, 0,
     "tables deeper than 64 words; auto: block RAM above 2048 bits"},
    {0},
};

/* -- infer ------------------------------------------------------------------------------------------------------------- */

static int64_t constant_at(const lf_tensor *t, int64_t c) {
    return lf_tensor_code(t, (size_t)(lf_shape_count(t->shape) == 1 ? 0 : c));
}

static lf_status check_constant(const lf_graph *g, const lf_node *n, int i, const char *what) {
    int64_t C = lf_last_dim(lf_in(g, n, 0)->shape);
    LF_TRY(lf_need_const(g, n, i, what));
    const lf_tensor *t = lf_in(g, n, i);
    int64_t count = lf_shape_count(t->shape);
    if (lf_is_codes(t) && (count == 1 || (count == C && lf_last_dim(t->shape) == C)))
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s must be 1 or %" PRId64 " integers with scale 1, not %s", what, C,
                   lf_shape_text(g->arena, t->shape));
}

static int64_t clip(int64_t v, int64_t lo, int64_t hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

static int64_t floor_shift(int64_t v, int64_t bits) {
    int64_t d = (int64_t)1 << bits;
    return v >= 0 ? v / d : -((d - 1 - v) / d);
}

/* x * mul + add of channel c: before the shift. */
static lf_range sum_range(const lf_graph *g, const lf_node *n, int64_t c, bool *overflow) {
    lf_range x = lf_last_axis_range(lf_in(g, n, 0), c);
    int64_t add = constant_at(lf_in(g, n, 2), c);
    lf_range r = lf_range_scale(x, constant_at(lf_in(g, n, 1), c), overflow);
    r = lf_range_add(r, (lf_range){add, add, 1}, overflow);
    *overflow |= r.lo < -LF_CODE_MAX || r.hi > LF_CODE_MAX;
    return r;
}

static lf_range output_range(const lf_requantize_attr *a, lf_range sum) {
    lf_range q = {floor_shift(sum.lo, a->shift), floor_shift(sum.hi, a->shift), 1};
    lf_range y = {clip(q.lo, a->lo, a->hi), clip(q.hi, a->lo, a->hi), 1};
    if (a->shift == 0 && y.lo == sum.lo && y.hi == sum.hi)
        y.step = sum.step;
    return y;
}

/* Channels that can differ; 1 when all are alike. */
static int64_t channels_told_apart(const lf_graph *g, const lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    bool alike = lf_shape_count(lf_in(g, n, 1)->shape) == 1 && lf_shape_count(lf_in(g, n, 2)->shape) == 1;
    return alike && !lf_has_last_axis_ranges(x) ? 1 : lf_last_dim(x->shape);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_requantize_attr *a = n->attr;
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_need_codes(g, n, 0));
    LF_TRY(check_constant(g, n, 1, "mul"));
    LF_TRY(check_constant(g, n, 2, "add"));
    if (a->lo > a->hi)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "lo=%" PRId64 " is greater than hi=%" PRId64, a->lo, a->hi);
    const lf_tensor *x = lf_in(g, n, 0);
    LF_TRY(lf_need_divisor(g, n, "PE", a->PE, lf_last_dim(x->shape), "channels"));
    int64_t C = channels_told_apart(g, n);
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, C);
    for (int64_t c = 0; c < C; c++) {
        bool overflow = false;
        r[c] = output_range(a, sum_range(g, n, c, &overflow));
        if (overflow)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "x * mul + add of channel %" PRId64 " leaves +-2^62", c);
    }
    lf_set_last_axis_codes(g, x, lf_out(g, n, 0), r, C);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_requantize_attr *a = n->attr;
    const lf_tensor *mul = lf_in(run->graph, n, 1), *add = lf_in(run->graph, n, 2);
    int64_t C = lf_last_dim(in->tensor->shape);
    for (size_t e = 0; e < out->count; e++) {
        int64_t c = (int64_t)(e % (size_t)C), sum = in->code[e] * constant_at(mul, c) + constant_at(add, c);
        out->code[e] = clip(floor_shift(sum, a->shift), a->lo, a->hi);
    }
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const lf_requantize_attr *)n->attr)->PE;
}

/* -- hardware ------------------------------------------------------------------------------------------------------------ */

enum { STAGES = 4 }; /* of rtl/lf_requantize_lane.v */

typedef struct plan {
    int64_t pe, depth; /* depth: different beats; 1: constants */
    int mul_bits, add_bits, sum_bits, q_bits;
    int64_t shift;
    bool clip_lo, clip_hi, dsp;
} plan;

static int signed_bits(lf_range r) {
    return lf_bits_signed(r.lo, r.hi);
}

static lf_range widened(lf_range r, int64_t v) {
    return (lf_range){v < r.lo ? v : r.lo, v > r.hi ? v : r.hi, 1};
}

/* A constant factor of few bits is less than a DSP. */
static bool worth_dsp(const plan *p, int x_bits) {
    return x_bits + p->mul_bits >= 9 && (p->depth > 1 || p->mul_bits > 6);
}

static plan plan_of(const lf_graph *g, const lf_node *n) {
    const lf_requantize_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0), *mul = lf_in(g, n, 1), *add = lf_in(g, n, 2);
    int64_t C = channels_told_apart(g, n);
    bool overflow = false, alike = lf_shape_count(mul->shape) == 1 && lf_shape_count(add->shape) == 1;
    lf_range sum = sum_range(g, n, 0, &overflow);
    for (int64_t c = 1; c < C; c++)
        sum = lf_range_join(sum, sum_range(g, n, c, &overflow));
    lf_range q = {floor_shift(sum.lo, a->shift), floor_shift(sum.hi, a->shift), 1};
    plan p = {.pe = a->PE,
              .depth = alike ? 1 : lf_last_dim(x->shape) / a->PE,
              .shift = a->shift,
              .mul_bits = signed_bits(mul->range),
              .add_bits = signed_bits(add->range),
              .clip_lo = q.lo<a->lo, .clip_hi = q.hi> a->hi};
    /* the product alone may be longer than the sum; modulo 2^sum_bits that does not matter */
    p.sum_bits = signed_bits(sum);
    q = p.clip_lo ? widened(q, a->lo) : q;
    p.q_bits = signed_bits(p.clip_hi ? widened(q, a->hi) : q);
    p.dsp = a->style == REQUANTIZE_DSP || (a->style == REQUANTIZE_AUTO && worth_dsp(&p, lf_signed_bits(x->dtype)));
    return p;
}

/* One lane; fitted to yosys counts (xc7). A DSP takes product and sum with their registers. */
static lf_cost lane_cost(const plan *p, int x_bits, int out_bits) {
    double clips = p->clip_lo + p->clip_hi, add = p->depth > 1 ? p->add_bits : 0;
    lf_cost c = {.lut = clips * p->q_bits * 0.65, .ff = add + out_bits};
    if (p->dsp) {
        c.dsp = lf_dsp_count(x_bits, p->mul_bits);
        return c;
    }
    c.lut += p->sum_bits + x_bits * p->mul_bits * (p->depth > 1 ? 1.8 : 0.5);
    c.ff += 2 * x_bits + p->mul_bits + (p->sum_bits > p->shift ? (double)(p->sum_bits - p->shift) : 1);
    return c;
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    plan p = plan_of(g, n);
    lf_cost lane = lane_cost(&p, lf_signed_bits(lf_in(g, n, 0)->dtype), lf_dtype_bits(lf_out(g, n, 0)->dtype));
    double pe = (double)p.pe;
    *out = (lf_cost){.lut = 2 + pe * lane.lut,
                     .ff = STAGES + pe * lane.ff,
                     .dsp = pe * lane.dsp,
                     .ii_cycles = lf_shape_count(lf_out(g, n, 0)->shape) / p.pe,
                     .weight_bits = p.depth * p.pe * (p.mul_bits + p.add_bits)};
    if (p.depth > 1) {
        int count = lf_bits_unsigned((uint64_t)(p.depth - 1));
        out->lut += count;
        out->ff += count;
        lf_rom_cost(out, p.depth, p.pe * (p.mul_bits + p.add_bits),
                    (lf_rom_ram)((const lf_requantize_attr *)n->attr)->ram_style);
    }
    return LF_OK;
}

static uint64_t low_bits(int64_t v, int bits) {
    return (uint64_t)v & (bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX);
}

/* Word `beat`: per lane mul, then add. */
static lf_status print_constants(const lf_graph *g, const lf_node *n, const plan *p, lf_vlog *v, lf_text *t,
                                 const char *module) {
    int one = p->mul_bits + p->add_bits;
    int64_t bits = one * p->pe;
    uint8_t *words = LF_NEW_ARRAY(g->arena, uint8_t, (bits * p->depth + 7) / 8);
    for (int64_t i = 0; i < p->depth * p->pe; i++) {
        size_t at = (size_t)(i * one);
        int64_t mul = constant_at(lf_in(g, n, 1), i), add = constant_at(lf_in(g, n, 2), i);
        lf_bits_set(words, at, p->mul_bits, low_bits(mul, p->mul_bits));
        lf_bits_set(words, at + (size_t)p->mul_bits, p->add_bits, low_bits(add, p->add_bits));
    }
    lf_rom r = {.name = "row",
                .bits = (int)bits,
                .depth = p->depth,
                .words = words,
                .ram = (lf_rom_ram)((const lf_requantize_attr *)n->attr)->ram_style};
    return lf_rom_print(v, g->arena, t, module, "beat", &r);
}

static void print_lane(const lf_graph *g, const lf_node *n, const plan *p, lf_text *t, int64_t lane) {
    const lf_requantize_attr *a = n->attr;
    lf_dtype x = lf_in(g, n, 0)->dtype, y = lf_out(g, n, 0)->dtype;
    int64_t at = lane * (p->mul_bits + p->add_bits);
    lf_text_addf(t,
                 "    lf_requantize_lane #(.IN_BITS(%d), .IN_KIND(%d), .MUL_BITS(%d), .ADD_BITS(%d), .SUM_BITS(%d),\n",
                 lf_dtype_bits(x), lf_wire_kind(x), p->mul_bits, p->add_bits, p->sum_bits);
    lf_text_addf(t,
                 "        .SHIFT(%" PRId64 "), .Q_BITS(%d), .CLIP_LO(%d), .CLIP_HI(%d), .LO(%d'h%" PRIx64
                 "), .HI(%d'h%" PRIx64 "),\n",
                 a->shift, p->q_bits, p->clip_lo, p->clip_hi, p->q_bits, p->clip_lo ? low_bits(a->lo, p->q_bits) : 0,
                 p->q_bits, p->clip_hi ? low_bits(a->hi, p->q_bits) : 0);
    lf_text_addf(t, "        .OUT_BITS(%d), .OUT_KIND(%d), .DSP(%d)) l%" PRId64 " (\n", lf_dtype_bits(y),
                 lf_wire_kind(y), p->dsp, lane);
    lf_text_addf(t, "        .aclk(aclk), .ce(ce), .x(s_axis_tdata[%" PRId64 "+:%d]),\n", lane * lf_dtype_bits(x),
                 lf_dtype_bits(x));
    lf_text_addf(t,
                 "        .mul(row[%" PRId64 "+:%d]), .add(row[%" PRId64 "+:%d]), .y(m_axis_tdata[%" PRId64
                 "+:%d])\n    );\n",
                 at, p->mul_bits, at + p->mul_bits, p->add_bits, lane * lf_dtype_bits(y), lf_dtype_bits(y));
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    plan p = plan_of(g, n);
    const char *module = lf_format(g->arena, "%s_requantize", lf_vlog_name(g->arena, n->name));
    lf_text *t = lf_vlog_module(v, module);
    if (!t)
        return LF_FAILED;
    lf_pipe_frame f = {.module = module,
                       .in_bits = p.pe * lf_dtype_bits(lf_in(g, n, 0)->dtype),
                       .out_bits = p.pe * lf_dtype_bits(lf_out(g, n, 0)->dtype),
                       .beats = p.depth,
                       .stages = STAGES};
    lf_pipe_open(t, &f);
    LF_TRY(print_constants(g, n, &p, v, t, module));
    for (int64_t lane = 0; lane < p.pe; lane++)
        print_lane(g, n, &p, t, lane);
    lf_text_add(t, "endmodule\n");
    lf_stream_instance(g, n, v, module);
    return LF_OK;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    *out = lf_twin_pipe(a, n->name, lf_shape_count(lf_out(g, n, 0)->shape) / ((const lf_requantize_attr *)n->attr)->PE,
                        STAGES);
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    const lf_requantize_attr *a = n->attr;
    size_t C = (size_t)lf_last_dim(lf_in(g, n, 0)->shape), count = (size_t)lf_shape_count(lf_in(g, n, 0)->shape);
    for (size_t e = 0; e < count; e++) {
        int64_t channel = (int64_t)(e % C);
        lf_word product = lf_face_times(c, in[0][e], constant_at(lf_in(g, n, 1), channel));
        lf_word sum = lf_face_plus(c, product, constant_at(lf_in(g, n, 2), channel));
        out[0][e] = lf_circuit_clamp(c, lf_circuit_shift(c, sum, -(int)a->shift), a->lo, a->hi);
    }
    return LF_OK;
}

const lf_op lf_op_requantize = {
    .name = "requantize",
    .help = "multiplies, adds, shifts and clips integers, per channel",
    .level = LF_HW,
    .in_min = 3,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_requantize_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
