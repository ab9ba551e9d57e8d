/* Matrix-vector unit: acc[r] = bias[r] + sum over k of W[r][k] * x[.., k]; with thresholds
 * y[.., r] = out_base + out_step * #{ t : acc[r] >= T[r][t] }, else y = acc.
 *   in 0   x     [..., MW]   codes
 *   in 1   W     [MH, MW]    constant codes
 *   in 2   bias  [MH]        constant codes, may be absent
 *   in 3   T     [MH, L]     constant codes ascending in L, may be absent; L up to 3 (more levels: the op `threshold`)
 *   out 0  y     [..., MH]   codes
 *   II = vectors * (MH / PE) * (MW / SIMD) cycles per frame.      Source: Umuroglu et al., FINN, 2017, section 4.2. */
#include <inttypes.h>
#include <stdlib.h>

#include "ops/mvu_cost.h"
#include "ops/mvu_plan.h"
#include "ops/run_node.h"
#include "ops/stream.h"

typedef struct lf_mvu_attr {
    int64_t PE, SIMD, out_base, out_step;
    int structure, ram_style;
} lf_mvu_attr;

static const char *const structure_names[] = {"auto", "folded", "tall", "wide", NULL};
static const char *const ram_names[] = {"auto", "logic", "distributed", "block", NULL};

static const lf_attr_desc attrs[] = {
    {"PE", LF_ATTR_INT, offsetof(lf_mvu_attr, PE), "1", NULL, 1, 1 << 20, "rows computed at once; divides MH"},
    {"SIMD", LF_ATTR_INT, offsetof(lf_mvu_attr, SIMD), "1", NULL, 1, 1 << 20, "products of a row computed at once; divides MW"},
    {"structure", LF_ATTR_ENUM, offsetof(lf_mvu_attr, structure), "auto", structure_names, 0, 0, "auto: tall when PE = MH, wide when SIMD = MW, else folded"},
    {"ram_style", LF_ATTR_ENUM, offsetof(lf_mvu_attr, ram_style), "auto", ram_names, 0, 0, "where weights lie; auto: logic up to 64 words, then by size"},
    {"out_base", LF_ATTR_INT, offsetof(lf_mvu_attr, out_base), "0", NULL, 0, 0, "with thresholds: output below the first"},
    {"out_step", LF_ATTR_INT, offsetof(lf_mvu_attr, out_step), "1", NULL, 0, 0, "with thresholds: added for every one that is reached"},
    {0},
};

static int64_t rows_of(const lf_graph *g, const lf_node *n) {
    return lf_in(g, n, 1)->shape.dim[0];
}

static int64_t columns_of(const lf_graph *g, const lf_node *n) {
    return lf_in(g, n, 1)->shape.dim[1];
}

/* -- infer ------------------------------------------------------------------------------------------------------------ */

static bool is_constant(const lf_tensor *t, int rank) {
    return t && t->value && lf_is_codes(t) && t->shape.rank == rank;
}

static lf_status check_constants(const lf_graph *g, const lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0), *w = lf_in(g, n, 1), *b = lf_in(g, n, 2), *T = lf_in(g, n, 3);
    lf_where where = lf_where_node(g, n);
    if (!is_constant(w, 2) || x->shape.rank < 1 || x->shape.dim[x->shape.rank - 1] != w->shape.dim[1])
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "weights must be constant integers [MH, %" PRId64 "] for input %s, not %s",
                       x->shape.rank ? x->shape.dim[x->shape.rank - 1] : 0, lf_shape_text(g->arena, x->shape), w ? lf_shape_text(g->arena, w->shape) : "absent");
    if (b && (!is_constant(b, 1) || b->shape.dim[0] != w->shape.dim[0]))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the bias must be %" PRId64 " constant integers, not %s", w->shape.dim[0], lf_shape_text(g->arena, b->shape));
    if (T && (!is_constant(T, 2) || T->shape.dim[0] != w->shape.dim[0] || T->shape.dim[1] < 1 || T->shape.dim[1] > LF_MVU_LEVELS))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "thresholds must be constant integers [%" PRId64 ", 1 to %d], not %s", w->shape.dim[0], LF_MVU_LEVELS,
                       lf_shape_text(g->arena, T->shape));
    return LF_OK;
}

static int64_t gcd(int64_t a, int64_t b) {
    return b ? gcd(b, a % b) : a;
}

