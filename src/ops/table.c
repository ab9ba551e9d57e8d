/* Any function of a code: y[.., c] = T[c][x[.., c] - lo].
 *   in 0   x  [..., C]           codes, in a type of at most 12 bits
 *   in 1   T  [C, N] or [1, N]   constant codes; lo .. lo + N - 1 holds every x
 *   out 0  y  [..., C]           codes
 *   II = elements / PE cycles per frame. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "num/bitpack.h"
#include "ops/circuit_face.h"
#include "ops/branch.h"
#include "ops/elementwise.h"
#include "ops/rom.h"

enum { INDEX_BITS_MAX = 12 };

typedef struct lf_table_attr {
    int64_t lo, PE;
    int ram_style;
} lf_table_attr;

static const lf_attr_desc attrs[] = {
    {"lo", LF_ATTR_INT, offsetof(lf_table_attr, lo), "0", NULL, 0, 0, "input that the first entry is for"},
    {"PE", LF_ATTR_INT, offsetof(lf_table_attr, PE), "1", NULL, 1, 1 << 20, "channels per clock; divides the channels"},
    {"ram_style", LF_ATTR_ENUM, offsetof(lf_table_attr, ram_style), "auto", lf_rom_ram_names, 0, 0,
     "tables deeper than 64 words; auto: block RAM above 2048 bits"},
    {0},
};

/* -- infer ------------------------------------------------------------------------------------------------------------- */

static lf_status check(const lf_graph *g, const lf_node *n) {
    const lf_table_attr *a = n->attr;
    LF_TRY(lf_need_codes(g, n, 0));
    LF_TRY(lf_need_const(g, n, 1, "table"));
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 1);
    int64_t C = lf_last_dim(x->shape);
    lf_where where = lf_where_node(g, n);
    if (!lf_is_codes(T) || T->shape.rank != 2 || (T->shape.dim[0] != 1 && T->shape.dim[0] != C))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "the table must be constant integers of shape [1, N] or [%" PRId64 ", N], not %s", C,
                       lf_shape_text(g->arena, T->shape));
    if (lf_dtype_bits(x->dtype) > INDEX_BITS_MAX)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the input has %d bits, a table is for at most %d",
                       lf_dtype_bits(x->dtype), INDEX_BITS_MAX);
    if (x->range.lo < a->lo || x->range.hi - T->shape.dim[1] >= a->lo)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "the input's codes %" PRId64 "..%" PRId64 " leave the table, which has %" PRId64
                       " entries from %" PRId64 " on",
                       x->range.lo, x->range.hi, T->shape.dim[1], a->lo);
    return lf_need_divisor(g, n, "PE", a->PE, C, "channels");
}

static int64_t entry(const lf_node *n, const lf_tensor *T, int64_t c, int64_t x) {
    int64_t row = T->shape.dim[0] == 1 ? 0 : c;
    return lf_tensor_code(T, (size_t)(row * T->shape.dim[1] + x - ((const lf_table_attr *)n->attr)->lo));
}

/* All entries that the channel can meet. */
static lf_range channel_range(const lf_graph *g, const lf_node *n, int64_t c) {
    lf_range x = lf_last_axis_range(lf_in(g, n, 0), c);
    const lf_tensor *T = lf_in(g, n, 1);
    int64_t first = entry(n, T, c, x.lo);
    lf_range r = {first, first, 1};
    for (int64_t v = x.lo; v <= x.hi; v += x.step) {
        int64_t y = entry(n, T, c, v);
        r = lf_range_join(r, (lf_range){y, y, 1});
    }
    return r;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(check(g, n));
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 1);
    int64_t C = T->shape.dim[0] == 1 && !lf_has_last_axis_ranges(x) ? 1 : lf_last_dim(x->shape);
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, C);
    for (int64_t c = 0; c < C; c++)
        r[c] = channel_range(g, n, c);
    lf_set_last_axis_codes(g, x, lf_out(g, n, 0), r, C);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_tensor *T = lf_in(run->graph, n, 1);
    int64_t C = lf_last_dim(in->tensor->shape);
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = entry(n, T, (int64_t)(e % (size_t)C), in->code[e]);
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const lf_table_attr *)n->attr)->PE;
}

/* -- hardware ------------------------------------------------------------------------------------------------------------ */

enum { STAGES = 1 }; /* the register behind the table */

/* One table per lane, addressed by {beat, x as it lies on the wire}: nothing is subtracted. */
typedef struct plan {
    int64_t pe, beats; /* beats: with tables of their own */
    int in_bits, out_bits;
    int64_t depth;
} plan;

