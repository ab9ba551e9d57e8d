/* Matrix product (ONNX MatMul): y[.., m, n] = sum over k of a[.., m, k] * b[.., k, n]; leading axes broadcast.
 *   in 0   a  [.., M, K] or [K]
 *   in 1   b  [.., K, N] or [K]
 *   out 0  y  [.., M, N]
 * Both on the grid, a with one scale or one per row, b with one scale or one per column (not both): the integer product, scaled by
 * the double product of the scales. Otherwise real: products added in ascending order of k, in double. Sums that could leave +-2^62
 * are refused. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "num/gcd.h"
#include "ops/elementwise.h"
#include "ops/matmul_kernel.h"
#include "ops/run_node.h"

typedef struct dims {
    int64_t m, k, n;
    lf_shape batch; /* of the output */
    lf_shape a_batch, b_batch;
} dims;

static lf_shape leading(lf_shape s) {
    lf_shape r = s;
    r.rank = s.rank > 2 ? s.rank - 2 : 0;
    return r;
}

/* False when the two do not fit each other. */
static bool dims_of(lf_shape a, lf_shape b, dims *d) {
    if (a.rank < 1 || b.rank < 1)
        return false;
    d->m = a.rank > 1 ? a.dim[a.rank - 2] : 1;
    d->k = a.dim[a.rank - 1];
    d->n = b.rank > 1 ? b.dim[b.rank - 1] : 1;
    d->a_batch = leading(a);
    d->b_batch = leading(b);
    return d->k == (b.rank > 1 ? b.dim[b.rank - 2] : b.dim[0]) &&
           lf_broadcast_shapes(d->a_batch, d->b_batch, &d->batch);
}

static lf_shape output_shape(const dims *d, lf_shape a, lf_shape b) {
    lf_shape s = d->batch;
    if (a.rank > 1)
        s.dim[s.rank++] = d->m;
    if (b.rank > 1)
        s.dim[s.rank++] = d->n;
    return s;
}

/* -- grid ------------------------------------------------------------------------------------------------------------- */

static bool one_scale(const lf_tensor *t) {
    for (int64_t c = 1; c < t->grid.scale_count; c++)
        if (t->grid.scale[c] != t->grid.scale[0])
            return false;
    return true;
}

static bool set_grid(lf_graph *g, lf_tensor *y, const lf_tensor *a, const lf_tensor *b) {
    bool rows = !one_scale(a), columns = !one_scale(b);
    if ((rows && columns) || (rows && (a->shape.rank < 2 || a->grid.axis != a->shape.rank - 2)) ||
        (columns && (b->shape.rank < 2 || b->grid.axis != b->shape.rank - 1)))
        return false;
    const lf_tensor *many = rows ? a : b;
    int64_t count = rows || columns ? many->grid.scale_count : 1;
    int axis = columns ? y->shape.rank - 1 : y->shape.rank - (b->shape.rank > 1 ? 2 : 1);
    double *s = LF_NEW_ARRAY(g->arena, double, count);
    for (int64_t c = 0; c < count; c++)
        s[c] = a->grid.scale[rows ? c : 0] * b->grid.scale[columns ? c : 0];
    return lf_set_grid(g, y, s, count, axis);
}

/* -- ranges of dot products with constants ------------------------------------------------------------------------------ */

/* Exact range of a sum of x[k] * w[k], one per column (or row) of the constant. */
typedef struct dot_range {
    double bound; /* of every partial sum, whatever the order; inexact but within 1e-9 of it */
    int64_t lo, hi;
    uint64_t step;
} dot_range;

static double largest(lf_range r) {
    return fmax(fabs((double)r.lo), fabs((double)r.hi));
}

static void add_bound(dot_range *d, lf_range x, int64_t w) {
    d->bound += largest(x) * fabs((double)w);
}

static void add_term(dot_range *d, lf_range x, int64_t w) {
    if (w == 0)
        return;
    d->lo += w > 0 ? w * x.lo : w * x.hi;
    d->hi += w > 0 ? w * x.hi : w * x.lo;
    if (x.lo != x.hi && d->step != 1)
        d->step = lf_gcd((uint64_t)llabs(w) * (uint64_t)x.step, d->step);
}

typedef void add_fn(dot_range *d, lf_range x, int64_t w);

/* Element [batch][row][column] of the constant w; x has the range x[k]. per_column: k runs over rows. */
static void each_term(const lf_tensor *w, int64_t rows, int64_t columns, bool per_column, const lf_range *x,
                      dot_range *d, add_fn *add) {
    size_t count = w->value->count;
    for (size_t i = 0; i < count;)
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < columns; c++, i++)
                add(&d[per_column ? c : r], x[per_column ? r : c], lf_tensor_code(w, i));
}

static lf_status too_large(lf_graph *g, const lf_node *n) {
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "sums of %s could leave +-2^62, the largest integers here",
                   n->op->name);
}

