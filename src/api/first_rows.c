#include "api/first_rows.h"

#include <math.h>
#include <stdlib.h>

#include "api/same_program.h"
#include "exec/exec.h"

/* Of the reference engine, which does some 2.5e9 a second on one core where sums are of integers. */
static const double operations_of_two_rows = 1e9, operations_of_one_row = 5e9;

struct lf_first_rows {
    lf_graph *network; /* NULL: it was looked at */
    const lf_graph *program;
};

lf_first_rows *lf_first_rows_new(lf_graph *network, const lf_graph *program) {
    lf_first_rows *c = calloc(1, sizeof *c);
    if (c)
        *c = (lf_first_rows){network, program};
    else
        lf_graph_free(network); /* then there is no check */
    return c;
}

void lf_first_rows_free(lf_first_rows *c) {
    if (!c)
        return;
    lf_graph_free(c->network);
    free(c);
}

/* 0: too many operations, which was noted. */
static size_t rows_to_check(const lf_first_rows *c, size_t rows) {
    double work = lf_row_operations(c->network);
    size_t most = 2 * work <= operations_of_two_rows ? 2 : work <= operations_of_one_row ? 1 : 0;
    if (!most)
        lf_note(c->network->ctx, NULL,
                "the integer program was not held against the network, which takes %.1f billion operations a row; "
                "--engine reference runs the network itself",
                work / 1e9);
    return rows < most ? rows : most;
}

static size_t size_of(const lf_first_rows *c, size_t output) {
    return (size_t)lf_shape_count(lf_tensor_at(c->program, c->program->outputs.at[output].tensor)->shape);
}

/* The rows of io as those of the other graph's inputs. */
static lf_row_in *for_network(const lf_first_rows *c, lf_arena *a, const lf_row_io *io) {
    lf_row_in *in = LF_NEW_ARRAY(a, lf_row_in, io->in_count + 1);
    for (size_t k = 0; k < io->in_count; k++) {
        in[k] = io->in[k];
        for (size_t i = 0; i < c->program->inputs.count; i++)
            if (c->program->inputs.at[i].tensor == io->in[k].tensor)
                in[k].tensor = c->network->inputs.at[i].tensor;
    }
    return in;
}

static lf_status run_network(const lf_first_rows *c, lf_arena *a, const lf_row_io *io, size_t rows, double **value) {
    const lf_graph *g = c->network;
    lf_row_out *out = LF_NEW_ARRAY(a, lf_row_out, g->outputs.count + 1);
    for (size_t i = 0; i < g->outputs.count; i++) {
        value[i] = LF_NEW_ARRAY(a, double, rows *size_of(c, i) + 1);
        out[i] = (lf_row_out){.tensor = g->outputs.at[i].tensor, .real = value[i]};
    }
    lf_exec *e = lf_exec_new(g->ctx, g);
    if (!e)
        return LF_BAD_INPUT;
    lf_status status = lf_exec_rows(e, &(lf_row_io){for_network(c, a, io), io->in_count, out, g->outputs.count}, rows);
    lf_exec_free(e);
    return status;
}

static const lf_row_out *written(const lf_row_io *io, lf_id tensor) {
    for (size_t k = 0; k < io->out_count; k++)
        if (io->out[k].tensor == tensor)
            return &io->out[k];
    return NULL;
}

static lf_status differ(const lf_first_rows *c, size_t output, size_t element, double program, double network) {
    lf_ctx *ctx = c->program->ctx;
    size_t size = size_of(c, output);
    lf_status status = lf_fail(ctx, LF_FAILED, NULL,
                               "the integer program differs from the network: output %s, element %zu of row %zu is "
                               "%.17g, the network says %.17g",
                               c->program->outputs.at[output].name, element % size, element / size, program, network);
    lf_hint(ctx, "this is a mistake of lutfisk: please report it with the network; --engine reference runs the network "
                 "itself");
    return status;
}

/* Values that were rounded to float32 are compared as such. */
static lf_status compare(const lf_first_rows *c, size_t output, const lf_row_out *got, size_t rows,
                         const double *value) {
    for (size_t k = 0; k < rows * size_of(c, output); k++) {
        double x = got->real ? got->real[k] : (double)got->single[k];
        double want = got->real ? value[k] : (double)(float)value[k];
        if (x != want && !(isnan(x) && isnan(want)))
            return differ(c, output, k, x, want);
    }
    return LF_OK;
}

static lf_status compare_all(const lf_first_rows *c, lf_arena *a, lf_plan *plan, const lf_row_io *io, size_t rows) {
    double **value = LF_NEW_ARRAY(a, double *, c->program->outputs.count + 1);
    LF_TRY(run_network(c, a, io, rows, value));
    for (size_t i = 0; i < c->program->outputs.count; i++) {
        lf_id tensor = c->program->outputs.at[i].tensor;
        const lf_row_out *got = written(io, tensor);
        lf_row_out again = {.tensor = tensor};
        if (!got || (!got->real && !got->single)) {
            again.real = LF_NEW_ARRAY(a, double, rows *size_of(c, i) + 1);
            LF_TRY(lf_plan_rows(plan, &(lf_row_io){io->in, io->in_count, &again, 1}, rows));
            got = &again;
        }
        LF_TRY(compare(c, i, got, rows, value[i]));
    }
    return LF_OK;
}

lf_status lf_first_rows_check(lf_first_rows *c, lf_plan *plan, const lf_row_io *io, size_t rows) {
    if (!c || !c->network || rows == 0)
        return LF_OK;
    lf_arena *a = lf_arena_new();
    lf_status status = LF_OK;
    if ((rows = rows_to_check(c, rows)) > 0)
        status = compare_all(c, a, plan, io, rows);
    lf_arena_free(a);
    lf_graph_free(c->network);
    c->network = NULL;
    return status;
}