static plan plan_of(const lf_graph *g, const lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    plan p = {.pe = ((const lf_table_attr *)n->attr)->PE,
              .in_bits = lf_dtype_bits(x->dtype),
              .out_bits = lf_dtype_bits(lf_out(g, n, 0)->dtype)};
    p.beats = lf_in(g, n, 1)->shape.dim[0] == 1 ? 1 : lf_last_dim(x->shape) / p.pe;
    p.depth = p.beats << p.in_bits;
    return p;
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    plan p = plan_of(g, n);
    *out = (lf_cost){.lut = 2,
                     .ff = STAGES,
                     .ii_cycles = lf_shape_count(lf_out(g, n, 0)->shape) / p.pe,
                     .weight_bits = p.depth * p.out_bits * p.pe};
    if (p.beats > 1) {
        out->lut += lf_bits_unsigned((uint64_t)(p.beats - 1));
        out->ff += lf_bits_unsigned((uint64_t)(p.beats - 1));
    }
    for (int64_t lane = 0; lane < p.pe; lane++)
        lf_rom_cost(out, p.depth, p.out_bits, (lf_rom_ram)((const lf_table_attr *)n->attr)->ram_style);
    return LF_OK;
}

static lf_status print_lane(const lf_graph *g, const lf_node *n, const plan *p, lf_vlog *v, lf_text *t,
                            const char *module, int64_t lane) {
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 1);
    lf_dtype in = x->dtype, to = lf_out(g, n, 0)->dtype;
    bool shared = T->shape.dim[0] == 1; /* by all channels that the lane takes in turn */
    int64_t patterns = (int64_t)1 << p->in_bits;
    uint8_t *words = LF_NEW_ARRAY(g->arena, uint8_t, (p->depth * p->out_bits + 7) / 8);
    for (int64_t i = 0; i < p->depth; i++) {
        int64_t code = lf_code_from_bits(in, (uint64_t)(i % patterns)), c = i / patterns * p->pe + lane;
        if (lf_range_holds(shared ? x->range : lf_last_axis_range(x, c), code)) /* others do not come */
            lf_bits_set(words, (size_t)(i * p->out_bits), p->out_bits, lf_code_to_bits(to, entry(n, T, c, code)));
    }
    const char *name = lf_format(g->arena, "l%" PRId64, lane);
    const char *index = lf_format(g->arena, "s_axis_tdata[%" PRId64 "+:%d]", lane * p->in_bits, p->in_bits);
    lf_rom r = {.name = name,
                .bits = p->out_bits,
                .depth = p->depth,
                .words = words,
                .ram = (lf_rom_ram)((const lf_table_attr *)n->attr)->ram_style};
    LF_TRY(lf_rom_print(v, g->arena, t, module, p->beats > 1 ? lf_format(g->arena, "{beat, %s}", index) : index, &r));
    lf_text_addf(t, "    assign m_axis_tdata[%" PRId64 "+:%d] = %s;\n", lane * p->out_bits, p->out_bits, name);
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    plan p = plan_of(g, n);
    const char *module = lf_format(g->arena, "%s_lookup", lf_vlog_name(g->arena, n->name));
    lf_text *t = lf_vlog_module(v, module);
    if (!t)
        return LF_FAILED;
    lf_pipe_frame f = {module, p.pe * p.in_bits, p.pe * p.out_bits, p.beats, STAGES};
    lf_pipe_open(t, &f);
    for (int64_t lane = 0; lane < p.pe; lane++)
        LF_TRY(print_lane(g, n, &p, v, t, module, lane));
    lf_text_add(t, "endmodule\n");
    lf_stream_instance(g, n, v, module);
    return LF_OK;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    *out =
        lf_twin_pipe(a, n->name, lf_shape_count(lf_out(g, n, 0)->shape) / ((const lf_table_attr *)n->attr)->PE, STAGES);
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

/* The bits of a word as they are, whatever its lowest value is. */
typedef struct lookup {
    int64_t values[2 << INDEX_BITS_MAX]; /* without a constant, a word may have one bit more */
    uint8_t care[(2 << INDEX_BITS_MAX) / 8];
} lookup;

static lf_word look_up(const lf_node *n, const lf_tensor *T, lf_circuit *c, lf_word x, int64_t channel, lookup *l) {
    int64_t plus;
    x = lf_face_peeled(c, x, &plus);
    lf_range r = lf_word_range(c, x);
    int bits = lf_word_bits(c, x);
    int64_t mask = ((int64_t)1 << bits) - 1;
    memset(l, 0, sizeof *l);
    for (int64_t v = r.lo; v <= r.hi; v += r.step) {
        int64_t i = v & mask;
        l->values[i] = entry(n, T, channel, v + plus);
        l->care[i / 8] = (uint8_t)(l->care[i / 8] | 1u << (i % 8));
    }
    return lf_circuit_table(c, lf_circuit_wrap(c, x, bits, false), l->values, (size_t)mask + 1, l->care);
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 1);
    lookup *l = malloc(sizeof *l);
    if (!l)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s: no memory", n->name);
    for (size_t e = 0; e < (size_t)lf_shape_count(x->shape); e++)
        out[0][e] = look_up(n, T, c, in[0][e], (int64_t)(e % (size_t)lf_last_dim(x->shape)), l);
    free(l);
    return LF_OK;
}

const lf_op lf_op_table = {
    .name = "table",
    .help = "looks codes up, per channel",
    .level = LF_HW,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_table_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
