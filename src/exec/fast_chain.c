#include "exec/fast_chain.h"

#include "ops/elementwise.h"

/* Asking an op about one channel may take a look at all its constants. */
static bool worth_asking(const lf_graph *g, const lf_node *n) {
    lf_shape s = lf_out(g, n, 0)->shape;
    int64_t questions = 1, constants = 1;
    for (int axis = 0; axis < s.rank; axis++)
        questions += s.dim[axis];
    for (int k = 0; k < n->in_count; k++)
        constants += lf_in(g, n, k) && lf_in(g, n, k)->value ? (int64_t)lf_in(g, n, k)->value->count : 0;
    return questions <= (int64_t)1 << 30 && constants <= ((int64_t)1 << 26) / questions;
}

static bool all_monotone(const lf_graph *g, const lf_node *n) {
    lf_shape s = lf_out(g, n, 0)->shape;
    if (!worth_asking(g, n))
        return false;
    for (int axis = 0; axis < s.rank; axis++)
        for (int64_t c = 0; c < s.dim[axis]; c++)
            if (n->op->monotone(g, n, axis, c) == LF_MONO_NONE)
                return false;
    return s.rank > 0 || n->op->monotone(g, n, 0, 0) != LF_MONO_NONE;
}

/* Elementwise, or a change of shape only. */
static bool is_link(const lf_graph *g, const lf_node *n, int data, bool monotone) {
    if (data < 0 || n->out_count != 1 ||
        lf_shape_count(lf_in(g, n, data)->shape) != lf_shape_count(lf_out(g, n, 0)->shape))
        return false;
    if (n->op->monotone)
        return !monotone || all_monotone(g, n);
    return n->op->positions && lf_keeps_positions(g, n);
}

static void expand_constants(lf_fast_chain *c) {
    for (int i = 0; i < c->count; i++) {
        const lf_node *n = c->node[i];
        c->operands[i] = LF_NEW_ARRAY(c->arena, lf_value, n->in_count + 1);
        for (int k = 0; k < n->in_count; k++)
            if (k != c->data[i] && n->in[k])
                c->operands[i][k] = lf_value_const(c->arena, lf_in(c->graph, n, k));
    }
}

bool lf_fast_chain_begin(lf_fast_chain *c, const lf_graph *g, const lf_node *last, bool monotone) {
    const lf_node *back[LF_FAST_CHAIN_NODES];
    *c = (lf_fast_chain){.graph = g, .result = lf_out(g, last, 0)};
    const lf_tensor *t = c->result;
    while (t->producer != 0 && c->count < LF_FAST_CHAIN_NODES) {
        const lf_node *n = lf_node_at(g, t->producer);
        int data = lf_data_operand(g, n);
        if (!is_link(g, n, data, monotone))
            break;
        back[c->count++] = n;
        t = lf_in(g, n, data);
    }
    if (c->count == 0)
        return false;
    c->base = t;
    for (int i = 0; i < c->count; i++) {
        c->node[i] = back[c->count - 1 - i];
        c->data[i] = lf_data_operand(g, c->node[i]);
    }
    c->arena = lf_arena_new();
    c->scratch = lf_arena_new();
    c->quiet = lf_ctx_new(1);
    expand_constants(c);
    return true;
}

void lf_fast_chain_end(lf_fast_chain *c) {
    lf_ctx_free(c->quiet);
    lf_arena_free(c->arena);
    lf_arena_free(c->scratch);
}

bool lf_fast_chain_uniform(const lf_fast_chain *c) {
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < c->node[i]->in_count; k++) {
            const lf_tensor *t = lf_in(c->graph, c->node[i], k);
            if (k != c->data[i] && t != NULL && c->node[i]->op->monotone &&
                lf_const_mask(t, lf_out(c->graph, c->node[i], 0)->shape) != 0)
                return false;
        }
    return true;
}

bool lf_fast_chain_run(const lf_fast_chain *c, lf_arena *a, lf_value base, lf_value *result) {
    lf_run run = {.ctx = c->quiet, .graph = c->graph, .scratch = c->scratch};
    *result = base;
    for (int i = 0; i < c->count; i++) {
        c->operands[i][c->data[i]] = *result;
        lf_value out = lf_value_new(a, lf_out(c->graph, c->node[i], 0));
        if (lf_run_node(&run, c->node[i], c->operands[i], &out) != LF_OK)
            return false;
        *result = out;
    }
    return true;
}
