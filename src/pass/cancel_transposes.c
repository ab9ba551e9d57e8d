/* cancel-transposes: transposes behind one another become one, those that put every axis back where it was go, and those that move no
 * element become reshapes. */

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "pass/passes.h"

static bool is_transpose(const lf_node *n) {
    return lf_is_op(n, "transpose");
}

/* perm of n over that of the transpose before it. */
static void compose(lf_graph *g, lf_node *n, const lf_node *before) {
    lf_ints a = lf_attr_ints(before, "perm"), b = lf_attr_ints(n, "perm");
    int rank = lf_out(g, n, 0)->shape.rank;
    int64_t perm[LF_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        int64_t j = b.count ? b.at[i] : rank - 1 - i;
        perm[i] = a.count ? a.at[j] : rank - 1 - j;
    }
    lf_attr_set_ints(g, n, "perm", perm, rank);
    n->in[0] = before->in[0];
}

/* Axes longer than 1 keep their order: no element moves. */
static bool moves_nothing(const lf_graph *g, const lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_ints perm = lf_attr_ints(n, "perm");
    int64_t last = -1;
    for (int i = 0; i < x->shape.rank; i++) {
        int64_t axis = perm.count ? perm.at[i] : x->shape.rank - 1 - i;
        if (x->shape.dim[axis] == 1)
            continue;
        if (axis < last)
            return false;
        last = axis;
    }
    return true;
}

static bool is_identity(const lf_graph *g, const lf_node *n) {
    lf_ints perm = lf_attr_ints(n, "perm");
    bool same = lf_shape_equal(lf_in(g, n, 0)->shape, lf_out(g, n, 0)->shape);
    for (int64_t i = 0; same && i < perm.count; i++)
        same = perm.at[i] == i;
    return same && perm.count;
}

static void to_reshape(lf_graph *g, lf_node *n) {
    const lf_tensor *y = lf_out(g, n, 0);
    lf_id in = n->in[0], out = n->out[0];
    lf_node *r = lf_node_new(g, lf_op_find("reshape"), n->name, &in, 1, &out, 1, NULL);
    lf_attr_set_ints(g, r, "shape", y->shape.dim, y->shape.rank);
    r->line = n->line;
    n->out_count = 0;
    lf_node_remove(g, n->id);
    lf_tensor_at(g, out)->producer = r->id;
}

static bool is_data_transpose(const lf_graph *g, const lf_node *n) {
    return is_transpose(n) && !lf_in(g, n, 0)->value;
}

/* now[tensor id]: what stands for it, 0: itself. */
static void compose_all(lf_graph *g, const lf_ids *order, lf_id *now) {
    for (size_t i = 0; i < order->count; i++) {
        lf_node *n = lf_node_at(g, order->at[i]);
        if (!is_data_transpose(g, n))
            continue;
        while (now[n->in[0]])
            n->in[0] = now[n->in[0]];
        const lf_node *before = lf_node_at(g, lf_in(g, n, 0)->producer);
        if (is_transpose(before))
            compose(g, n, before);
        if (is_identity(g, n))
            now[n->out[0]] = n->in[0];
    }
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    lf_id *now = LF_NEW_ARRAY(scratch, lf_id, g->tensors.count + 1);
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(scratch, &order, g->order.at[i]);
    compose_all(g, &order, now);
    lf_replace_uses_all(g, now);
    LF_TRY(lf_graph_sort(g));
    lf_graph_prune(g); /* also transposes that nobody reads any more: only then are the others final */
    for (size_t i = 0; i < order.count; i++) {
        lf_node *n = lf_node_at(g, order.at[i]);
        if (is_data_transpose(g, n) && moves_nothing(g, n))
            to_reshape(g, n);
    }
    LF_TRY(lf_graph_sort(g));
    return lf_infer(g);
}

const lf_pass lf_pass_cancel_transposes = {
    .name = "cancel-transposes",
    .help = "transposes behind one another become one, or none; those that move nothing become reshapes",
    .promise = LF_SAME_BITS,
    .run = run,
};