/* Several matrices (leading axes) share columns: their ends and steps are taken together, one matrix at a time. */
static lf_status constant_ranges(lf_graph *g, const lf_node *n, const lf_tensor *w, bool per_column, int64_t k,
                                 int64_t m, const lf_range *x, lf_range *out) {
    dot_range *d = LF_NEW_ARRAY(g->arena, dot_range, m ? m : 1);
    lf_tensor one = *w; /* one matrix of w, read through the same tensor */
    lf_const part = *w->value;
    one.value = &part;
    size_t matrix = (size_t)(k * m), size = lf_elem_size(part.elem);
    part.count = matrix;
    for (size_t at = 0; at < w->value->count; at += matrix) {
        part.data = (const char *)w->value->data + at * size;
        memset(d, 0, (size_t)m * sizeof *d);
        each_term(&one, per_column ? k : m, per_column ? m : k, per_column, x, d, add_bound);
        for (int64_t c = 0; c < m; c++)
            if (d[c].bound > 4.6e18)
                return too_large(g, n);
        each_term(&one, per_column ? k : m, per_column ? m : k, per_column, x, d, add_term);
        for (int64_t c = 0; c < m; c++) {
            lf_range r = {d[c].lo, d[c].hi, d[c].lo == d[c].hi || !d[c].step ? 1 : (int64_t)d[c].step};
            out[c] = at ? lf_range_join(out[c], r) : r;
        }
    }
    return LF_OK;
}

/* Range of the other operand's element k. */
static lf_range *terms(lf_graph *g, const lf_tensor *x, int axis, int64_t k) {
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, k ? k : 1);
    for (int64_t i = 0; i < k; i++)
        r[i] = x->channel_range && x->range_axis == axis ? x->channel_range[i] : x->range;
    return r;
}

static lf_status range_by_constant(lf_graph *g, const lf_node *n, const dims *d, lf_tensor *y) {
    const lf_tensor *a = lf_in(g, n, 0), *b = lf_in(g, n, 1);
    bool columns = b->value != NULL;
    const lf_tensor *w = columns ? b : a, *x = columns ? a : b;
    int64_t m = columns ? d->n : d->m;
    int k_axis = columns ? a->shape.rank - 1 : b->shape.rank > 1 ? b->shape.rank - 2 : 0;
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, m ? m : 1);
    LF_TRY(constant_ranges(g, n, w, columns, d->k, m, terms(g, x, k_axis, d->k), r));
    int axis = columns || b->shape.rank < 2 ? y->shape.rank - 1 : y->shape.rank - 2;
    if (y->shape.rank == 0 || w->shape.rank < 2)
        y->range = r[0];
    else
        lf_set_channel_ranges(y, r, m, axis);
    return LF_OK;
}

static lf_status range_of_product(lf_graph *g, const lf_node *n, const dims *d, lf_tensor *y) {
    lf_range a = lf_in(g, n, 0)->range, b = lf_in(g, n, 1)->range;
    if (largest(a) * largest(b) * (double)d->k > 4.6e18)
        return too_large(g, n);
    bool overflow = false;
    lf_range p = lf_range_join(lf_range_scale(a, b.lo, &overflow), lf_range_scale(a, b.hi, &overflow));
    p.step = a.lo == -1 && a.hi == 1 && a.step == 2 && b.lo == -1 && b.hi == 1 && b.step == 2 ? 2 : 1;
    y->range = (lf_range){p.lo * d->k, p.hi * d->k, p.lo == p.hi ? 1 : p.step};
    return LF_OK;
}

static lf_status infer_codes(lf_graph *g, lf_node *n, const dims *d, lf_tensor *y) {
    y->channel_range = NULL;
    y->range_axis = 0;
    y->range = (lf_range){0, 0, 1};
    bool empty = lf_shape_count(y->shape) == 0 || d->k == 0;
    if (!empty && (lf_in(g, n, 0)->value || lf_in(g, n, 1)->value))
        LF_TRY(range_by_constant(g, n, d, y));
    else if (!empty)
        LF_TRY(range_of_product(g, n, d, y));
    y->dtype = lf_dtype_for(y->range, false);
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    const lf_tensor *a = lf_in(g, n, 0), *b = lf_in(g, n, 1);
    lf_tensor *y = lf_out(g, n, 0);
    lf_where where = lf_where_node(g, n);
    dims d;
    if (!dims_of(a->shape, b->shape, &d))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "matrix product of %s %s with %s %s: the inner sizes differ",
                       a->name, lf_shape_text(g->arena, a->shape), b->name, lf_shape_text(g->arena, b->shape));
    lf_shape shape = output_shape(&d, a->shape, b->shape);
    LF_TRY(lf_need_size(g, n, shape));
    lf_set_real(g, n, y, shape);
    for (int i = 0; i < 2; i++)
        if (lf_in(g, n, i)->value)
            LF_TRY(lf_need_finite(g, n, i, "constant", false));
    if (lf_on_grid(a) && lf_on_grid(b) && set_grid(g, y, a, b))
        return infer_codes(g, n, &d, y);
    return LF_OK;
}

/* -- execution ------------------------------------------------------------------------------------------------------------- */

/* Calls for every matrix of the output with the elements where its operands begin. */
typedef struct walk {
    dims d;
    lf_map am, bm;
    size_t matrices;
} walk;

