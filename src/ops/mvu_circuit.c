/* A matrix of whole numbers is a sum of matrices of signs times powers of two: its weights in signed digits. */
#include "ops/mvu_circuit.h"

#include "circuit/sign_matrix.h"
#include "num/signed_digits.h"
#include "ops/circuit_face.h"

/* A block of weights in signed digits. */
typedef struct digit_rows {
    const lf_rows *r;
    lf_digits *at; /* [rows][columns] */
    int64_t rows;
} digit_rows;

static digit_rows digits_of(const lf_rows *r, lf_arena *a, int64_t first, int64_t rows) {
    digit_rows d = {r, LF_NEW_ARRAY(a, lf_digits, rows * r->columns), rows};
    for (int64_t i = 0; i < rows * r->columns; i++)
        d.at[i] = lf_digits_of(lf_tensor_code(r->w, (size_t)(first * r->columns + i)));
    return d;
}

/* Digit k of all weights; false when every one is 0. */
static bool digit_matrix(const digit_rows *d, int k, int8_t *out) {
    bool any = false;
    for (int64_t i = 0; i < d->rows * d->r->columns; i++) {
        out[i] = (int8_t)((int)(d->at[i].plus >> k & 1) - (int)(d->at[i].minus >> k & 1));
        any |= out[i] != 0;
    }
    return any;
}

/* sums[i] = bias + sum over k of w[first + i][k] * x[k]. */
static void products(lf_circuit *c, const lf_rows *r, lf_arena *a, int64_t first, int64_t rows, const lf_word *x,
                     lf_word *sums) {
    digit_rows d = digits_of(r, a, first, rows);
    int8_t *sign = LF_NEW_ARRAY(a, int8_t, rows * r->columns);
    lf_word *part = LF_NEW_ARRAY(a, lf_word, rows);
    lf_sign_matrix m = {sign, (size_t)rows, (size_t)r->columns};
    for (int64_t i = 0; i < rows; i++)
        sums[i] = lf_circuit_const(c, r->bias ? lf_tensor_code(r->bias, (size_t)(first + i)) : 0);
    for (int k = 0; k < 64; k++) {
        if (!digit_matrix(&d, k, sign))
            continue;
        lf_circuit_sign_matrix(c, &m, 0, x, part);
        for (int64_t i = 0; i < rows; i++)
            sums[i] = lf_circuit_add(c, sums[i], lf_circuit_shift(c, part[i], k));
    }
}

/* Thresholds ascend, so those that are reached stand first. */
static lf_word activate(lf_circuit *c, const lf_rows *r, int64_t row, lf_word acc) {
    lf_word reached[LF_MVU_LEVELS];
    if (!r->T)
        return acc;
    for (int64_t t = 0; t < r->levels; t++)
        reached[t] =
            lf_circuit_less(c, lf_circuit_const(c, lf_tensor_code(r->T, (size_t)(row * r->levels + t)) - 1), acc);
    lf_word count = lf_face_rank(c, reached, (size_t)r->levels);
    return lf_face_plus(c, lf_face_times(c, count, r->out_step), r->out_base);
}

lf_status lf_mvu_circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_rows *r, int64_t rows,
                         const lf_word *x, lf_word *y) {
    lf_where where = lf_where_node(g, n);
    int64_t vectors = lf_shape_count(r->x->shape) / r->columns;
    if (r->levels > LF_MVU_LEVELS)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "%d thresholds at most stand behind the products of one node, not %lld", LF_MVU_LEVELS,
                       (long long)r->levels);
    lf_arena *a = lf_arena_new();
    if (!a)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "no memory");
    for (int64_t v = 0; v < vectors; v++) {
        int64_t first = v * rows % r->count;
        products(c, r, a, first, rows, x + v * r->columns, y + v * rows);
        for (int64_t i = 0; i < rows; i++)
            y[v * rows + i] = activate(c, r, first + i, y[v * rows + i]);
        lf_arena_reset(a);
    }
    lf_arena_free(a);
    return LF_OK;
}
