/* What the multiply-accumulate units (mvu, vvu) share: rows of constant weights with a bias and an activation behind each,
 *   acc[r] = bias[r] + sum over k of W[r][k] * x[element(r, k)]
 *   y[r] = acc[r], or with thresholds out_base + out_step * #{ t : acc[r] >= T[r][t] }.
 * Operands: 0 x, 1 W [R, K], 2 bias [R] or absent, 3 T [R, L] or absent. A vector of x is the last axis. */
#ifndef LF_OPS_WEIGHT_ROWS_H
#define LF_OPS_WEIGHT_ROWS_H

#include "ir/op.h"
#include "ops/mvu_plan.h"

typedef struct lf_rows {
    const lf_tensor *x, *w, *bias, *T;
    int64_t count, columns, levels;
    int64_t
        own; /* 0: every row sums over the whole vector; else rows have elements of their own, `own` rows side by side:
                  * element(r, k) = (r / own * K + k) * own + r % own */
    int64_t out_base, out_step;
} lf_rows;

/* LF_BAD_INPUT unless the constants are what is said above and no sum leaves 62 bits. x's shape is the caller's business. */
LF_MUST_USE lf_status lf_rows_make(const lf_graph *g, const lf_node *n, int64_t own, int64_t out_base, int64_t out_step,
                                   lf_rows *out);

static inline int64_t lf_rows_element(const lf_rows *r, int64_t row, int64_t k) {
    return r->own ? (row / r->own * r->columns + k) * r->own + row % r->own : k;
}

/* [R]: the exact ranges of the accumulators: actual weights, the range of every element. */
void lf_rows_sums(const lf_rows *r, lf_range *out);
/* Sets ranges of y along its last axis. Its channels are the rows; with groups > 1 vectors use one of so many blocks of rows in
 * turn, and channel c is row c of any of them. */
void lf_rows_set_output(lf_graph *g, const lf_rows *r, int64_t groups, lf_tensor *y);
int64_t lf_rows_activate(const lf_rows *r, int64_t row, int64_t acc);

/* What lf_mvu_plan_outline needs of a spec: sizes, types, ranges. lf_rows_fill adds elements and exact sums, in the arena. */
lf_mvu_spec lf_rows_outline(const lf_rows *r, lf_dtype out);
void lf_rows_fill(const lf_rows *r, lf_arena *a, lf_mvu_spec *spec);

#endif
