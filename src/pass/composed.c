#include "pass/composed.h"

#include <string.h>

#include "ops/elementwise.h"
#include "ops/run_node.h"

bool lf_moves_nothing(const lf_graph *g, const lf_node *n) {
    if (!n->op->positions)
        return false;
    const lf_tensor *out = lf_out(g, n, 0);
    int64_t count = lf_shape_count(out->shape);
    int64_t *source = lf_alloc_try(g->arena, (size_t)count, sizeof *source);
    if (!source)
        return false;
    n->op->positions(g, n, source);
    for (int64_t i = 0; i < count; i++)
        if (source[i] != i)
            return false;
    return true;
}

bool lf_is_elementwise(const lf_graph *g, const lf_node *n) {
    int v = lf_data_operand(g, n);
    if (v < 0 || n->out_count < 1)
        return false;
    if (lf_shape_count(lf_in(g, n, v)->shape) != lf_shape_count(lf_out(g, n, 0)->shape))
        return false; /* a constant that broadcasts it */
    if (n->op->monotone)
        return true;
    return lf_moves_nothing(g, n);
}

lf_composed lf_composed_make(const lf_graph *g, lf_arena *arena, const lf_tensor *base, lf_ids nodes) {
    lf_composed c = {.graph = g, .base = base, .nodes = nodes, .scratch = lf_arena_new()};
    c.constants = LF_NEW_ARRAY(arena, lf_value, nodes.count * LF_COMPOSED_OPERANDS + 1);
    for (size_t k = 0; k < nodes.count; k++) {
        const lf_node *n = lf_node_at(g, nodes.at[k]);
        for (int i = 0; i < n->in_count; i++) {
            const lf_tensor *t = lf_in(g, n, i);
            if (t && t->value)
                c.constants[k * LF_COMPOSED_OPERANDS + (size_t)i] = lf_value_const(arena, t);
        }
    }
    return c;
}

void lf_composed_free(lf_composed *c) {
    lf_arena_free(c->scratch);
}

static lf_status eval(lf_composed *c, lf_value now, lf_value *result) {
    lf_run run = {.ctx = c->graph->ctx, .graph = c->graph, .scratch = c->scratch};
    for (size_t k = 0; k < c->nodes.count; k++) {
        const lf_node *n = lf_node_at(c->graph, c->nodes.at[k]);
        lf_value in[LF_COMPOSED_OPERANDS];
        memcpy(in, c->constants + k * LF_COMPOSED_OPERANDS, sizeof in);
        in[lf_data_operand(c->graph, n)] = now;
        lf_value out[2] = {lf_value_new(c->scratch, lf_out(c->graph, n, 0))};
        run.node = n;
        LF_TRY(n->op->exec(&run, n, in, out));
        now = out[0];
    }
    *result = now;
    return LF_OK;
}

lf_status lf_composed_eval(lf_composed *c, const int64_t *base_codes, lf_value *result) {
    lf_arena_reset(c->scratch);
    lf_value now = lf_value_new(c->scratch, c->base);
    memcpy(now.code, base_codes, now.count * sizeof *now.code);
    return eval(c, now, result);
}

lf_status lf_composed_eval_real(lf_composed *c, double base, lf_value *result) {
    lf_arena_reset(c->scratch);
    lf_value now = lf_value_new(c->scratch, c->base);
    for (size_t i = 0; i < now.count; i++)
        now.real[i] = base;
    return eval(c, now, result);
}

/* The axis along which the operands of a one-dimensional activation vary: the one that holds all its elements; -1 when
 * there is none, as in an image. */
static int element_axis(lf_shape s) {
    int64_t count = lf_shape_count(s);
    for (int i = 0; i < s.rank; i++)
        if (s.dim[i] == count)
            return i;
    return -1;
}

static bool node_monotone(const lf_graph *g, const lf_node *n) {
    if (!n->op->monotone)
        return true; /* it only renames positions */
    lf_shape s = lf_out(g, n, 0)->shape;
    int only = element_axis(s);
    for (int axis = 0; axis < s.rank; axis++) {
        if (only >= 0 && axis != only)
            continue;
        for (int64_t c = 0; c < s.dim[axis]; c++)
            if (n->op->monotone(g, n, axis, c) == LF_MONO_NONE)
                return false;
    }
    return s.rank > 0 || n->op->monotone(g, n, 0, 0) != LF_MONO_NONE;
}

bool lf_composed_monotone(const lf_composed *c) {
    for (size_t k = 0; k < c->nodes.count; k++)
        if (!node_monotone(c->graph, lf_node_at(c->graph, c->nodes.at[k])))
            return false;
    return true;
}
