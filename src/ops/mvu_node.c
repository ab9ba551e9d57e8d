#include "ops/mvu_node.h"

#include "ops/stream.h"

static lf_status node_of(const lf_graph *g, const lf_node *n, lf_arena *a, lf_mvu_node *out) {
    return ((const lf_mvu_own *)n->op->own)->say(g, n, a, out);
}

static lf_status plan_of(const lf_graph *g, const lf_node *n, lf_arena *a, lf_mvu_node *m, lf_mvu_plan *out) {
    lf_where where = lf_where_node(g, n);
    LF_TRY(node_of(g, n, a, m));
    LF_TRY(lf_mvu_plan_outline(g->ctx, &where, a, &m->spec, out));
    lf_rows_fill(&m->rows, a, &m->spec);
    return lf_mvu_plan_make(g->ctx, &where, a, &m->spec, out);
}

lf_status lf_mvu_node_cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_arena *work = lf_arena_new();
    lf_mvu_node m;
    lf_mvu_plan p;
    lf_where where = lf_where_node(g, n);
    lf_status status = node_of(g, n, work, &m);
    if (status == LF_OK)
        status = lf_mvu_plan_outline(g->ctx, &where, work, &m.spec, &p);
    if (status == LF_OK)
        lf_mvu_cost(&p, m.vectors, out);
    lf_arena_free(work);
    return status;
}

lf_status lf_mvu_node_rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_arena *work = lf_arena_new();
    lf_mvu_node m;
    lf_mvu_plan p;
    lf_status status = plan_of(g, n, work, &m, &p);
    if (status == LF_OK)
        status = lf_mvu_print(v, work, &p);
    if (status == LF_OK)
        lf_stream_instance(g, n, v, p.spec.name);
    lf_arena_free(work);
    return status;
}

lf_status lf_mvu_node_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_arena *work = lf_arena_new();
    lf_mvu_node m;
    lf_mvu_plan p;
    lf_status status = plan_of(g, n, work, &m, &p);
    if (status == LF_OK) {
        lf_mvu_twin(&p, n->name, m.vectors, a, out);
    }
    lf_arena_free(work);
    return status;
}