/* Exact range of one row; false when it could leave +-2^62. */
static bool row_range(const lf_tensor *x, const lf_tensor *w, const lf_tensor *bias, int64_t row, lf_range *out) {
    int64_t K = w->shape.dim[1], step = 0;
    bool per_column = x->channel_range && x->range_axis == x->shape.rank - 1;
    double bound = bias ? (double)llabs(lf_tensor_code(bias, (size_t)row)) : 0;
    *out = (lf_range){bias ? lf_tensor_code(bias, (size_t)row) : 0, 0, 1};
    out->hi = out->lo;
    for (int64_t k = 0; k < K; k++) {
        int64_t v = lf_tensor_code(w, (size_t)(row * K + k));
        lf_range r = per_column ? x->channel_range[k] : x->range;
        double most = (double)(llabs(r.lo) > llabs(r.hi) ? llabs(r.lo) : llabs(r.hi));
        bound += most * (double)llabs(v);
        if (bound > 0x1p62)
            return false;
        out->lo += v > 0 ? v * r.lo : v * r.hi;
        out->hi += v > 0 ? v * r.hi : v * r.lo;
        if (v && r.lo != r.hi)
            step = gcd(llabs(v) * r.step, step);
    }
    out->step = step ? step : 1;
    return true;
}

static lf_range *acc_ranges(const lf_graph *g, const lf_node *n, lf_arena *a) {
    int64_t rows = rows_of(g, n);
    lf_range *r = LF_NEW_ARRAY(a, lf_range, rows);
    for (int64_t i = 0; i < rows; i++)
        if (!row_range(lf_in(g, n, 0), lf_in(g, n, 1), lf_in(g, n, 2), i, &r[i]))
            return NULL;
    return r;
}

/* Turns the range of a row's sum into that of its output. */
static lf_range threshold_range(const lf_mvu_attr *a, const lf_tensor *T, int64_t row, lf_range acc) {
    int64_t L = T->shape.dim[1], few = 0, many = 0;
    for (int64_t t = 0; t < L; t++) {
        int64_t level = lf_tensor_code(T, (size_t)(row * L + t));
        few += acc.lo >= level;
        many += acc.hi >= level;
    }
    int64_t p = a->out_base + a->out_step * few, q = a->out_base + a->out_step * many;
    return p == q ? (lf_range){p, p, 1} : (lf_range){p < q ? p : q, p < q ? q : p, llabs(a->out_step)};
}

/* The type of the stream is that of all levels, whether or not a row reaches them: it must not depend on where rows are flipped. */
static lf_range whole_range(const lf_mvu_attr *a, const lf_tensor *T, const lf_range *r, int64_t rows) {
    if (T) {
        int64_t top = a->out_base + a->out_step * T->shape.dim[1];
        return (lf_range){a->out_base < top ? a->out_base : top, a->out_base < top ? top : a->out_base, llabs(a->out_step)};
    }
    lf_range all = r[0];
    for (int64_t i = 1; i < rows; i++)
        all = lf_range_join(all, r[i]);
    return all;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_codes(g, n, 0));
    LF_TRY(check_constants(g, n));
    const lf_mvu_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 3);
    lf_tensor *y = lf_out(g, n, 0);
    int64_t rows = rows_of(g, n);
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_need_divisor(g, n, "PE", a->PE, rows, "rows"));
    LF_TRY(lf_need_divisor(g, n, "SIMD", a->SIMD, columns_of(g, n), "columns"));
    if (T && a->out_step == 0)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "out_step must not be 0");
    lf_range *r = acc_ranges(g, n, g->arena);
    if (!r)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "sums could leave +-2^62, the largest integers here");
    for (int64_t i = 0; T && i < rows; i++)
        r[i] = threshold_range(a, T, i, r[i]);
    y->shape = x->shape;
    y->shape.dim[y->shape.rank - 1] = rows;
    lf_set_codes(g, y, whole_range(a, T, r, rows));
    y->channel_range = r;
    y->range_axis = y->shape.rank - 1;
    return LF_OK;
}

/* -- exec -------------------------------------------------------------------------------------------------------------- */

typedef struct weights {
    int16_t *narrow; /* [MH][MW], or */
    int64_t *wide;
} weights;

static void *pack(lf_arena *a, const lf_tensor *w) {
    weights *p = LF_NEW(a, weights);
    size_t count = (size_t)lf_shape_count(w->shape);
    bool narrow = w->range.lo >= INT16_MIN && w->range.hi <= INT16_MAX;
    if (narrow)
        p->narrow = LF_NEW_ARRAY(a, int16_t, count);
    else
        p->wide = LF_NEW_ARRAY(a, int64_t, count);
    for (size_t i = 0; i < count; i++)
        if (narrow)
            p->narrow[i] = (int16_t)lf_tensor_code(w, i);
        else
            p->wide[i] = lf_tensor_code(w, i);
    return p;
}

static int64_t dot(const weights *w, int64_t row, int64_t K, const int64_t *x) {
    int64_t sum = 0;
    if (w->narrow)
        for (int64_t k = 0; k < K; k++)
            sum += w->narrow[row * K + k] * x[k];
    else
        for (int64_t k = 0; k < K; k++)
            sum += w->wide[row * K + k] * x[k];
    return sum;
}

