/* Pictures read in another order than they come in: what `window`, `upsample` and `depth_to_space` have in common.
 *
 * The beats of a frame ("words") lie in a ring memory. A nest of counters walks over positions; each is an address, counted from
 * the frame's first word, that is linear in the counters, so going on is adding one of a few constants. Level 0 is the innermost.
 * rtl/lf_walk.v is the circuit, walk_twin.c the model of its handshakes. One position per clock; the ring is as large as it takes
 * so that neither side ever waits in the long run: II = the larger of words and positions per frame.
 *
 * Or a column per clock (rtl/lf_walk_columns.v): a position reads a word and those in some rows below it, which lie in banks, the
 * rows of the picture in turns. Then the last level is the turn to the next rows, and all others stay in their rows.
 *
 * What is behind every address that is still to be read may be overwritten. That limit, `base`, is linear in the counters too:
 * base0 + sum of free[i] * counter[i]. */
#ifndef LF_OPS_WALK_H
#define LF_OPS_WALK_H

#include "fpga/unit.h"
#include "ir/op.h"
#include "ops/rom.h"

enum { LF_WALK_LEVELS = 6 };

typedef struct lf_walk_level {
    int64_t count;
    int64_t stride;  /* words from one to the next */
    int64_t release; /* words that are over when this level advances: at most so many are freed */
    int axis;        /* of the picture that the level moves along, for padding: 0 rows, 1 columns; -1: none */
    int64_t move;    /* rows or columns from one to the next */
} lf_walk_level;

typedef struct lf_walk {
    /* Given. */
    lf_walk_level level[LF_WALK_LEVELS];
    int levels;
    int64_t words;                   /* of a frame */
    int64_t first[2];                /* row and column of position 0; negative: in the padding */
    int64_t size[2];                 /* rows and columns of the picture */
    int64_t row_words, column_words; /* from one row, one column to the next */
    int64_t below, below_step; /* rows that a position reads below its own, so many rows apart; 0: a word per clock */
    /* Found by lf_walk_plan. */
    int64_t positions; /* of a frame */
    int64_t origin;    /* address of position 0 */
    bool padded[2], first_padded;
    int64_t free[LF_WALK_LEVELS], base0;
    int64_t capacity;              /* of the ring: a power of two, or whole rows */
    int place_bits, distance_bits; /* place: in the ring, or in a row */
} lf_walk;

void lf_walk_plan(lf_walk *w);

static inline int64_t lf_walk_ii(const lf_walk *w) {
    return w->words > w->positions ? w->words : w->positions;
}

/* What the position with these counters reads: the first and the last address (the last may be one that it could do without). False:
 * nothing, it is in the padding. */
bool lf_walk_reads(const lf_walk *w, const int64_t *at, int64_t *first, int64_t *last);

static inline int64_t lf_walk_banks(const lf_walk *w) {
    return w->below ? w->capacity / w->row_words : 1;
}

/* The change of something linear in the counters when level i (w->levels: all are at their end) advances and those below go back to 0. */
int64_t lf_walk_change(const lf_walk *w, const int64_t *stride, int i);

/* How the elements of a word look on both sides, and which memory holds them (ram: auto takes what weighs less). */
typedef struct lf_walk_beat {
    int64_t lanes; /* of a word */
    lf_dtype in, out;
    int64_t pad_code;
    lf_rom_ram ram;
} lf_walk_beat;

bool lf_walk_is_block(const lf_walk *w, const lf_walk_beat *b);
void lf_walk_cost(const lf_walk *w, const lf_walk_beat *b, lf_cost *out);
void lf_walk_rtl(const lf_graph *g, const lf_node *n, const lf_walk *w, const lf_walk_beat *b, lf_vlog *v);
/* Beats per frame and handshakes of rtl/lf_walk.v and lf_walk_columns.v. */
void lf_walk_twin(const lf_walk *w, bool block, const char *name, lf_arena *a, lf_unit *out);

/* lf_op.own of the ops that are walks: which walk a node is. */
typedef struct lf_walk_own {
    lf_status (*say)(const lf_graph *g, const lf_node *n, lf_walk *w, lf_walk_beat *b);
} lf_walk_own;

/* Their faces cost, rtl and unit (ir/op.h). */
LF_MUST_USE lf_status lf_walk_node_cost(const lf_graph *g, const lf_node *n, lf_cost *out);
LF_MUST_USE lf_status lf_walk_node_rtl(const lf_graph *g, const lf_node *n, struct lf_vlog *v);
LF_MUST_USE lf_status lf_walk_node_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out);

#endif
