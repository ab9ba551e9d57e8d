#include "api/same_program.h"

#include <string.h>

#include "base/rng.h"
#include "exec/exec.h"

typedef struct comparison {
    const lf_graph *a, *b;
    lf_arena *arena;
    size_t rows;
    lf_row_in *in_a, *in_b;
} comparison;

static int64_t random_code(lf_rng *r, lf_range of) {
    return of.lo + of.step * lf_rng_between(r, 0, (int64_t)lf_range_count(of) - 1);
}

/* -- how many rows ------------------------------------------------------------------------------------------------------------ */

/* Terms of each element of output 0, when the node is a sum of products with constants; else 1. */
static double terms_of(const lf_graph *g, const lf_node *n) {
    const lf_tensor *w = n->in_count > 1 ? lf_in(g, n, 1) : NULL;
    if (!w || !w->value || w->shape.rank < 2)
        return 1;
    double count = (double)lf_shape_count(w->shape);
    if (!strcmp(n->op->name, "conv") || !strcmp(n->op->name, "mvu") || !strcmp(n->op->name, "vvu"))
        return count / (double)w->shape.dim[0];
    return strcmp(n->op->name, "matmul") ? 1 : (double)w->shape.dim[w->shape.rank - 2];
}

double lf_row_operations(const lf_graph *g) {
    double work = 0;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; k < n->out_count; k++)
            if (lf_out(g, n, k))
                work += (double)lf_shape_count(lf_out(g, n, k)->shape) * terms_of(g, n);
    }
    return work;
}

int64_t lf_same_program_rows(const lf_graph *a, const lf_graph *b, int64_t most) {
    const double operations = 1.5e9; /* some seconds of one core */
    double rows = operations / (lf_row_operations(a) + lf_row_operations(b) + 1);
    return rows >= (double)most ? most : rows < 2 ? 2 : (int64_t)rows;
}

/* -- the rows ------------------------------------------------------------------------------------------------------------------ */

enum { LOW_ROW = 0, HIGH_ROW = 2 };

/* Row 0 all low, row 2 all high, the rest random: codes where the input is on a grid, reals in [-2, 2] otherwise. */
static lf_status fill_input(comparison *c, size_t i) {
    const lf_tensor *t = lf_tensor_at(c->a, c->a->inputs.at[i].tensor);
    size_t elements = (size_t)lf_shape_count(t->shape);
    lf_rng r = lf_rng_make(1, i);
    bool codes = lf_is_codes(t);
    int64_t *code = lf_alloc_try(c->arena, c->rows * elements, sizeof *code);
    double *real = (double *)code;
    if (!code)
        return lf_fail(c->a->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows of input %s", c->rows, t->name);
    for (size_t k = 0; k < c->rows * elements; k++) {
        size_t row = k / elements;
        if (codes)
            code[k] = row == LOW_ROW ? t->range.lo : row == HIGH_ROW ? t->range.hi : random_code(&r, t->range);
        else
            real[k] = row == LOW_ROW ? -2 : row == HIGH_ROW ? 2 : 4 * lf_rng_double(&r) - 2;
    }
    c->in_a[i] = (lf_row_in){t->id, codes ? LF_ROW_CODE : LF_ROW_F64, code};
    c->in_b[i] = c->in_a[i];
    c->in_b[i].tensor = c->b->inputs.at[i].tensor;
    return LF_OK;
}

static lf_status run_graph(const comparison *c, const lf_graph *g, lf_row_in *in, double **out) {
    lf_row_out *want = LF_NEW_ARRAY(c->arena, lf_row_out, g->outputs.count);
    for (size_t i = 0; i < g->outputs.count; i++) {
        out[i] = LF_NEW_ARRAY(c->arena, double,
                              c->rows *(size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[i].tensor)->shape));
        want[i] = (lf_row_out){.tensor = g->outputs.at[i].tensor, .real = out[i]};
    }
    lf_row_io io = {in, g->inputs.count, want, g->outputs.count};
    lf_exec *e = lf_exec_new(g->ctx, g);
    lf_status status = e ? lf_exec_rows(e, &io, c->rows) : LF_BAD_INPUT;
    lf_exec_free(e);
    return status;
}

static lf_status compare_output(const comparison *c, size_t i, const double *x, const double *y) {
    size_t elements = (size_t)lf_shape_count(lf_tensor_at(c->a, c->a->outputs.at[i].tensor)->shape);
    for (size_t k = 0; k < c->rows * elements; k++)
        if (x[k] != y[k])
            return lf_fail(c->a->ctx, LF_FAILED, NULL,
                           "the integer program differs from the network: output %s, element %zu of check row %zu is "
                           "%.17g, the network says %.17g",
                           c->a->outputs.at[i].name, k % elements, k / elements, y[k], x[k]);
    return LF_OK;
}

static lf_status compare_graphs(comparison *c) {
    size_t outputs = c->a->outputs.count;
    double **x = LF_NEW_ARRAY(c->arena, double *, outputs), **y = LF_NEW_ARRAY(c->arena, double *, outputs);
    for (size_t i = 0; i < c->a->inputs.count; i++)
        LF_TRY(fill_input(c, i));
    LF_TRY(run_graph(c, c->a, c->in_a, x));
    LF_TRY(run_graph(c, c->b, c->in_b, y));
    for (size_t i = 0; i < outputs; i++)
        LF_TRY(compare_output(c, i, x[i], y[i]));
    return LF_OK;
}

lf_status lf_same_program(const lf_graph *a, const lf_graph *b, int64_t rows) {
    comparison c = {.a = a, .b = b, .arena = lf_arena_new(), .rows = (size_t)rows};
    c.in_a = LF_NEW_ARRAY(c.arena, lf_row_in, a->inputs.count + 1);
    c.in_b = LF_NEW_ARRAY(c.arena, lf_row_in, a->inputs.count + 1);
    lf_status status = compare_graphs(&c);
    lf_arena_free(c.arena);
    return status;
}
