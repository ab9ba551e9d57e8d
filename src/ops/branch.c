#include "ops/branch.h"

lf_status lf_need_streams(const lf_graph *g, const lf_node *n) {
    for (int i = 0; i < n->in_count; i++) {
        LF_TRY(lf_need_codes(g, n, i));
        if (!lf_in(g, n, i)->value)
            continue;
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "input %d (%s) is a constant; %s joins streams", i,
                       lf_in(g, n, i)->name, n->op->name);
    }
    return LF_OK;
}

lf_status lf_need_same_streams(const lf_graph *g, const lf_node *n) {
    LF_TRY(lf_need_streams(g, n));
    const lf_tensor *a = lf_in(g, n, 0);
    for (int i = 1; i < n->in_count; i++) {
        const lf_tensor *b = lf_in(g, n, i);
        if (lf_shape_equal(a->shape, b->shape))
            continue;
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s needs equal shapes, but %s is %s and %s is %s", n->op->name,
                       a->name, lf_shape_text(g->arena, a->shape), b->name, lf_shape_text(g->arena, b->shape));
    }
    return LF_OK;
}

int64_t lf_last_dim(lf_shape s) {
    return s.rank ? s.dim[s.rank - 1] : 1;
}

lf_range lf_last_axis_range(const lf_tensor *t, int64_t c) {
    return t->channel_range && t->range_axis == t->shape.rank - 1 ? t->channel_range[c] : t->range;
}
