/* A FIFO deeper than two beats lies in LUT RAM or in block RAM and has the same handshakes in both (ops/fifo.c); `connect` takes what weighs less. */
#include "pass/fifo_memories.h"

#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "pass/stream_model.h"

static const char *const in_luts = "distributed", *const in_block = "block";

static lf_status add_up(const lf_graph *g, lf_cost *sum) {
    *sum = (lf_cost){0};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost c = {0};
        if (!lf_is_unit(n) || !n->op->cost)
            continue;
        LF_TRY(n->op->cost(g, n, &c));
        sum->lut += c.lut;
        sum->bram += c.bram;
    }
    return LF_OK;
}

/* What a FIFO has more of in the other memory. */
static lf_status change_of(const lf_graph *g, lf_node *fifo, const char *to, lf_cost *out) {
    const char *from = lf_attr_enum_name(fifo, "style");
    lf_cost before, after;
    LF_TRY(fifo->op->cost(g, fifo, &before));
    lf_attr_set_enum(fifo, "style", to);
    lf_status status = fifo->op->cost(g, fifo, &after);
    lf_attr_set_enum(fifo, "style", from);
    *out = (lf_cost){.lut = after.lut - before.lut, .bram = after.bram - before.bram};
    return status;
}

static bool fits(const lf_part *part, const lf_cost *sum, const lf_cost *change, const char *to) {
    return to == in_luts ? sum->lut + change->lut <= (double)part->lut : sum->bram + change->bram <= (double)part->bram;
}

/* The FIFO that pays least of what it moves to for each of what it leaves; NULL: there is none, or no room. */
static lf_status cheapest(lf_graph *g, const lf_part *part, const lf_cost *sum, const char *to, lf_node **out,
                          lf_cost *change) {
    double least = INFINITY;
    *out = NULL;
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost c;
        if (!lf_is_op(n, "fifo") || strcmp(lf_attr_enum_name(n, "style"), to == in_luts ? in_block : in_luts))
            continue;
        LF_TRY(change_of(g, n, to, &c));
        double gain = to == in_luts ? -c.bram : -c.lut, pay = to == in_luts ? c.lut : c.bram;
        if (gain <= 0 || pay / gain >= least || !fits(part, sum, &c, to))
            continue;
        least = pay / gain;
        *out = n;
        *change = c;
    }
    return LF_OK;
}

lf_status lf_fifo_memories_fit(lf_graph *g, const lf_part *part) {
    enum { PRICED_INPUTS = 6 };
    lf_cost sum, change = {0};
    if (part->lut_inputs < PRICED_INPUTS)
        return LF_OK;
    LF_TRY(add_up(g, &sum));
    for (;;) {
        bool much_block = sum.bram > (double)part->bram, many_luts = sum.lut > (double)part->lut;
        const char *to = much_block ? in_luts : in_block;
        lf_node *fifo;
        if (much_block == many_luts)
            return LF_OK;
        LF_TRY(cheapest(g, part, &sum, to, &fifo, &change));
        if (!fifo)
            return LF_OK;
        lf_attr_set_enum(fifo, "style", to);
        sum.lut += change.lut;
        sum.bram += change.bram;
    }
}
