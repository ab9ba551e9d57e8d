/* Skid buffer: y = x, beat by beat, through registers only: no path from the consumer's ready to the producer's.
 *   in 0   x  codes
 *   out 0  y  codes, one cycle later
 *   II = beats per frame. */
#include "ops/stream.h"

enum { SKID_WORDS = 2 };

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    LF_TRY(lf_need_lanes(g, n));
    int bits = lf_stream_bits(g, n->in[0]);
    *out = (lf_cost){.lut = bits + 3, .ff = 2 * bits + 2, .ii_cycles = lf_stream_beats(g, n->in[0])};
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    LF_TRY(lf_need_lanes(g, n));
    lf_stream_instance(g, n, v, "lf_skid");
    lf_vlog_param(v, "WIDTH", "%d", lf_stream_bits(g, n->in[0]));
    return LF_OK;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    LF_TRY(lf_need_lanes(g, n));
    *out = lf_twin_queue(a, n->name, lf_stream_beats(g, n->in[0]), SKID_WORDS, false);
    return LF_OK;
}

const lf_op lf_op_skid = {
    .name = "skid",
    .help = "registers on data, valid and ready of a stream",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .infer = lf_infer_same,
    .exec = lf_exec_same,
    .lanes = lf_lanes_pass,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
