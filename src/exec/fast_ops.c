#include "exec/fast_plan.h"

#include <string.h>

static const lf_fast_op *const ops[] = {&lf_fast_mvu,           &lf_fast_threshold,   &lf_fast_vvu,
                                        &lf_fast_pool,          &lf_fast_global_pool, &lf_fast_sum_join,
                                        &lf_fast_frame,         &lf_fast_transpose,   &lf_fast_thermometer,
                                        &lf_fast_table_neurons, &lf_fast_table_edges, &lf_fast_reduce};

const lf_fast_op *lf_fast_op_for(lf_plan *p, const lf_node *n) {
    for (size_t i = 0; i < LF_COUNT(ops); i++)
        if (strcmp(n->op->name, ops[i]->name) == 0)
            return ops[i]->can(p, n) ? ops[i] : NULL;
    return NULL;
}
