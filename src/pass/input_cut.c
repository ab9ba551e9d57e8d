#include "pass/input_cut.h"

#include <math.h>

#include "ir/is_op.h"
#include "ir/op.h"
#include "ir/table_column.h"
#include "ops/table_edges.h"

/* -- a grid to propose ------------------------------------------------------------------------------------------------- */

enum { FRACTION_MOST = 16, BITS_USUAL = 16, INT_USUAL = 6 };

typedef struct grid_bits {
    int integer, fraction; /* integer: with the sign */
    const char *modes;
} grid_bits;

/* Every threshold in range, and the closest two of a feature 128 steps apart or more; inputs beyond them stay beyond them. */
static grid_bits bits_of_thresholds(const lf_tensor *T) {
    double most = 1, gap = 1;
    for (size_t i = 0; i < T->value->count; i++) {
        double v = lf_tensor_real(T, i), step = i % (size_t)T->shape.dim[1] ? fabs(v - lf_tensor_real(T, i - 1)) : 0;
        most = fabs(v) > most ? fabs(v) : most;
        gap = step > 0 && step < gap ? step : gap;
    }
    grid_bits b = {.modes = ",TRN,SAT"};
    (void)frexp(most, &b.integer);
    (void)frexp(gap, &b.fraction);
    b.integer += 1;
    b.fraction = 9 - b.fraction > FRACTION_MOST ? FRACTION_MOST : 9 - b.fraction;
    return b;
}

/* The quantizers step at multiples of 2^-(f + 1) and wrap: with that many fraction bits, and as many bits in all, the cast changes nothing. */
static grid_bits bits_of_edges(const lf_tensor *edges) {
    grid_bits b = {.integer = 1, .modes = ""};
    for (size_t e = 0; e < (size_t)edges->shape.dim[0]; e++) {
        int f = (int)lf_tensor_code(edges, e * LF_EDGE_COLUMNS + LF_EDGE_FRACTION),
            bits = (int)lf_tensor_code(edges, e * LF_EDGE_COLUMNS + LF_EDGE_BITS);
        b.fraction = f + 1 > b.fraction ? f + 1 : b.fraction;
        b.integer = bits - f > b.integer ? bits - f : b.integer;
    }
    return b;
}

static grid_bits proposal(const lf_graph *g, const lf_node *n) {
    const grid_bits usual = {INT_USUAL, BITS_USUAL - INT_USUAL, ""};
    grid_bits b = usual;
    if (lf_is_op(n, "thermometer"))
        b = bits_of_thresholds(lf_in(g, n, 1));
    if (lf_is_op(n, "table_edges") && n->place != LF_PLACE_FPGA)
        b = bits_of_edges(lf_in(g, n, 1));
    return b.integer + b.fraction > 32 ? usual : b;
}

/* Bits of the whole numbers that the host makes of the cells of a table; 0: there is none, or a column stays a number. */
static int bits_of_columns(const lf_graph *g) {
    size_t most = 0;
    for (size_t i = 0; i < g->column_count; i++) {
        const lf_table_column *c = &g->columns[i];
        if (!c->step_count && !c->is && !c->count)
            return 0;
        size_t highest = c->step_count ? c->step_count : c->is ? 1 : c->count - 1;
        most = highest > most ? highest : most;
    }
    return lf_bits_unsigned(most);
}

lf_status lf_propose_grid(const lf_graph *g, const lf_node *n, const char *what) {
    lf_where where = lf_where_node(g, n);
    grid_bits b = proposal(g, n);
    lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, &where,
                               "the model's float input meets %s, so the circuit needs to know its grid", what);
    int whole = g->column_count > 0 ? bits_of_columns(g) : 0;
    if (whole > 0) {
        lf_hint(g->ctx, "declare it: the columns of its table become whole numbers, --input UINT%d", whole);
        return status;
    }
    lf_hint(g->ctx,
            "declare it, for example --input 'FIXED<%d,%d%s>!' (the cast becomes part of the network) or --input "
            "UINT8,1/255",
            b.integer + b.fraction, b.integer, b.modes);
    return status;
}

/* -- encoders ---------------------------------------------------------------------------------------------------------- */

/* Codes that a quantizer on the host makes. */
static bool from_quantizer(const lf_graph *g, const lf_tensor *t) {
    const lf_node *p = lf_node_at(g, t->producer);
    while (p && p->op->positions)
        p = lf_node_at(g, lf_in(g, p, 0)->producer);
    return lf_is_op(p, "quantize");
}

lf_status lf_check_encoder(const lf_graph *g) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool table = lf_is_op(n, "table_neurons") || lf_is_op(n, "table_edges");
        if (lf_is_op(n, "thermometer") && n->place != LF_PLACE_FPGA)
            return lf_propose_grid(g, n, "a thermometer");
        if (table && (n->place != LF_PLACE_FPGA || from_quantizer(g, lf_in(g, n, 0))))
            return lf_propose_grid(g, n, "the quantizers of a table network");
    }
    return LF_OK;
}
