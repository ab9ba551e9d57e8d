/* Any bytes as the JSON of a table network: a diagnostic, or a graph that verifies and runs. */
#include <stdlib.h>

#include "exec/exec.h"
#include "import/import.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import_json_bytes(ctx, "fuzz.json", data, size);
    if (!g && !lf_diag_errors(ctx))
        abort();
    if (g)
        run_row(ctx, g);
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}
