/* What a matrix-vector layer takes, from its shape alone: fast enough for a solver that asks for thousands of foldings. */
#ifndef LF_OPS_MVU_COST_H
#define LF_OPS_MVU_COST_H

#include "ir/op.h"
#include "ops/mvu_plan.h"

typedef struct lf_mvu_shape {
    int64_t mw, mh, pe, simd, vectors;
    lf_dtype x, w;
    int levels, out_bits;
    lf_mvu_structure structure;
    lf_mvu_ram ram;
} lf_mvu_shape;

void lf_mvu_estimate(const lf_mvu_shape *s, lf_cost *out);

#endif
