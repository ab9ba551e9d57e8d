/* What every layer may be folded to, and what that costs: filled once, then searched for any target (folding_solve.c). */
#ifndef LF_PASS_FOLDING_TABLE_H
#define LF_PASS_FOLDING_TABLE_H

#include "pass/folding.h"

/* One folding of a layer. window_simd, window_ram: of the window before a layer whose PE is that window's interleave. */
typedef struct lf_fold_choice {
    int64_t pe, simd, window_simd;             /* 0: the node has none */
    const char *ram, *window_ram, *multiplier; /* ram_style; style of requantize; NULL: the node has none */
    int64_t in_lanes, out_lanes;
    lf_cost cost;      /* of the layer, with its window and what joins the two */
    double buffer_lut; /* of a FIFO before a layer that passes over a vector several times */
    int kind;          /* choices with the same lanes in and out have the same */
} lf_fold_choice;

/* A stream from layer `from` to layer `to`. */
typedef struct lf_fold_edge {
    int from, to;
    int bits; /* of an element */
} lf_fold_edge;

typedef struct lf_fold_layer {
    lf_node *node, *window; /* window: or NULL */
    LF_VEC(lf_fold_choice) choices;
    LF_VEC(int) in, out; /* edges */
    int64_t fastest;     /* least ii of any choice */
    int kinds;
} lf_fold_layer;

typedef struct lf_fold_table {
    lf_graph *g;
    lf_arena *arena;
    const lf_fold_pins *pinned;   /* NULL: none */
    LF_VEC(lf_fold_layer) layers; /* in the order of the graph */
    LF_VEC(lf_fold_edge) edges;
} lf_fold_table;

/* `pinned` (by node id) may be NULL. */
LF_MUST_USE lf_status lf_fold_table_make(lf_graph *g, const lf_fold_pins *pinned, lf_arena *a, lf_fold_table *out);
void lf_fold_set(const lf_graph *g, const lf_fold_layer *l, const lf_fold_choice *c);
/* LUTs and flip-flops of what joins a lanes to b lanes of `bits` bits. */
void lf_fold_joint(int64_t a, int64_t b, double bits, double *lut, double *ff);

#endif
