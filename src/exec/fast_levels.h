/* Thresholds on 32-bit sums: threshold nodes, and what stands behind products in the same step. */
#ifndef LF_EXEC_FAST_LEVELS_H
#define LF_EXEC_FAST_LEVELS_H

#include "exec/fast_plan.h"

/* code = base + step * #{ t : x >= T[c][t] }, for x within +-LF_S32_MAX. */
typedef struct lf_ladder {
    size_t channels, levels;
    int64_t *T; /* [channels][levels] */
    int64_t *base, *step;
} lf_ladder;

/* What node n makes of thresholds T and signs (or NULL); channel c has those of c % period. */
lf_ladder lf_ladder_new(const lf_plan *p, const lf_node *n, const lf_tensor *T, const lf_tensor *sign, size_t period,
                        size_t channels);
bool lf_thresholds_fit(const lf_tensor *T, const lf_tensor *y);

typedef struct lf_levels_step {
    lf_levels levels;
    lf_levels_fn *run;
} lf_levels_step;

/* The kernel and its tables, and the slot of y where the codes go. */
const lf_slot *lf_levels_step_new(lf_plan *p, const lf_ladder *l, lf_id y, const lf_levels_step **made);

/* Constants of one element for all, or of one per channel. */
static inline int64_t lf_pick(const lf_tensor *t, size_t c) {
    return lf_tensor_code(t, t->value->count == 1 ? 0 : c);
}
static inline size_t lf_channels(const lf_tensor *t) { /* of the last axis */
    return t->shape.rank ? (size_t)t->shape.dim[t->shape.rank - 1] : 1;
}

#endif
