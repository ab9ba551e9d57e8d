/* Inference in the order of the graph. */
#include "ir/op.h"

static lf_status check_counts(const lf_graph *g, const lf_node *n) {
    const lf_op *op = n->op;
    lf_where where = lf_where_node(g, n);
    if (n->in_count < op->in_min || n->in_count > op->in_max)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s takes %d to %d operands, not %d", op->name, op->in_min,
                       op->in_max, n->in_count);
    if (n->out_count < op->out_min || n->out_count > op->out_max)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s gives %d to %d results, not %d", op->name, op->out_min,
                       op->out_max, n->out_count);
    for (int i = 0; i < op->in_min; i++)
        if (!lf_in(g, n, i))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s: operand %d is missing", op->name, i);
    return LF_OK;
}

/* No file may make us multiply dimensions until they overflow, or ask for memory that nobody has. */
static lf_status check_sizes(const lf_graph *g, const lf_node *n) {
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        if (!t || lf_shape_count(t->shape) <= (int64_t)1 << 31)
            continue;
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s has more than 2^31 elements: its shape is %s", t->name,
                       lf_shape_text(g->arena, t->shape));
    }
    return LF_OK;
}

lf_status lf_infer_node(lf_graph *g, lf_node *n) {
    LF_TRY(check_counts(g, n));
    LF_TRY(check_sizes(g, n));
    if (!n->op->infer) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s does not say what its results are", n->op->name);
    }
    return n->op->infer(g, n);
}

static bool depends_on_failed(const lf_node *n, const bool *failed) {
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] && failed[n->in[i]])
            return true;
    return false;
}

/* What depends on a failed node is passed over: its complaints would only repeat the first. */
static lf_status infer_all(lf_graph *g, bool *failed) {
    lf_status first = LF_OK;
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        bool skipped = depends_on_failed(n, failed);
        lf_status status = skipped ? LF_OK : lf_infer_node(g, n);
        if (first == LF_OK)
            first = status;
        for (int k = 0; (skipped || status != LF_OK) && k < n->out_count; k++)
            failed[n->out[k]] = true;
    }
    return first;
}

lf_status lf_infer(lf_graph *g) {
    LF_TRY(lf_graph_sort(g));
    lf_arena *scratch = lf_arena_new();
    bool *failed = LF_NEW_ARRAY(scratch, bool, g->tensors.count + 1);
    lf_status status = infer_all(g, failed);
    lf_arena_free(scratch);
    return status;
}
