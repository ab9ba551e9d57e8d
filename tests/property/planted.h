/* Faults planted into integer graphs, seen by comparing with the network. */
#ifndef LF_TESTS_PLANTED_H
#define LF_TESTS_PLANTED_H

#include "exec/exec.h"
#include "random_nets.h"

/* The first output's values for rows of codes of the first input. */
static inline double *values_of(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const int64_t *x, size_t rows) {
    lf_tensor *y = lf_tensor_at(g, g->outputs.at[0].tensor);
    double *out = LF_NEW_ARRAY(a, double, rows *(size_t)lf_shape_count(y->shape));
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_CODE, x};
    lf_row_out want = {.tensor = y->id, .real = out};
    lf_row_io io = {&in, 1, &want, 1};
    lf_exec *e = lf_exec_new(ctx, g);
    assert_non_null(e);
    if (lf_exec_rows(e, &io, rows) != LF_OK)
        fail_msg("%s", lf_diag_at(ctx, lf_diag_count(ctx) - 1)->text);
    lf_exec_free(e);
    return out;
}

static inline size_t differences(lf_ctx *ctx, const lf_graph *a, const lf_graph *b, const int64_t *x, size_t rows) {
    lf_arena *arena = lf_arena_new();
    size_t count = 0, n = rows * (size_t)lf_shape_count(lf_tensor_at(a, a->outputs.at[0].tensor)->shape);
    const double *y = values_of(ctx, arena, a, x, rows), *z = values_of(ctx, arena, b, x, rows);
    for (size_t i = 0; i < n; i++)
        count += y[i] != z[i];
    lf_arena_free(arena);
    return count;
}

static inline lf_node *node_of(const lf_graph *g, const char *op, int which) {
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!strcmp(n->op->name, op) && which-- == 0)
            return n;
    }
    fail_msg("the graph has no %s", op);
    return NULL;
}

static bool refused; /* the last fault was seen by infer already, as thresholds that do not ascend are */

/* Replaces constant operand k of a node by what `change` makes of its codes. */
static inline void change_codes(lf_graph *g, lf_node *n, int k, void (*change)(int64_t *code, size_t count)) {
    const lf_tensor *t = lf_in(g, n, k);
    size_t count = (size_t)lf_shape_count(t->shape);
    int64_t *code = LF_NEW_ARRAY(g->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        code[i] = lf_tensor_code(t, i);
    change(code, count);
    n->in[k] = lf_const_codes(g, "changed", t->shape, code)->id;
    refused = lf_infer(g) != LF_OK;
}

typedef struct planted_fault {
    const char *name;
    const char *op; /* of the node whose constant is changed: the one of this op that has so many before it */
    int which, operand;
    void (*change)(int64_t *code, size_t count);
    void (*plant)(lf_graph *g); /* instead, for what is no constant */
} planted_fault;

static inline void plant(lf_graph *g, const planted_fault *f) {
    refused = false;
    if (f->plant)
        f->plant(g);
    else
        change_codes(g, node_of(g, f->op, f->which), f->operand, f->change);
}

#endif
