/* Reducing codes to their largest, least or sum: what pool and global_pool share, and their hardware. */
#ifndef LF_OPS_POOLING_H
#define LF_OPS_POOLING_H

#include "ir/op.h"
#include "ops/stream.h"

typedef enum lf_reduce { LF_REDUCE_MAX, LF_REDUCE_MIN, LF_REDUCE_SUM } lf_reduce;
extern const char *const lf_reduce_names[];

int64_t lf_reduce_code(lf_reduce f, int64_t a, int64_t b);
/* The range of f over a code of each; over `count` codes of one range. *overflow is set when a sum leaves +-2^62. */
lf_range lf_reduce_range(lf_reduce f, lf_range a, lf_range b, bool *overflow);
lf_range lf_reduce_many(lf_reduce f, lf_range r, int64_t count, bool *overflow);

/* rtl/lf_pool.v: PE lanes, every reduction over `taps` beats, `groups` of them side by side, `frames` times per frame. */
typedef struct lf_pooling {
    lf_reduce function;
    int64_t pe, taps, groups, frames;
} lf_pooling;

/* lf_op.own of both ops: which of these a node is. */
typedef struct lf_pooling_own {
    lf_status (*plan_of)(const lf_graph *g, const lf_node *n, lf_pooling *out);
} lf_pooling_own;

/* Their faces (ir/op.h). */
LF_MUST_USE lf_status lf_pooling_cost(const lf_graph *g, const lf_node *n, lf_cost *out);
LF_MUST_USE lf_status lf_pooling_rtl(const lf_graph *g, const lf_node *n, lf_vlog *v);
LF_MUST_USE lf_status lf_pooling_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out);

#endif
