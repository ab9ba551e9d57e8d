/* The hardware faces that `mvu` and `vvu` have in common: each says what its unit is, the rest is here. */
#ifndef LF_OPS_MVU_NODE_H
#define LF_OPS_MVU_NODE_H

#include "fpga/unit.h"
#include "ops/weight_rows.h"
#include "vlog/vlog.h"

typedef struct lf_mvu_node {
    lf_rows rows;
    lf_mvu_spec spec; /* without the elements of the constants */
    int64_t vectors;  /* of x, per frame */
} lf_mvu_node;

/* lf_op.own of both: what a node says; the unit's name lies in `a`. */
typedef struct lf_mvu_own {
    lf_status (*say)(const lf_graph *g, const lf_node *n, lf_arena *a, lf_mvu_node *out);
} lf_mvu_own;

/* The faces cost, rtl and unit (ir/op.h). */
LF_MUST_USE lf_status lf_mvu_node_cost(const lf_graph *g, const lf_node *n, lf_cost *out);
LF_MUST_USE lf_status lf_mvu_node_rtl(const lf_graph *g, const lf_node *n, lf_vlog *v);
LF_MUST_USE lf_status lf_mvu_node_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out);

#endif
