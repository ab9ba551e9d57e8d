/* Matrix times vector, with the activation behind it:
 *   acc[.., r] = bias[r] + sum over c of W[r][c] * x[.., c]
 *   y = acc, or with thresholds y = out_base + out_step * #{ t : acc[.., r] >= T[r][t] }.
 *   in 0   x     [1, ..., MW]   codes; every vector along the last axis
 *   in 1   W     [MH, MW]       constant codes
 *   in 2   bias  [MH]           optional constant codes
 *   in 3   T     [MH, L]        optional constant codes, ascending in L; hardware: L <= 3
 *   out 0  y     [1, ..., MH]   codes
 *   II = vectors * (MH / PE) * (MW / SIMD) cycles per frame.
 *   Source: Umuroglu et al., FINN, FPGA 2017, section 4.2 (the folding PE x SIMD); mvu_plan.h for the arithmetic. */
#include <inttypes.h>

#include "ops/matmul_kernel.h"
#include "ops/mvu_plan.h"
#include "ops/run_node.h"
#include "ops/stream.h"

typedef struct mvu_attr {
    int64_t PE, SIMD, out_base, out_step;
    int structure; /* lf_mvu_structure */
    int ram_style; /* lf_mvu_ram */
} mvu_attr;

static const char *const structure_names[] = {"auto", "folded", "tall", "wide", NULL};
static const char *const ram_names[] = {"auto", "logic", "distributed", "block", NULL};

static const lf_attr_desc attrs[] = {
    {"PE", LF_ATTR_INT, offsetof(mvu_attr, PE), "1", NULL, 1, 1 << 20, "rows per step; divides MH"},
    {"SIMD", LF_ATTR_INT, offsetof(mvu_attr, SIMD), "1", NULL, 1, 1 << 20, "columns per step; divides MW"},
    {"structure", LF_ATTR_ENUM, offsetof(mvu_attr, structure), "auto", structure_names, 0, 0,
     "tall: all rows at once (PE = MH); wide: all columns at once (SIMD = MW); both with weights as logic"},
    {"ram_style", LF_ATTR_ENUM, offsetof(mvu_attr, ram_style), "auto", ram_names, 0, 0,
     "where the weights lie; auto: logic up to 64 words, then by size"},
    {"out_base", LF_ATTR_INT, offsetof(mvu_attr, out_base), "0", NULL, 0, 0, "output below the first threshold"},
    {"out_step", LF_ATTR_INT, offsetof(mvu_attr, out_step), "1", NULL, 0, 0,
     "added for every threshold that is reached"},
    {0},
};

/* -- operands ---------------------------------------------------------------------------------------------------------- */

static const lf_tensor *weights_of(const lf_graph *g, const lf_node *n) {
    return lf_in(g, n, 1);
}

static int64_t rows_of(const lf_graph *g, const lf_node *n) {
    return weights_of(g, n)->shape.dim[0];
}

static int64_t columns_of(const lf_graph *g, const lf_node *n) {
    return weights_of(g, n)->shape.dim[1];
}

static int64_t levels_of(const lf_graph *g, const lf_node *n) {
    const lf_tensor *T = lf_in(g, n, 3);
    return T ? T->shape.dim[1] : 0;
}

static int64_t vectors_of(const lf_graph *g, const lf_node *n) {
    return lf_shape_count(lf_in(g, n, 0)->shape) / columns_of(g, n);
}

/* -- infer --------------------------------------------------------------------------------------------------------------- */

static bool is_constant(const lf_tensor *t, int rank, int64_t rows) {
    return t && t->value && lf_is_codes(t) && t->shape.rank == rank && t->shape.dim[0] == rows;
}

static int64_t largest(lf_range r) {
    int64_t lo = r.lo < -INT64_MAX ? INT64_MAX : r.lo < 0 ? -r.lo : r.lo, hi = r.hi < 0 ? -r.hi : r.hi;
    return lo > hi ? lo : hi;
}

/* No partial sum leaves 62 bits. */
static bool sums_fit(const lf_graph *g, const lf_node *n) {
    const lf_tensor *bias = lf_in(g, n, 2);
    double product = (double)largest(weights_of(g, n)->range) * (double)largest(lf_in(g, n, 0)->range);
    return product * (double)columns_of(g, n) + (bias ? (double)largest(bias->range) : 0) < 0x1p62;
}

static lf_status check_ascending(const lf_graph *g, const lf_node *n) {
    const lf_tensor *T = lf_in(g, n, 3);
    lf_where where = lf_where_node(g, n);
    int64_t L = levels_of(g, n);
    for (int64_t i = 0; i < rows_of(g, n) * L; i++)
        if (i % L && lf_tensor_code(T, (size_t)i) < lf_tensor_code(T, (size_t)i - 1))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "thresholds of row %" PRId64 " are not ascending: %" PRId64 " stands before %" PRId64, i / L,
                           lf_tensor_code(T, (size_t)i - 1), lf_tensor_code(T, (size_t)i));
    return LF_OK;
}

