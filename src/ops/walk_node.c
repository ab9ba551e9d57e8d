/* The hardware faces of the ops that are walks. */
#include "ops/walk.h"

static lf_status walk_of(const lf_graph *g, const lf_node *n, lf_walk *w, lf_walk_beat *b) {
    return ((const lf_walk_own *)n->op->own)->say(g, n, w, b);
}

lf_status lf_walk_node_cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_walk w;
    lf_walk_beat b;
    LF_TRY(walk_of(g, n, &w, &b));
    lf_walk_cost(&w, &b, out);
    return LF_OK;
}

lf_status lf_walk_node_rtl(const lf_graph *g, const lf_node *n, struct lf_vlog *v) {
    lf_walk w;
    lf_walk_beat b;
    LF_TRY(walk_of(g, n, &w, &b));
    lf_walk_rtl(g, n, &w, &b, v);
    return LF_OK;
}

lf_status lf_walk_node_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_walk w;
    lf_walk_beat b;
    LF_TRY(walk_of(g, n, &w, &b));
    lf_walk_twin(&w, lf_walk_is_block(&w, &b), n->name, a, out);
    return LF_OK;
}
