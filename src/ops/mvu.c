/* Matrix times vector, with the activation behind it:
 *   acc[.., r] = bias[r] + sum over c of W[r][c] * x[.., c]
 *   y = acc, or with thresholds y = out_base + out_step * #{ t : acc[.., r] >= T[r][t] }.
 *   in 0   x     [1, ..., MW]   codes; every vector along the last axis
 *   in 1   W     [MH, MW]       constant codes
 *   in 2   bias  [MH]           optional constant codes
 *   in 3   T     [MH, L]        optional constant codes, ascending in L; hardware: L <= 3
 *   out 0  y     [1, ..., MH]   codes
 *   With groups = G > 1, W is [G*MH, MW] (bias, T alike) and the vectors of x, whose last but one axis is made of groups of G, take
 *   the blocks of MH rows in turn: a convolution in groups.
 *   II = vectors * (MH / PE) * (MW / SIMD) cycles per frame.
 *   ram_style = stream: the unit has a second input, of PE * SIMD weights per step, which repeat: for every vector, passes over its rows
 *   outside, words inside; the operand W stays what it is.
 *   Source: Umuroglu et al., FINN, FPGA 2017, section 4.2 (the folding PE x SIMD); mvu_plan.h for the arithmetic. */
#include <inttypes.h>

#include "ops/matmul_kernel.h"
#include "ops/mvu_circuit.h"
#include "ops/mvu_node.h"
#include "ops/run_node.h"
#include "ops/stream.h"

typedef struct mvu_attr {
    int64_t PE, SIMD, groups, out_base, out_step;
    int structure; /* lf_mvu_structure */
    int ram_style; /* lf_mvu_ram */
} mvu_attr;

static const char *const structure_names[] = {"auto", "folded", "tall", "wide", NULL};
static const char *const ram_names[] = {"auto", "logic", "distributed", "block", "stream", NULL};

static const lf_attr_desc attrs[] = {
    {"PE", LF_ATTR_INT, offsetof(mvu_attr, PE), "1", NULL, 1, 1 << 20, "rows per step; divides MH"},
    {"SIMD", LF_ATTR_INT, offsetof(mvu_attr, SIMD), "1", NULL, 1, 1 << 20, "columns per step; divides MW"},
    {"groups", LF_ATTR_INT, offsetof(mvu_attr, groups), "1", NULL, 1, 1 << 24,
     "blocks of rows that the vectors take in turn"},
    {"structure", LF_ATTR_ENUM, offsetof(mvu_attr, structure), "auto", structure_names, 0, 0,
     "tall: all rows at once (PE = MH); wide: all columns at once (SIMD = MW); both with weights as logic"},
    {"ram_style", LF_ATTR_ENUM, offsetof(mvu_attr, ram_style), "auto", ram_names, 0, 0,
     "where the weights lie; auto: logic up to 64 words, then by size; stream: outside, a beat per step"},
    {"out_base", LF_ATTR_INT, offsetof(mvu_attr, out_base), "0", NULL, 0, 0, "output below the first threshold"},
    {"out_step", LF_ATTR_INT, offsetof(mvu_attr, out_step), "1", NULL, 0, 0,
     "added for every threshold that is reached"},
    {0},
};

/* -- infer --------------------------------------------------------------------------------------------------------------- */

static lf_status check_groups(const lf_graph *g, const lf_node *n, const lf_rows *r) {
    int64_t groups = ((const mvu_attr *)n->attr)->groups, vectors = lf_shape_count(r->x->shape) / r->columns;
    lf_where where = lf_where_node(g, n);
    if (r->count % groups || vectors % groups)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "groups=%" PRId64 " must divide the %" PRId64 " rows of the weights and the %" PRId64
                       " vectors of %s",
                       groups, r->count, vectors, r->x->name);
    return LF_OK;
}

static lf_status rows_of(const lf_graph *g, const lf_node *n, lf_rows *r) {
    const mvu_attr *a = n->attr;
    LF_TRY(lf_rows_make(g, n, 0, a->out_base, a->out_step, r));
    lf_shape x = r->x->shape;
    if (!x.rank || x.dim[x.rank - 1] != r->columns) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "input %s has shape %s, the weights are %s: the last axis must have %" PRId64 " elements",
                       r->x->name, lf_shape_text(g->arena, x), lf_shape_text(g->arena, r->w->shape), r->columns);
    }
    LF_TRY(check_groups(g, n, r));
    LF_TRY(lf_need_divisor(g, n, "PE", a->PE, r->count / a->groups, "rows"));
    return lf_need_divisor(g, n, "SIMD", a->SIMD, r->columns, "columns");
}

