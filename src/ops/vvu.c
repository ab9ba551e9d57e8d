/* Vector-vector unit (depthwise): every channel has weights of its own.
 *   acc[.., c] = bias[c] + sum over k of W[c][k] * x[.., c, k]
 *   y = acc, or with thresholds y = out_base + out_step * #{ t : acc[.., c] >= T[c][t] }.
 *   in 0   x     [1, ..., K*C]  codes, ordered (C / PE, K, PE): what `window` gives with interleave = PE
 *   in 1   W     [C, K]         constant codes
 *   in 2   bias  [C]            optional constant codes
 *   in 3   T     [C, L]         optional constant codes, ascending in L; hardware: L <= 3
 *   out 0  y     [1, ..., C]    codes
 *   II = pixels * (C / PE) * (K / SIMD) cycles per frame; a beat of x holds SIMD positions of PE channels, channels fastest.
 *   Source: Howard et al., MobileNets, 2017, section 3.1; mvu_plan.h for the arithmetic. */
#include <inttypes.h>

#include "ops/branch.h"
#include "ops/mvu_node.h"
#include "ops/stream.h"

typedef struct vvu_attr {
    int64_t PE, SIMD, out_base, out_step;
    int ram_style; /* lf_mvu_ram */
} vvu_attr;

static const char *const ram_names[] = {"auto", "logic", "distributed", "block", NULL};

static const lf_attr_desc attrs[] = {
    {"PE", LF_ATTR_INT, offsetof(vvu_attr, PE), "1", NULL, 1, 1 << 20, "channels per step; divides C"},
    {"SIMD", LF_ATTR_INT, offsetof(vvu_attr, SIMD), "1", NULL, 1, 1 << 20,
     "positions of the kernel per step; divides K"},
    {"ram_style", LF_ATTR_ENUM, offsetof(vvu_attr, ram_style), "auto", ram_names, 0, 0,
     "where the weights lie; auto: logic up to 64 words, then by size"},
    {"out_base", LF_ATTR_INT, offsetof(vvu_attr, out_base), "0", NULL, 0, 0, "output below the first threshold"},
    {"out_step", LF_ATTR_INT, offsetof(vvu_attr, out_step), "1", NULL, 0, 0,
     "added for every threshold that is reached"},
    {0},
};

static lf_status rows_of(const lf_graph *g, const lf_node *n, lf_rows *r) {
    const vvu_attr *a = n->attr;
    LF_TRY(lf_rows_make(g, n, a->PE, a->out_base, a->out_step, r));
    LF_TRY(lf_need_divisor(g, n, "PE", a->PE, r->count, "channels"));
    LF_TRY(lf_need_divisor(g, n, "SIMD", a->SIMD, r->columns, "positions"));
    if (r->x->shape.rank && lf_last_dim(r->x->shape) == r->count * r->columns)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                   "input %s has shape %s, the weights are %s: the last axis must have %" PRId64 " elements",
                   r->x->name, lf_shape_text(g->arena, r->x->shape), lf_shape_text(g->arena, r->w->shape),
                   r->count * r->columns);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_rows r;
    LF_TRY(rows_of(g, n, &r));
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = r.x->shape;
    y->shape.dim[y->shape.rank - 1] = r.count;
    lf_rows_set_output(g, &r, 1, y);
    return LF_OK;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_rows r;
    LF_TRY(rows_of(run->graph, n, &r));
    for (size_t i = 0; i < out->count; i++) {
        int64_t c = (int64_t)(i % (size_t)r.count);
        const int64_t *x = in->code + i / (size_t)r.count * (size_t)(r.count * r.columns);
        int64_t acc = r.bias ? lf_tensor_code(r.bias, (size_t)c) : 0;
        for (int64_t k = 0; k < r.columns; k++)
            acc += lf_tensor_code(r.w, (size_t)(c * r.columns + k)) * x[lf_rows_element(&r, c, k)];
        out->code[i] = lf_rows_activate(&r, c, acc);
    }
    return LF_OK;
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    const vvu_attr *a = n->attr;
    (void)g;
    in[0] = a->PE * a->SIMD;
    out[0] = a->PE;
}

/* A matrix-vector unit whose rows have inputs of their own: C / PE vectors in turn, PE rows each (mvu_plan.h). */
static lf_status say(const lf_graph *g, const lf_node *n, lf_arena *a, lf_mvu_node *out) {
    const vvu_attr *at = n->attr;
    lf_rows *r = &out->rows;
    LF_TRY(rows_of(g, n, r));
    lf_mvu_spec s = lf_rows_outline(r, lf_out(g, n, 0)->dtype);
    s.name = lf_format(a, "%s_vvu", lf_vlog_name(a, n->name));
    s.pe = at->PE;
    s.simd = at->SIMD;
    s.groups = r->count / at->PE;
    s.own_inputs = true;
    s.ram = (lf_mvu_ram)at->ram_style;
    out->spec = s;
    out->vectors = lf_shape_count(r->x->shape) / (r->columns * r->own);
    return LF_OK;
}

static const lf_mvu_own own = {say};

const lf_op lf_op_vvu = {
    .name = "vvu",
    .help = "weights of its own for every channel (depthwise), with bias and up to 3 thresholds",
    .level = LF_HW,
    .in_min = 2,
    .in_max = 4,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(vvu_attr),
    .attrs = attrs,
    .own = &own,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = lf_mvu_node_cost,
    .rtl = lf_mvu_node_rtl,
    .unit = lf_mvu_node_unit,
};
