/* FIFO: y = x, beat by beat.
 *   in 0   x  codes
 *   out 0  y  codes
 *   holds exactly `depth` beats; a beat appears 1 cycle (register, srl) or 2 cycles (distributed, block) after it was taken.
 *   II = beats per frame (with depth 1: twice that). */
#include <string.h>

#include "num/whole.h"
#include "ops/stream.h"

typedef enum lf_fifo_style { FIFO_AUTO, FIFO_REGISTER, FIFO_SRL, FIFO_DISTRIBUTED, FIFO_BLOCK } lf_fifo_style;

static const char *const style_names[] = {"auto", "register", "srl", "distributed", "block", NULL};

typedef struct lf_fifo_attr {
    int64_t depth;
    int style;
} lf_fifo_attr;

static const lf_attr_desc attrs[] = {
    {"depth", LF_ATTR_INT, offsetof(lf_fifo_attr, depth), "2", NULL, 1, 1 << 20, "beats it holds"},
    {"style", LF_ATTR_ENUM, offsetof(lf_fifo_attr, style), "auto", style_names, 0, 0,
     "what it is made of; auto: flip-flops up to 2, LUT RAM up to 256 beats, then block RAM"},
    {0},
};

enum { REGISTER_DEPTH = 2, DISTRIBUTED_DEPTH = 257 };

static lf_fifo_style style_of(const lf_fifo_attr *a) {
    if (a->depth <= REGISTER_DEPTH)
        return FIFO_REGISTER;
    if (a->style != FIFO_AUTO)
        return (lf_fifo_style)a->style;
    return a->depth <= DISTRIBUTED_DEPTH ? FIFO_DISTRIBUTED : FIFO_BLOCK;
}

/* Fitted to yosys counts of the unit (xc7): a pointer bit costs a carry-chain bit and its share of the two comparisons. */
static void memory_cost(int64_t depth, int64_t bits, bool block, lf_cost *c) {
    int64_t words = 1, address = 0;
    for (; words < depth - 1; words *= 2)
        address++;
    bool power = words == depth - 1;
    c->lut = (double)(address + 1) * (power ? 0.7 : 1.6) + 4;
    c->ff = (double)((power ? 2 : 3) * (address + 1) + 1) + (block ? 0 : (double)bits);
    if (block)
        c->bram = lf_block_rams(words, bits);
    else
        c->lut +=
            (double)(words <= 32 ? lf_divide_up(bits, 6) * 4 : lf_divide_up(bits, 3) * 4 * lf_divide_up(words, 64)) +
            (double)(words > 64 ? bits * lf_divide_up(words, 256) : 0);
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    LF_TRY(lf_need_lanes(g, n));
    const lf_fifo_attr *a = n->attr;
    int64_t bits = lf_stream_bits(g, n->in[0]), address = lf_bits_unsigned((uint64_t)a->depth);
    *out = (lf_cost){.ii_cycles = lf_stream_beats(g, n->in[0]) * (a->depth == 1 ? 2 : 1)};
    switch (style_of(a)) {
    case FIFO_SRL:
        out->lut = (double)(bits * lf_divide_up(a->depth, a->depth <= 16 ? 16 : 32) + 2 * address + 3);
        out->ff = (double)(address + 1);
        break;
    case FIFO_DISTRIBUTED:
    case FIFO_BLOCK: memory_cost(a->depth, bits, style_of(a) == FIFO_BLOCK, out); break;
    default: out->lut = (double)((a->depth - 1) * bits + 2 * a->depth); out->ff = (double)(a->depth * (bits + 1));
    }
    return LF_OK;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    LF_TRY(lf_need_lanes(g, n));
    const lf_fifo_attr *a = n->attr;
    lf_stream_instance(g, n, v, "lf_fifo");
    lf_vlog_param(v, "WIDTH", "%d", lf_stream_bits(g, n->in[0]));
    lf_vlog_param(v, "DEPTH", "%lld", (long long)a->depth);
    lf_vlog_param(v, "STYLE", "\"%s\"", style_names[style_of(a)]);
    return LF_OK;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    LF_TRY(lf_need_lanes(g, n));
    const lf_fifo_attr *at = n->attr;
    bool memory = style_of(at) == FIFO_DISTRIBUTED || style_of(at) == FIFO_BLOCK;
    *out = lf_twin_queue(a, n->name, lf_stream_beats(g, n->in[0]), at->depth, memory);
    return LF_OK;
}

const lf_op lf_op_fifo = {
    .name = "fifo",
    .help = "first-in first-out buffer of `depth` beats",
    .level = LF_HW,
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_fifo_attr),
    .attrs = attrs,
    .infer = lf_infer_same,
    .exec = lf_exec_same,
    .lanes = lf_lanes_pass,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