static int64_t activate(const lf_mvu_attr *a, const lf_tensor *T, int64_t row, int64_t acc) {
    if (!T)
        return acc;
    int64_t L = T->shape.dim[1], count = 0;
    for (int64_t t = 0; t < L; t++)
        count += acc >= lf_tensor_code(T, (size_t)(row * L + t));
    return a->out_base + a->out_step * count;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_graph *g = run->graph;
    const lf_tensor *bias = lf_in(g, n, 2), *T = lf_in(g, n, 3);
    int64_t rows = rows_of(g, n), K = columns_of(g, n);
    const weights *w = lf_memo_get(run, pack, lf_in(g, n, 1));
    for (size_t v = 0; v < out[0].count / (size_t)rows; v++)
        for (int64_t r = 0; r < rows; r++) {
            int64_t acc = dot(w, r, K, in[0].code + v * (size_t)K) + (bias ? lf_tensor_code(bias, (size_t)r) : 0);
            out[0].code[v * (size_t)rows + (size_t)r] = activate(n->attr, T, r, acc);
        }
    return LF_OK;
}

/* -- hardware ------------------------------------------------------------------------------------------------------------ */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    const lf_mvu_attr *a = n->attr;
    in[0] = a->SIMD;
    for (int i = 1; i < n->in_count; i++)
        in[i] = 0;
    out[0] = a->PE;
}

static const int64_t *codes_of(lf_arena *a, const lf_tensor *t) {
    if (!t)
        return NULL;
    size_t count = (size_t)lf_shape_count(t->shape);
    int64_t *code = LF_NEW_ARRAY(a, int64_t, count);
    for (size_t i = 0; i < count; i++)
        code[i] = lf_tensor_code(t, i);
    return code;
}

static lf_status plan_of(const lf_graph *g, const lf_node *n, lf_arena *a, lf_mvu_plan *out) {
    const lf_mvu_attr *at = n->attr;
    const lf_tensor *T = lf_in(g, n, 3);
    lf_where where = lf_where_node(g, n);
    lf_mvu_spec s = {.name = lf_vlog_name(a, lf_format(a, "%s_layer", n->name)), .mw = columns_of(g, n), .mh = rows_of(g, n), .pe = at->PE, .simd = at->SIMD,
                     .structure = (lf_mvu_structure)at->structure, .ram = (lf_mvu_ram)at->ram_style, .x = lf_in(g, n, 0)->dtype, .out = lf_out(g, n, 0)->dtype,
                     .weight = codes_of(a, lf_in(g, n, 1)), .bias = codes_of(a, lf_in(g, n, 2)), .threshold = codes_of(a, T), .levels = T ? (int)T->shape.dim[1] : 0,
                     .out_base = at->out_base, .out_step = at->out_step, .acc = acc_ranges(g, n, a)};
    return lf_mvu_plan_make(g->ctx, &where, a, &s, out);
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_arena *a = lf_arena_new();
    lf_mvu_plan plan;
    lf_status status = plan_of(g, n, a, &plan);
    if (status == LF_OK)
        status = lf_mvu_print(v, a, &plan);
    if (status == LF_OK)
        lf_stream_instance(g, n, v, plan.spec.name);
    lf_arena_free(a);
    return status;
}

static int64_t vectors_of(const lf_graph *g, const lf_node *n) {
    return lf_shape_count(lf_in(g, n, 0)->shape) / columns_of(g, n);
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_mvu_plan plan;
    LF_TRY(plan_of(g, n, a, &plan));
    lf_mvu_twin(&plan, vectors_of(g, n), a, out);
    out->name = n->name;
    return LF_OK;
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    const lf_mvu_attr *at = n->attr;
    const lf_tensor *x = lf_in(g, n, 0), *w = lf_in(g, n, 1), *T = lf_in(g, n, 3);
    lf_mvu_shape s = {.mw = columns_of(g, n), .mh = rows_of(g, n), .pe = at->PE, .simd = at->SIMD, .x = x->dtype, .w = w->dtype, .levels = T ? (int)T->shape.dim[1] : 0,
                      .structure = (lf_mvu_structure)at->structure, .ram = (lf_mvu_ram)at->ram_style, .out_bits = lf_dtype_bits(lf_out(g, n, 0)->dtype), .vectors = vectors_of(g, n)};
    lf_mvu_estimate(&s, out);
    return LF_OK;
}

const lf_op lf_op_mvu = {
    .name = "mvu",
    .help = "matrix-vector unit with optional bias and thresholds",
    .level = LF_HW,
    .in_min = 2,
    .in_max = 4,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_mvu_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
