/* fold-constants: nodes whose operands are all constant become constants, by running their own exec. Codes stay codes, with
 * their scale; datatypes and ranges shrink to the values that are really there. */
#include "ir/pass.h"
#include "ops/run_node.h"

static bool all_constant(const lf_graph *g, const lf_node *n) {
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] && !lf_in(g, n, i)->value)
            return false;
    return n->in_count > 0;
}

/* Gives t the elements of v; the constant is made under another name and its storage taken over. */
static void become_constant(lf_graph *g, lf_tensor *t, const lf_value *v) {
    lf_tensor *made =
        v->code ? lf_const_codes(g, t->name, t->shape, v->code) : lf_const_reals(g, t->name, t->shape, v->real);
    t->value = made->value;
    t->channel_range = NULL;
    if (v->code) {
        t->range = made->range;
        t->dtype = made->dtype;
    }
    t->producer = 0;
}

static lf_status fold_node(lf_graph *g, lf_node *n, lf_arena *scratch) {
    lf_value in[8] = {0}, out[8] = {0};
    if (n->in_count > 8 || n->out_count > 8)
        return LF_OK;
    for (int i = 0; i < n->in_count; i++)
        in[i] = n->in[i] ? lf_value_const(scratch, lf_in(g, n, i)) : (lf_value){0};
    for (int i = 0; i < n->out_count; i++)
        out[i] = lf_value_new(scratch, lf_out(g, n, i));
    lf_arena *work = lf_arena_new();
    lf_run run = {.ctx = g->ctx, .graph = g, .node = n, .scratch = work};
    lf_status status = lf_run_node(&run, n, in, out);
    lf_arena_free(work);
    LF_TRY(status);
    for (int i = 0; i < n->out_count; i++)
        become_constant(g, lf_out(g, n, i), &out[i]);
    lf_node_remove(g, n->id);
    return LF_OK;
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(scratch, &order, g->order.at[i]);
    lf_arena *work = lf_arena_new();
    lf_status status = LF_OK;
    for (size_t i = 0; status == LF_OK && i < order.count; i++) {
        lf_node *n = lf_node_at(g, order.at[i]);
        if (n && n->op->exec && all_constant(g, n))
            status = fold_node(g, n, work);
        else if (n)
            status = lf_infer_node(g, n); /* with what its constants have become */
        lf_arena_reset(work);
    }
    lf_arena_free(work);
    if (status == LF_OK)
        lf_graph_prune(g);
    return status;
}

const lf_pass lf_pass_fold_constants = {
    .name = "fold-constants",
    .help = "evaluate nodes whose operands are all constant",
    .promise = LF_SAME_BITS,
    .run = run,
};
