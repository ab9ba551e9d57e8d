/* Numbers as small integers that keep their order: a feature's code is how many of its steps are not above the number.
 *
 * Steps are fitted on rows for training, without their classes: 2^bits codes that equally many rows share, as far as equal numbers, which
 * always have the same code, permit (rank or quantile coding). Features of few different numbers keep them all apart; their codes are spread over the
 * whole range by steps that are repeated, so that few bits of a code tell them apart. */
#ifndef LF_DATA_SCALING_H
#define LF_DATA_SCALING_H

#include "data/set.h"

/* At most 2^bits - 1 steps, in ascending order. v: numbers without NaN; they are sorted in place. Arena memory. */
const float *lf_steps_fit(lf_arena *a, float *v, size_t count, int bits, size_t *steps);
/* In [0, steps]. */
size_t lf_steps_code(const float *step, size_t steps, float v);

static inline float lf_column_scale(const lf_table_column *c, float v) {
    return c->step_count ? (float)lf_steps_code(c->steps, c->step_count, v) : v;
}

/* The same columns with an element for every name of a category, 1 where the cell is that name; where it is none of them, all are 0. Arena memory. */
lf_table_column *lf_one_hot_columns(lf_arena *a, const lf_table_column *c, size_t count, size_t *elements);

/* Fits the steps of d's columns, which it keeps. Refuses sets that are no tables. */
LF_MUST_USE lf_status lf_scaling_fit(lf_ctx *ctx, lf_dataset *d, int bits);
/* d's features, in the order of these columns, become codes. */
LF_MUST_USE lf_status lf_scaling_apply(lf_ctx *ctx, const lf_table_column *c, lf_dataset *d);

#endif