static lf_status check_operands(const lf_graph *g, const lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0), *w = weights_of(g, n), *bias = lf_in(g, n, 2), *T = lf_in(g, n, 3);
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_need_codes(g, n, 0));
    if (!w || !w->value || !lf_is_codes(w) || w->shape.rank != 2 || lf_shape_count(w->shape) < 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "weights must be constant integers of shape [MH, MW], not %s",
                       w ? lf_shape_text(g->arena, w->shape) : "absent");
    if (!x->shape.rank || x->shape.dim[x->shape.rank - 1] != w->shape.dim[1])
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "input %s has shape %s, the weights are %s: the last axis must have %" PRId64 " elements",
                       x->name, lf_shape_text(g->arena, x->shape), lf_shape_text(g->arena, w->shape), w->shape.dim[1]);
    if (bias && !is_constant(bias, 1, w->shape.dim[0]))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the bias must be %" PRId64 " constant integers, not %s",
                       w->shape.dim[0], lf_shape_text(g->arena, bias->shape));
    if (T && !is_constant(T, 2, w->shape.dim[0]))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "thresholds must be constant integers of shape [%" PRId64 ", L], not %s", w->shape.dim[0],
                       lf_shape_text(g->arena, T->shape));
    if (!sums_fit(g, n))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "sums of %" PRId64 " products of weights up to %" PRId64 " and inputs up to %" PRId64
                       " may leave 62 bits",
                       w->shape.dim[1], largest(w->range), largest(x->range));
    return check_ascending(g, n);
}

static lf_status check_attrs(const lf_graph *g, const lf_node *n) {
    const mvu_attr *a = n->attr;
    lf_where where = lf_where_node(g, n);
    int64_t limit = (int64_t)1 << 40;
    if (a->out_step == 0 || a->out_step > limit || a->out_step < -limit || a->out_base > limit || a->out_base < -limit)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "out_base=%" PRId64 " and out_step=%" PRId64 ": the step must not be 0, both stay within 2^40",
                       a->out_base, a->out_step);
    LF_TRY(lf_need_divisor(g, n, "PE", a->PE, rows_of(g, n), "rows"));
    return lf_need_divisor(g, n, "SIMD", a->SIMD, columns_of(g, n), "columns");
}

static int64_t common_divisor(int64_t a, int64_t b) {
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* The exact range of a row's accumulator: its actual weights, the range of every column. */
static lf_range row_range(const lf_graph *g, const lf_node *n, int64_t row) {
    const lf_tensor *x = lf_in(g, n, 0), *w = weights_of(g, n), *bias = lf_in(g, n, 2);
    int64_t MW = columns_of(g, n), b = bias ? lf_tensor_code(bias, (size_t)row) : 0;
    bool per_column = x->channel_range && x->range_axis == x->shape.rank - 1;
    lf_range sum = {b, b, 0};
    for (int64_t c = 0; c < MW; c++) {
        lf_range r = per_column ? x->channel_range[c] : x->range;
        int64_t v = lf_tensor_code(w, (size_t)(row * MW + c)), step = v < 0 ? -v * r.step : v * r.step;
        sum.lo += v > 0 ? v * r.lo : v * r.hi;
        sum.hi += v > 0 ? v * r.hi : v * r.lo;
        if (r.lo < r.hi && (sum.step == 0 || step % sum.step))
            sum.step = common_divisor(step, sum.step);
    }
    sum.step = sum.step && sum.lo < sum.hi ? sum.step : 1;
    return sum;
}

static void acc_ranges(const lf_graph *g, const lf_node *n, lf_range *out) {
    for (int64_t r = 0; r < rows_of(g, n); r++)
        out[r] = row_range(g, n, r);
}

static int64_t count_reached(const lf_tensor *T, int64_t row, int64_t acc) {
    int64_t L = T->shape.dim[1], count = 0;
    for (int64_t t = 0; t < L; t++)
        count += acc >= lf_tensor_code(T, (size_t)(row * L + t));
    return count;
}

/* Outputs of counts few..many. */
static lf_range count_range(const mvu_attr *a, int64_t few, int64_t many) {
    int64_t p = a->out_base + a->out_step * few, q = a->out_base + a->out_step * many;
    int64_t step = a->out_step < 0 ? -a->out_step : a->out_step;
    return p == q ? (lf_range){p, p, 1} : (lf_range){p < q ? p : q, p < q ? q : p, step};
}

/* From ranges of accumulators to ranges of outputs; *all holds every row's. */
static void threshold_ranges(const lf_graph *g, const lf_node *n, lf_range *row, lf_range *all) {
    const mvu_attr *a = n->attr;
    const lf_tensor *T = lf_in(g, n, 3);
    int64_t least = INT64_MAX, most = 0;
    for (int64_t r = 0; r < rows_of(g, n); r++) {
        int64_t few = count_reached(T, r, row[r].lo), many = count_reached(T, r, row[r].hi);
        row[r] = count_range(a, few, many);
        least = few < least ? few : least;
        most = many > most ? many : most;
    }
    *all = count_range(a, least, most);
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(check_operands(g, n));
    LF_TRY(check_attrs(g, n));
    int64_t rows = rows_of(g, n);
    lf_range *row = LF_NEW_ARRAY(g->arena, lf_range, rows), all;
    acc_ranges(g, n, row);
    all = row[0];
    if (lf_in(g, n, 3))
        threshold_ranges(g, n, row, &all);
    else
        for (int64_t r = 1; r < rows; r++)
            all = lf_range_join(all, row[r]);
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = lf_in(g, n, 0)->shape;
    y->shape.dim[y->shape.rank - 1] = rows;
    lf_set_codes(g, y, all);
    y->channel_range = row;
    y->range_axis = y->shape.rank - 1;
    return LF_OK;
}

/* -- exec ---------------------------------------------------------------------------------------------------------------- */

/* Rows as they stand, [MH][MW]. */
static void *expand(lf_arena *a, const lf_tensor *w) {
    return lf_weights_rows(a, w, w->shape.dim[1], w->shape.dim[0]);
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_graph *g = run->graph;
    const mvu_attr *a = n->attr;
    const lf_tensor *bias = lf_in(g, n, 2), *T = lf_in(g, n, 3);
    int64_t MH = rows_of(g, n), MW = columns_of(g, n), vectors = vectors_of(g, n);
    const lf_weights *w = lf_memo_get(run, expand, weights_of(g, n));
    for (int64_t v = 0; v < vectors; v++) {
        int64_t *y = out[0].code + v * MH;
        lf_weights_dot(run->scratch, w, 0, in[0].code + v * MW, lf_in(g, n, 0)->range, y);
        for (int64_t r = 0; r < MH; r++) {
            int64_t acc = y[r] + (bias ? lf_tensor_code(bias, (size_t)r) : 0);
            y[r] = T ? a->out_base + a->out_step * count_reached(T, r, acc) : acc;
        }
    }
    return LF_OK;
}

/* -- hardware -------------------------------------------------------------------------------------------------------------- */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    const mvu_attr *a = n->attr;
    (void)g;
    in[0] = a->SIMD;
    out[0] = a->PE;
}

