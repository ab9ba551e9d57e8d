/* What units with several operands or outputs share. */
#ifndef LF_OPS_BRANCH_H
#define LF_OPS_BRANCH_H

#include "ops/stream.h"

/* LF_BAD_INPUT unless every operand is there, not a constant, and codes with scale 1. */
LF_MUST_USE lf_status lf_need_streams(const lf_graph *g, const lf_node *n);
/* The same, and all of one shape. */
LF_MUST_USE lf_status lf_need_same_streams(const lf_graph *g, const lf_node *n);

/* Length of the last axis; 1 for a scalar. */
int64_t lf_last_dim(lf_shape s);
/* The range of index c of the last axis of t, as far as it is known. */
lf_range lf_last_axis_range(const lf_tensor *t, int64_t c);
/* Whether it knows more than one range for all, and along its last axis. */
static inline bool lf_has_last_axis_ranges(const lf_tensor *t) {
    return t->channel_range && t->range_axis == t->shape.rank - 1;
}
/* y: codes of x's shape with `count` ranges along the last axis, or with one for all, in the narrowest datatype. */
void lf_set_last_axis_codes(lf_graph *g, const lf_tensor *x, lf_tensor *y, const lf_range *r, int64_t count);
/* Ranges of y along its last axis, to be filled in, where x knows those along its own; else NULL, and y has none. */
lf_range *lf_new_last_axis_ranges(lf_graph *g, const lf_tensor *x, lf_tensor *y);

/* Where element e of a tensor with `own` channels stands in one with `channels`, of which its own begin at `first`. */
static inline size_t lf_part_element(size_t e, size_t own, size_t first, size_t channels) {
    return e / own * channels + first + e % own;
}

/* Bits of two's complement that hold every value of the type. */
int lf_signed_bits(lf_dtype t);
/* DSPs that a product of two signed operands of these widths takes: 25 x 18 bits each. */
double lf_dsp_count(int a_bits, int b_bits);

/* -- Verilog ---------------------------------------------------------------------------------------------------------- */

/* The parameters NAME_BITS and NAME_KIND for values of this type. */
void lf_wire_params(lf_vlog *v, const char *name, lf_dtype t);
/* Bits of PE elements of each of the tensors together. */
int64_t lf_wires_bits(const lf_graph *g, const lf_id *tensor, int count, int64_t pe);
/* BITS and KIND of several streams, packed: the first in the lowest bits. */
void lf_wires_params(const lf_graph *g, lf_vlog *v, const lf_id *tensor, int count);

/* Streams that take turns, `beats` beats each (rtl/lf_turns.v); also the state of that unit. */
typedef struct lf_turns {
    int count, turn;
    int64_t beats[LF_UNIT_PORTS], beat;
} lf_turns;
/* Of streams that carry these tensors, PE elements of a pixel's last axis at a time. */
lf_turns lf_turns_of(const lf_graph *g, const lf_id *tensor, int count, int64_t pe);
void lf_turns_move(lf_turns *t);
int lf_turns_bits(const lf_turns *t);                /* that count the beats */
void lf_turns_params(lf_vlog *v, const lf_turns *t); /* N, BEATS, BEAT_BITS */

/* -- twins ------------------------------------------------------------------------------------------------------------ */

/* Two streams taken together into `stages` registers under one enable (rtl/lf_sum_join.v, rtl/lf_product_join.v). */
lf_unit lf_twin_join(lf_arena *a, const char *name, int64_t beats, int stages);

#endif
