/* Transpose (ONNX Transpose): axis i of y is axis perm[i] of x.
 *   in 0   x
 *   out 0  y  on x's grid
 * perm empty: the axes reversed. */
#include "ops/circuit_face.h"
#include "ops/elementwise.h"

typedef struct transpose_attr {
    lf_ints perm;
} transpose_attr;

static int perm_at(const transpose_attr *a, int rank, int i) {
    return a->perm.count ? (int)a->perm.at[i] : rank - 1 - i;
}

static bool is_permutation(const transpose_attr *a, int rank) {
    unsigned seen = 0;
    if (a->perm.count && a->perm.count != rank)
        return false;
    for (int i = 0; i < rank; i++) {
        if (a->perm.count && (a->perm.at[i] < 0 || a->perm.at[i] >= rank))
            return false;
        seen |= 1u << perm_at(a, rank, i);
    }
    return seen == (1u << rank) - 1;
}

static int where_is(const transpose_attr *a, int rank, int axis) {
    int i = 0;
    while (perm_at(a, rank, i) != axis)
        i++;
    return i;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const transpose_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    int rank = x->shape.rank;
    lf_where where = lf_where_node(g, n);
    if (!is_permutation(a, rank))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "perm is no permutation of the %d axes of %s", rank, x->name);
    lf_shape s = {.rank = rank};
    for (int i = 0; i < rank; i++)
        s.dim[i] = x->shape.dim[perm_at(a, rank, i)];
    lf_set_real(g, n, y, s);
    if (!lf_on_grid(x))
        return LF_OK;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    if (x->grid.scale_count > 1)
        y->grid.axis = where_is(a, rank, x->grid.axis);
    if (x->channel_range)
        y->range_axis = where_is(a, rank, x->range_axis);
    return LF_OK;
}

static void sources(const transpose_attr *a, lf_shape x, lf_shape y, int64_t *source) {
    int64_t stride[LF_MAX_RANK] = {0}, at[LF_MAX_RANK] = {0}, step = 1, here = 0, count = lf_shape_count(y);
    for (int i = x.rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= x.dim[i];
    }
    for (int64_t e = 0; e < count; e++) {
        source[e] = here;
        for (int i = y.rank - 1; i >= 0; i--) {
            int64_t by = stride[perm_at(a, y.rank, i)];
            here += by;
            if (++at[i] < y.dim[i])
                break;
            here -= by * y.dim[i];
            at[i] = 0;
        }
    }
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    int64_t *source = LF_NEW_ARRAY(run->scratch, int64_t, out->count ? out->count : 1);
    sources(n->attr, in->tensor->shape, out->tensor->shape, source);
    for (size_t e = 0; e < out->count; e++) {
        if (out->code)
            out->code[e] = in->code[source[e]];
        else
            out->real[e] = in->real[source[e]];
    }
    return LF_OK;
}

static void positions(const lf_graph *g, const lf_node *n, int64_t *source) {
    sources(n->attr, lf_in(g, n, 0)->shape, lf_out(g, n, 0)->shape, source);
}

static const lf_attr_desc attrs[] = {{"perm", LF_ATTR_INTS, offsetof(transpose_attr, perm), "[]", NULL, 0, 0,
                                      "axis i of the output is axis perm[i] of the input"},
                                     {0}};

const lf_op lf_op_transpose = {
    .name = "transpose",
    .help = "permutes the axes (ONNX Transpose)",
    .level = LF_NN,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(transpose_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = lf_face_positions,
    .positions = positions,
};