/* What the node says, without the elements of its constants. */
static lf_mvu_spec outline_of(const lf_graph *g, const lf_node *n, lf_arena *a) {
    const mvu_attr *at = n->attr;
    return (lf_mvu_spec){.name = lf_format(a, "%s_mvu", lf_vlog_name(a, n->name)),
                         .mw = columns_of(g, n),
                         .mh = rows_of(g, n),
                         .pe = at->PE,
                         .simd = at->SIMD,
                         .structure = (lf_mvu_structure)at->structure,
                         .ram = (lf_mvu_ram)at->ram_style,
                         .x = lf_in(g, n, 0)->dtype,
                         .out = lf_out(g, n, 0)->dtype,
                         .levels = (int)(levels_of(g, n) > LF_MVU_LEVELS ? LF_MVU_LEVELS + 1 : levels_of(g, n)),
                         .out_base = at->out_base,
                         .out_step = at->out_step,
                         .w = weights_of(g, n)->range};
}

static const int64_t *codes_of(lf_arena *a, const lf_tensor *t) {
    if (!t)
        return NULL;
    size_t count = (size_t)lf_shape_count(t->shape);
    int64_t *out = LF_NEW_ARRAY(a, int64_t, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        out[i] = lf_tensor_code(t, i);
    return out;
}

static lf_status plan_of(const lf_graph *g, const lf_node *n, lf_arena *a, lf_mvu_plan *out) {
    lf_mvu_spec s = outline_of(g, n, a);
    lf_where where = lf_where_node(g, n);
    LF_TRY(lf_mvu_plan_outline(g->ctx, &where, a, &s, out));
    lf_range *acc = LF_NEW_ARRAY(a, lf_range, s.mh);
    acc_ranges(g, n, acc);
    s.acc = acc;
    s.weight = codes_of(a, weights_of(g, n));
    s.bias = codes_of(a, lf_in(g, n, 2));
    s.threshold = s.levels ? codes_of(a, lf_in(g, n, 3)) : NULL;
    return lf_mvu_plan_make(g->ctx, &where, a, &s, out);
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_arena *work = lf_arena_new();
    lf_mvu_plan p;
    lf_mvu_spec s = outline_of(g, n, work);
    lf_where where = lf_where_node(g, n);
    lf_status status = lf_mvu_plan_outline(g->ctx, &where, work, &s, &p);
    if (status == LF_OK)
        lf_mvu_cost(&p, vectors_of(g, n), out);
    lf_arena_free(work);
    return status;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_arena *work = lf_arena_new();
    lf_mvu_plan p;
    lf_status status = plan_of(g, n, work, &p);
    if (status == LF_OK)
        status = lf_mvu_print(v, work, &p);
    if (status == LF_OK)
        lf_stream_instance(g, n, v, p.spec.name);
    lf_arena_free(work);
    return status;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_arena *work = lf_arena_new();
    lf_mvu_plan p;
    lf_status status = plan_of(g, n, work, &p);
    if (status == LF_OK) {
        lf_mvu_twin(&p, vectors_of(g, n), a, out);
        out->name = lf_strdup(a, n->name);
    }
    lf_arena_free(work);
    return status;
}

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
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
