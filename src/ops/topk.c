/* The k largest (or smallest) elements along an axis and where they stood (ONNX TopK). Equal elements: lowest index first.
 *   in 0   x        real or on the grid
 *   in 1   k        constant, one integer (optional: else attribute `k`)
 *   out 0  values   [.., k, ..]  on x's grid unless its scale varies along the axis
 *   out 1  indices  [.., k, ..]  codes with scale 1
 * sorted false is a permission, not used: the order is always the same. */
#include "ops/elementwise.h"

typedef struct topk_attr {
    int64_t k, axis;
    bool largest, sorted;
} topk_attr;

static lf_status need_k(lf_graph *g, const lf_node *n, int64_t size, int64_t *k) {
    double v = (double)((const topk_attr *)n->attr)->k;
    if (lf_in(g, n, 1))
        LF_TRY(lf_need_scalar(g, n, 1, "k", &v));
    *k = v >= 1 && v <= (double)size ? (int64_t)v : 0;
    if (*k >= 1 && (double)*k == v)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                   "k of topk must be an integer from 1 to %lld, the elements along its axis", (long long)size);
}

static void infer_values(lf_graph *g, const lf_node *n, lf_tensor *y, const lf_tensor *x, lf_shape s, int axis) {
    lf_set_real(g, n, y, s);
    if (!lf_on_grid(x) || (x->grid.scale_count > 1 && x->grid.axis == axis))
        return;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    if (x->channel_range && x->range_axis == axis)
        y->channel_range = NULL;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    int axis;
    int64_t k;
    LF_TRY(lf_need_axis(g, n, ((const topk_attr *)n->attr)->axis, x->shape.rank, &axis));
    LF_TRY(need_k(g, n, x->shape.dim[axis], &k));
    lf_shape s = x->shape;
    s.dim[axis] = k;
    infer_values(g, n, lf_out(g, n, 0), x, s, axis);
    lf_tensor *indices = lf_out(g, n, 1);
    indices->shape = s;
    lf_set_codes(g, indices, (lf_range){0, x->shape.dim[axis] - 1, 1});
    return LF_OK;
}

typedef struct line {
    const double *x;
    size_t count, stride, k;
    bool largest;
} line;

static bool before(const line *l, double a, double b) {
    return l->largest ? a > b : a < b;
}

/* The elements in order, by selection: element r is the first best one that comes after r - 1. */
static void select_top(const line *l, bool *taken, int64_t *index) {
    for (size_t i = 0; i < l->count; i++)
        taken[i] = false;
    for (size_t r = 0; r < l->k; r++) {
        size_t best = l->count;
        for (size_t i = 0; i < l->count; i++)
            if (!taken[i] && (best == l->count || before(l, l->x[i * l->stride], l->x[best * l->stride])))
                best = i;
        taken[best] = true;
        index[r * l->stride] = (int64_t)best;
    }
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const topk_attr *a = n->attr;
    if (out->count == 0)
        return LF_OK;
    const double *x = lf_value_reals(run, in);
    lf_shape s = in->tensor->shape;
    int axis = (int)(a->axis < 0 ? a->axis + s.rank : a->axis);
    size_t count = (size_t)s.dim[axis], inner = 1, k = (size_t)out->tensor->shape.dim[axis];
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    bool *taken = LF_NEW_ARRAY(run->scratch, bool, count);
    size_t blocks = out->count / (k * inner);
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < inner; i++) {
            size_t from = b * count * inner + i, to = b * k * inner + i;
            line l = {x + from, count, inner, k, a->largest};
            select_top(&l, taken, out[1].code + to);
            for (size_t r = 0; r < k; r++) {
                size_t source = from + (size_t)out[1].code[to + r * inner] * inner;
                if (out->code)
                    out->code[to + r * inner] = in->code[source];
                else
                    out->real[to + r * inner] = x[source];
            }
        }
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"k", LF_ATTR_INT, offsetof(topk_attr, k), "1", NULL, 0, 0, "how many, when there is no second operand"},
    {"axis", LF_ATTR_INT, offsetof(topk_attr, axis), "-1", NULL, 0, 0, "axis to sort along"},
    {"largest", LF_ATTR_BOOL, offsetof(topk_attr, largest), "true", NULL, 0, 0, "the largest, else the smallest"},
    {"sorted", LF_ATTR_BOOL, offsetof(topk_attr, sorted), "true", NULL, 0, 0, "kept for export"},
    {0}};

const lf_op lf_op_topk = {
    .name = "topk",
    .help = "the k largest elements and their indices (ONNX TopK)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 2,
    .out_min = 2,
    .out_max = 2,
    .attr_size = sizeof(topk_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
};
