/* What the files of integerize share. Invariant: code_of[t] is a tensor of integer codes (scale 1) that equal the codes of the NN
 * tensor t on every input. */
#ifndef LF_PASS_INTEGERIZE_INSIDE_H
#define LF_PASS_INTEGERIZE_INSIDE_H

#include "ir/op.h"

typedef struct lf_integers {
    lf_graph *g;
    lf_arena *arena;
    lf_id *code_of;      /* by NN tensor id; 0: none */
    lf_id *decoded;      /* by NN tensor id: its `dequantize`, 0: none yet */
    size_t tensor_count; /* NN tensors; ids beyond are new */
} lf_integers;

/* A new node with one output, whose tensor it returns; *made, when asked for, is the node. Not inferred yet. */
lf_id lf_integers_node(lf_integers *s, const char *name, const char *op, const lf_id *in, int in_count,
                       const void *attr, lf_node **made);

/* The codes of t, if it is an anchor or follows one by ops that need no arithmetic beyond a bias; else *out = 0. */
LF_MUST_USE lf_status lf_integers_of(lf_integers *s, lf_id t, lf_id *out);

/* The codes of t when they are there already, else 0. */
static inline lf_id lf_integers_known(const lf_integers *s, lf_id t) {
    return t && t <= s->tensor_count ? s->code_of[t] : 0;
}

/* Collects the elementwise nodes between `from` (exclusive) and its anchor; *base = 0 when there is none (host). */
void lf_integers_chain(lf_integers *s, lf_id from, lf_ids *nodes, lf_id *base);

/* A quantizer: codes of its output (integerize_activation.c). */
LF_MUST_USE lf_status lf_integers_quantizer(lf_integers *s, lf_node *n);

/* The codes of quantizer n's output from thresholds on the codes x. */
struct lf_thresholds;
LF_MUST_USE lf_status lf_integers_activate(lf_integers *s, const lf_node *n, const lf_tensor *x,
                                           const struct lf_thresholds *t);

/* Rows of weights times vectors, codes of the product of node n. */
bool lf_is_rows(const lf_node *n); /* mvu or vvu: operand 1 has a row per channel, operand 2 a bias */

/* The NN ops of convolutional networks, when their operands have codes (integerize_spatial.c). */
LF_MUST_USE lf_status lf_integers_conv(lf_integers *s, const lf_node *n);
LF_MUST_USE lf_status lf_integers_pool(lf_integers *s, const lf_node *n);
LF_MUST_USE lf_status lf_integers_join(lf_integers *s, const lf_node *n);
/* A sum whose operands lie on grids without a common one (integerize_pairs.c). */
LF_MUST_USE lf_status lf_integers_pairs(lf_integers *s, const lf_node *n, const lf_id *codes);
/* Ops that only move codes: concat, split, pad, slice, resize, pixel_shuffle; reductions over all pixels (integerize_move.c). True when
 * n is such an op. */
bool lf_integers_moves(const lf_node *n);
LF_MUST_USE lf_status lf_integers_move(lf_integers *s, const lf_node *n);

/* Table networks: thermometer, table_neurons, table_edges, and behind them clip and sums over the last axis (integerize_tables.c). True when
 * n is such a node. */
bool lf_integers_tables(const lf_integers *s, const lf_node *n);
LF_MUST_USE lf_status lf_integers_table(lf_integers *s, lf_node *n);

#endif
