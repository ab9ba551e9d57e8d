/* What the hardware faces of ops share: how a tensor travels on a stream (contracts.md 3). */
#ifndef LF_OPS_STREAM_H
#define LF_OPS_STREAM_H

#include "fpga/unit.h"
#include "ir/op.h"
#include "vlog/vlog.h"

/* The stream of the top module that carries tensor t is named lf_vlog_name(t->name). */
const char *lf_stream_name(lf_arena *a, const lf_tensor *t);

/* Elements per beat of the stream of tensor t: what its producer says, past units that leave beats alone (fifo, skid, layout);
 * for a tensor that comes from the host, what its consumer says. 0 when nobody says. */
int64_t lf_stream_lanes(const lf_graph *g, lf_id t);
int64_t lf_stream_beats(const lf_graph *g, lf_id t); /* per frame; 0 when nobody says */
int lf_stream_bits(const lf_graph *g, lf_id t);      /* of one beat, without padding */

/* The `lanes` face of units that leave beats alone. */
void lf_lanes_pass(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out);

/* LF_BAD_INPUT unless input 0 is codes with scale 1 whose lanes are known. */
LF_MUST_USE lf_status lf_need_codes(const lf_graph *g, const lf_node *n, int i);
LF_MUST_USE lf_status lf_need_lanes(const lf_graph *g, const lf_node *n);

/* LF_BAD_INPUT, listing the legal values, unless `value` divides `count`: "PE=3 does not divide 64 channels; legal: 1 2 4 ...". */
LF_MUST_USE lf_status lf_need_divisor(const lf_graph *g, const lf_node *n, const char *attr, int64_t value,
                                      int64_t count, const char *things);

/* y gets shape, ranges and datatype of x, which are codes. */
void lf_same_codes(lf_graph *g, lf_tensor *y, const lf_tensor *x);
/* Output 0 is input 0: shape, grid, ranges; and the values. */
lf_status lf_infer_same(lf_graph *g, lf_node *n);
lf_status lf_exec_same(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

/* The stream of a constant that comes from outside (lf_const_stream) is the node's name and "_weights". False: the node has none. */
bool lf_has_const_stream(const lf_graph *g, const lf_node *n, lf_const_stream *out);
const char *lf_const_stream_name(lf_arena *a, const lf_node *n);

/* An instance of `module` named after the node, s_axis joined to the streams of its operands that are not constant and, behind a skid
 * buffer, to its constant stream; m_axis to those of its outputs. Several streams lie side by side in s_axis_tdata, _tvalid and _tready, the first in the lowest bits. */
void lf_stream_instance(const lf_graph *g, const lf_node *n, lf_vlog *v, const char *module);

/* The KIND parameters of rtl: how values of a type lie on a wire. */
int lf_wire_kind(lf_dtype t); /* 0 unsigned, 1 two's complement, 2 bipolar */

/* RAMB36 equivalents of a memory with one port of each kind (a RAMB18 is 0.5): the best of the widths that a RAMB18 offers
 * (UG473, table 1-3). */
double lf_block_rams(int64_t depth, int64_t bits);

/* A twin (fpga/unit.h) of one stream in and one out. The name is copied, the state is not. */
lf_unit lf_twin_new(lf_arena *a, const char *name, const lf_unit_kind *kind, void *state, size_t state_bytes,
                    int64_t in_beats, int64_t out_beats);
/* `skip` of twins that stand still whenever they are steady. */
void lf_twin_skip_nothing(void *state, int64_t edges, const bool *s_valid, const bool *m_ready);

/* Twins. A queue of `capacity` words whose output stands one cycle after the word was taken, or two with `memory` (an output
 * register behind a memory; capacity >= 3); ready while it is not full. */
lf_unit lf_twin_queue(lf_arena *a, const char *name, int64_t beats, int64_t capacity, bool memory);
/* A constant stream behind its skid buffer, which outside always offers: a unit without inputs whose output is valid from the second cycle
 * on; `beats` per frame. */
lf_unit lf_twin_const_stream(lf_arena *a, const char *name, int64_t beats);
/* `stages` registers under one enable, which is on while the last one is empty or its word is taken (rtl/lf_pipe.v). */
lf_unit lf_twin_pipe(lf_arena *a, const char *name, int64_t beats, int stages);
/* `steady` and `skip` of such registers (unit.h): bit i of `valid` is register i (stages <= 63), `fed`: a word stands before the first. */
int64_t lf_pipe_steady(uint64_t valid, int stages, bool fed, bool m_ready);
uint64_t lf_pipe_skip(uint64_t valid, int stages, int64_t edges, bool fed, bool m_ready);

#endif
