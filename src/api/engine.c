#include "api/engine.h"

#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/first_rows.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "ops/ops.h"
#include "pass/passes.h"

struct lf_engine {
    lf_ctx *ctx;
    lf_graph *graph;
    lf_exec *exec; /* the reference, or NULL */
    lf_plan *plan; /* the fast one, or NULL */
    lf_first_rows *first;
};

static bool has_op(const lf_graph *g, const char *name) {
    for (size_t i = 0; i < g->order.count; i++)
        if (!strcmp(lf_node_at(g, g->order.at[i])->op->name, name))
            return true;
    return false;
}

static lf_status integers(lf_graph *g) {
    if (has_op(g, "mvu") || has_op(g, "quantize") || has_op(g, "dequantize"))
        return LF_OK;
    return lf_to_integers(g);
}

/* Turns e->graph into the integer graph; keeps it as it was, with a note, when that cannot be. */
static bool make_integers(lf_engine *e) {
    lf_graph *network = lf_graph_clone(e->graph);
    if (!network)
        return false;
    size_t first = lf_diag_count(e->ctx);
    if (integers(e->graph) == LF_OK) {
        e->first = lf_first_rows_new(network, e->graph);
        return true;
    }
    lf_arena *a = lf_arena_new();
    size_t n = lf_diag_count(e->ctx);
    const char *why = n > first ? lf_diag_text(a, lf_diag_at(e->ctx, n - 1)) : "";
    lf_diag_take_back(e->ctx, first);
    lf_note(e->ctx, NULL, "the reference engine runs this network: it does not become an integer program (%s)", why);
    lf_arena_free(a);
    lf_graph_free(e->graph);
    e->graph = network;
    return false;
}

lf_engine *lf_engine_open(lf_ctx *ctx, const lf_model_options *model, const char *engine) {
    static const char *const engines[] = {"reference", "fast", NULL};
    if (lf_check_word(ctx, "--engine", engine, engines, NULL) != LF_OK)
        return NULL;
    lf_graph *g = lf_model_open(ctx, model);
    if (!g)
        return NULL;
    lf_engine *e = calloc(1, sizeof *e);
    *e = (lf_engine){.ctx = ctx, .graph = g};
    if ((!engine || strcmp(engine, "reference") != 0) && make_integers(e))
        e->plan = lf_plan_new(ctx, e->graph);
    else
        e->exec = lf_exec_new(ctx, e->graph);
    if (e->exec || e->plan)
        return e;
    lf_engine_free(e);
    return NULL;
}

void lf_engine_free(lf_engine *e) {
    if (!e)
        return;
    lf_exec_free(e->exec);
    lf_plan_free(e->plan);
    lf_first_rows_free(e->first);
    lf_graph_free(e->graph);
    free(e);
}

const lf_graph *lf_engine_graph(const lf_engine *e) {
    return e->graph;
}

const char *lf_engine_name(const lf_engine *e) {
    return e->plan ? "fast" : "reference";
}

lf_status lf_engine_run(lf_engine *e, const lf_row_io *io, size_t rows) {
    return e->plan ? lf_plan_rows(e->plan, io, rows) : lf_exec_rows(e->exec, io, rows);
}

lf_status lf_engine_check(lf_engine *e, const lf_row_io *io, size_t rows) {
    return lf_first_rows_check(e->first, e->plan, io, rows);
}

static const lf_node *producer(const lf_graph *g, lf_id t) {
    return lf_node_at(g, lf_tensor_at(g, t)->producer);
}

/* Up through host nodes to what the circuit gave. */
lf_id lf_raw_tensor(const lf_graph *g, lf_id output) {
    for (lf_id t = output;;) {
        const lf_node *n = producer(g, t);
        if (n && !strcmp(n->op->name, "dequantize"))
            return n->in[0];
        lf_id up = 0;
        for (int k = 0; n && k < n->in_count && !up; k++)
            if (n->in[k] && !lf_in(g, n, k)->value)
                up = n->in[k];
        if (!up)
            return lf_on_grid(lf_tensor_at(g, output)) ? output : 0;
        t = up;
    }
}

bool lf_is_index(const lf_graph *g, lf_id output) {
    static const char *const layout[] = {"dequantize", "reshape", "transpose", "fifo", "skid", "width_converter"};
    for (lf_id t = output;;) {
        const lf_node *n = producer(g, t);
        if (!n)
            return false;
        if (!strcmp(n->op->name, "argmax") || !strcmp(n->op->name, "topk"))
            return n->out[n->out_count - 1] == t;
        bool passes = false;
        for (size_t i = 0; i < LF_COUNT(layout); i++)
            passes |= !strcmp(n->op->name, layout[i]);
        if (!passes)
            return false;
        t = n->in[0];
    }
}