static int64_t vectors_of(const lf_rows *r) {
    return lf_shape_count(r->x->shape) / r->columns;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_rows r;
    LF_TRY(rows_of(g, n, &r));
    int64_t groups = ((const mvu_attr *)n->attr)->groups;
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = r.x->shape;
    y->shape.dim[y->shape.rank - 1] = r.count / groups;
    lf_rows_set_output(g, &r, groups, y);
    return LF_OK;
}

/* -- exec ---------------------------------------------------------------------------------------------------------------- */

/* Rows as they stand, [MH][MW]. */
static void *expand(lf_arena *a, const lf_tensor *w) {
    return lf_weights_rows(a, w, w->shape.dim[1], w->shape.dim[0]);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_rows r;
    LF_TRY(rows_of(run->graph, n, &r));
    int64_t groups = ((const mvu_attr *)n->attr)->groups, MH = r.count / groups, MW = r.columns;
    lf_weights w = *(const lf_weights *)lf_memo_get(run, expand, r.w);
    w.n = MH;
    for (int64_t v = 0; v < vectors_of(&r); v++) {
        int64_t *y = out[0].code + v * MH, first = v % groups * MH;
        lf_weights_dot(run->scratch, &w, first * MW, in[0].code + v * MW, r.x->range, y);
        for (int64_t i = 0; i < MH; i++) {
            int64_t acc = y[i] + (r.bias ? lf_tensor_code(r.bias, (size_t)(first + i)) : 0);
            y[i] = lf_rows_activate(&r, first + i, acc);
        }
    }
    return LF_OK;
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    lf_rows r;
    LF_TRY(rows_of(g, n, &r));
    return lf_mvu_circuit(g, n, c, &r, r.count / ((const mvu_attr *)n->attr)->groups, in[0], out[0]);
}

/* -- hardware -------------------------------------------------------------------------------------------------------------- */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    const mvu_attr *a = n->attr;
    (void)g;
    in[0] = a->SIMD;
    out[0] = a->PE;
}

static lf_status say(const lf_graph *g, const lf_node *n, lf_arena *a, lf_mvu_node *out) {
    const mvu_attr *at = n->attr;
    lf_rows *r = &out->rows;
    LF_TRY(rows_of(g, n, r));
    lf_mvu_spec s = lf_rows_outline(r, lf_out(g, n, 0)->dtype);
    s.name = lf_format(a, "%s_mvu", lf_vlog_name(a, n->name));
    s.pe = at->PE;
    s.simd = at->SIMD;
    s.groups = at->groups;
    s.structure = (lf_mvu_structure)at->structure;
    s.ram = (lf_mvu_ram)at->ram_style;
    out->spec = s;
    out->vectors = vectors_of(r);
    return LF_OK;
}

/* Weights in the order of addresses, a beat per step. */
static void describe_stream(const lf_mvu_plan *p, int64_t vectors, lf_const_stream *out, int64_t *codes) {
    int64_t simd = p->spec.simd, beat = p->spec.pe * simd;
    *out = (lf_const_stream){.type = p->w, .lanes = beat, .image = p->depth * beat, .repeats = vectors / p->groups};
    for (int64_t i = 0; codes && i < out->image; i++)
        codes[i] = lf_mvu_weight_at(p, i / beat, i % beat / simd, i % simd);
}

static bool const_stream(const lf_graph *g, const lf_node *n, lf_const_stream *out, int64_t *codes) {
    lf_mvu_node m;
    lf_mvu_plan p;
    if (((const mvu_attr *)n->attr)->ram_style != LF_MVU_RAM_STREAM)
        return false;
    lf_arena *work = lf_arena_new();
    lf_where where = lf_where_node(g, n);
    bool streamed = say(g, n, work, &m) == LF_OK;
    if (streamed && codes)
        lf_rows_fill(&m.rows, work, &m.spec);
    streamed = streamed && lf_mvu_plan_outline(g->ctx, &where, work, &m.spec, &p) == LF_OK;
    if (streamed)
        describe_stream(&p, m.vectors, out, codes);
    lf_arena_free(work);
    return streamed;
}

static const lf_mvu_own own = {say};

const lf_op lf_op_mvu = {
    .name = "mvu",
    .help = "matrix times vector, with bias and up to 3 thresholds",
    .level = LF_HW,
    .in_min = 2,
    .in_max = 4,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(mvu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .lanes = lanes,
    .cost = lf_mvu_node_cost,
    .rtl = lf_mvu_node_rtl,
    .unit = lf_mvu_node_unit,
    .const_stream = const_stream,
};
