/* Any bytes as the JSON of a table network: a diagnostic, or a graph that verifies and runs, whose integer program equals it, and whose circuit equals
 * the program. */
#include <stdlib.h>

#include "exec/exec.h"
#include "import/import.h"
#include "ops/circuit_region.h"
#include "pass/passes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ELEMENTS_MAX = 1 << 16 };

static void run_row(lf_ctx *ctx, const lf_graph *g) {
    const lf_tensor *x = lf_tensor_at(g, g->inputs.at[0].tensor), *y = lf_tensor_at(g, g->outputs.at[0].tensor);
    if (lf_shape_count(x->shape) > ELEMENTS_MAX || lf_shape_count(y->shape) > ELEMENTS_MAX)
        return;
    double *in = calloc((size_t)lf_shape_count(x->shape), sizeof *in),
           *out = calloc((size_t)lf_shape_count(y->shape), sizeof *out);
    lf_row_in row = {x->id, LF_ROW_F64, in};
    lf_row_out want = {.tensor = y->id, .real = out};
    lf_exec *e = lf_exec_new(ctx, g);
    if (in && out && (!e || lf_exec_rows(e, &(lf_row_io){&row, 1, &want, 1}, 1) != LF_OK) && !lf_diag_errors(ctx))
        abort();
    lf_exec_free(e);
    free(in);
    free(out);
}

static void must(bool ok) {
    if (!ok)
        abort();
}

/* One row of extreme and middle codes through program and circuit. */
static void run_circuit(lf_ctx *ctx, const lf_graph *g, const lf_circuit_region *r, const lf_circuit *c) {
    int64_t *in = calloc(c->inputs.count + 1, sizeof *in), *got = calloc(c->outputs.count + 1, sizeof *got);
    int64_t *want = calloc(c->outputs.count + 1, sizeof *want), *scratch = calloc(c->words.count, sizeof *scratch);
    must(in && got && want && scratch);
    for (size_t i = 0; i < c->inputs.count; i++) {
        lf_range w = lf_word_range(c, c->inputs.at[i]);
        in[i] = i % 3 == 0 ? w.lo : i % 3 == 1 ? w.hi : w.lo + (w.hi - w.lo) / 2;
    }
    lf_row_in row = {r->inputs.at[0], LF_ROW_CODE, in};
    lf_row_out out = {.tensor = r->outputs.at[0], .code = want};
    lf_exec *e = lf_exec_new(ctx, g);
    must(e && lf_exec_rows(e, &(lf_row_io){&row, 1, &out, 1}, 1) == LF_OK);
    lf_circuit_run(c, in, got, scratch);
    for (size_t o = 0; o < c->outputs.count; o++)
        must(got[o] == want[o]);
    lf_exec_free(e);
    free(in), free(got), free(want), free(scratch);
}

static void make_circuit(lf_ctx *ctx, lf_graph *g) {
    if (lf_shape_count(lf_tensor_at(g, g->inputs.at[0].tensor)->shape) > 64 ||
        lf_declare_input(g, "FIXED<7,3>!") != LF_OK || lf_infer(g) != LF_OK ||
        lf_pipeline_run(g, "integerize", NULL) != LF_OK)
        return;
    lf_arena *a = lf_arena_new();
    lf_circuit_region r;
    lf_circuit *c = NULL;
    lf_circuit_region_all(g, a, &r);
    lf_status status = lf_circuit_of_region(g, &r, &c);
    must(status == LF_OK || lf_diag_errors(ctx) > 0);
    if (c && r.inputs.count == 1 && r.outputs.count == 1)
        run_circuit(ctx, g, &r, c);
    lf_circuit_free(c);
    lf_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import_json_bytes(ctx, "fuzz.json", data, size);
    if (!g && !lf_diag_errors(ctx))
        abort();
    if (g) {
        run_row(ctx, g);
        make_circuit(ctx, g);
    }
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}