static walk walk_of(const lf_value *in) {
    walk w = {.matrices = 1};
    (void)dims_of(in[0].tensor->shape, in[1].tensor->shape, &w.d);
    w.am = lf_map_make(w.d.a_batch, w.d.batch);
    w.bm = lf_map_make(w.d.b_batch, w.d.batch);
    w.matrices = (size_t)lf_shape_count(w.d.batch);
    return w;
}

static const int64_t *codes_of(lf_run *run, const lf_value *v) {
    return v->code ? v->code : lf_value_const(run->scratch, v->tensor).code;
}

static void *pack(lf_arena *a, const lf_tensor *b) {
    int rank = b->shape.rank;
    int64_t n = rank > 1 ? b->shape.dim[rank - 1] : 1, k = rank > 1 ? b->shape.dim[rank - 2] : b->shape.dim[0];
    return lf_weights_pack(a, b, k, n);
}

static void exec_packed(lf_run *run, const lf_value *in, lf_value *out, const walk *w) {
    const lf_weights *b = lf_memo_get(run, pack, in[1].tensor);
    const int64_t *a = codes_of(run, &in[0]);
    int64_t ak = w->d.m * w->d.k, bk = w->d.k * w->d.n, yk = w->d.m * w->d.n;
    for (size_t i = 0; i < w->matrices; i++) {
        const int64_t *from = a + (int64_t)lf_map_at(&w->am, i) * ak;
        for (int64_t m = 0; m < w->d.m; m++)
            lf_weights_dot(run->scratch, b, (int64_t)lf_map_at(&w->bm, i) * bk, from + m * w->d.k, in[0].tensor->range,
                           out->code + (int64_t)i * yk + m * w->d.n);
    }
}

static void exec_codes(lf_run *run, const lf_value *in, lf_value *out, const walk *w) {
    const int64_t *a = codes_of(run, &in[0]), *b = codes_of(run, &in[1]);
    int64_t mm = w->d.m, kk = w->d.k, nn = w->d.n;
    for (size_t i = 0; i < w->matrices; i++) {
        const int64_t *ai = a + (int64_t)lf_map_at(&w->am, i) * mm * kk,
                      *bi = b + (int64_t)lf_map_at(&w->bm, i) * kk * nn;
        int64_t *y = out->code + (int64_t)i * mm * nn;
        for (int64_t m = 0; m < mm; m++)
            for (int64_t k = 0; k < kk; k++)
                for (int64_t n = 0; n < nn; n++)
                    y[m * nn + n] = (k ? y[m * nn + n] : 0) + ai[m * kk + k] * bi[k * nn + n];
    }
}

/* The values of a constant as doubles; not for large ones stored as float32, which are read in place. */
static void *expand(lf_arena *arena, const lf_tensor *t) {
    size_t count = t->value->count;
    double *v = LF_NEW_ARRAY(arena, double, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        v[i] = lf_tensor_real(t, i);
    return v;
}

static const double *reals_of(lf_run *run, const lf_value *v) {
    if (v->code || v->real)
        return lf_value_reals(run, v);
    return lf_memo_get(run, expand, v->tensor);
}

static const float *floats_of(const lf_value *v) {
    const lf_tensor *t = v->tensor;
    return !v->code && !v->real && !lf_on_grid(t) && t->value->elem == LF_ELEM_F32 ? t->value->data : NULL;
}

static void exec_reals(lf_run *run, const lf_value *in, lf_value *out, const walk *w) {
    const double *a = reals_of(run, &in[0]);
    const float *bf = floats_of(&in[1]);
    const double *b = bf ? NULL : reals_of(run, &in[1]);
    int64_t mm = w->d.m, kk = w->d.k, nn = w->d.n;
    memset(out->real, 0, out->count * sizeof *out->real);
    for (size_t i = 0; i < w->matrices; i++) {
        const double *ai = a + (int64_t)lf_map_at(&w->am, i) * mm * kk;
        int64_t from = (int64_t)lf_map_at(&w->bm, i) * kk * nn;
        for (int64_t m = 0; m < mm; m++) {
            double *y = out->real + (int64_t)i * mm * nn + m * nn;
            for (int64_t k = 0; k < kk; k++) {
                double x = ai[m * kk + k];
                int64_t row = from + k * nn;
                if (bf)
                    for (int64_t n = 0; n < nn; n++)
                        y[n] += x * (double)bf[row + n];
                else
                    for (int64_t n = 0; n < nn; n++)
                        y[n] += x * b[row + n];
            }
        }
    }
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    walk w = walk_of(in);
    if (out->real)
        exec_reals(run, in, out, &w);
    else if (w.d.k == 0)
        memset(out->code, 0, out->count * sizeof *out->code);
    else if (in[1].tensor->value)
        exec_packed(run, in, out, &w);
    else
        exec_codes(run, in, out, &w);
    return LF_OK;
}

const lf_op lf_op_matmul = {
    .name = "matmul",
    .help = "matrix product (ONNX MatMul)",
    .level = LF_NN,
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .infer = infer,
    .exec = exec,
};
