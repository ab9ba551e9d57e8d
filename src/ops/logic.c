#include "ops/logic.h"

lf_status lf_logic_infer(lf_graph *g, lf_node *n) {
    lf_shape shape;
    LF_TRY(lf_infer_broadcast(g, n, n->in_count, &shape));
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        lf_where where = lf_where_node(g, n);
        if (!lf_is_codes(t) || t->range.lo < 0 || t->range.hi > 1)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s works on truth values, 0 and 1, which %s is not made of",
                           n->op->name, t->name);
    }
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = shape;
    lf_set_codes(g, y, (lf_range){0, 1, 1});
    return LF_OK;
}

lf_status lf_logic_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_logic_own *own = n->op->own;
    lf_map am = lf_map_make(in[0].tensor->shape, out->tensor->shape);
    lf_map bm = lf_map_make(in[1].tensor->shape, out->tensor->shape);
    (void)run;
    for (size_t e = 0; e < out->count; e++)
        out->code[e] = own->ask(in[0].code[lf_map_at(&am, e)] != 0, in[1].code[lf_map_at(&bm, e)] != 0);
    return LF_OK;
}
