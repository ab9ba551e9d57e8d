/* Any text is read as BLIF or refused with a diagnostic; what is read can be written and read back as the same function, and the network that
 * it becomes computes it. */
#include <stdlib.h>
#include <string.h>

#include "circuit/blif.h"
#include "exec/exec.h"
#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t *outputs_of(const lf_lutnet *n) {
    uint64_t *in = LF_NEW_ARRAY(n->arena, uint64_t, n->inputs + 1),
             *out = LF_NEW_ARRAY(n->arena, uint64_t, n->outputs.count + 1);
    for (uint32_t i = 0; i < n->inputs; i++)
        in[i] = (i + 1) * 0x9e3779b97f4a7c15u;
    lf_lutnet_run(n, in, out, LF_NEW_ARRAY(n->arena, uint64_t, 2 + n->inputs + n->luts.count));
    return out;
}

static void write_and_read(lf_ctx *ctx, const lf_lutnet *n) {
    lf_text t = {0};
    lf_blif_write(n, "again", NULL, NULL, &t);
    lf_blif *b = lf_blif_read(ctx, t.at, t.len, "again.blif");
    if (!b || b->net->outputs.count != n->outputs.count || b->net->inputs != n->inputs ||
        memcmp(outputs_of(n), outputs_of(b->net), n->outputs.count * sizeof(uint64_t)))
        abort();
    lf_lutnet_free(b->net);
    lf_text_free(&t);
}

/* Sample 0 of outputs_of, by the network. */
static void run_network(lf_ctx *ctx, const lf_graph *g, const lf_lutnet *n) {
    int64_t *in = LF_NEW_ARRAY(n->arena, int64_t, n->inputs + 1),
            *got = LF_NEW_ARRAY(n->arena, int64_t, n->outputs.count + 1);
    for (uint32_t i = 0; i < n->inputs; i++)
        in[i] = (i + 1) * 0x9e3779b97f4a7c15u & 1;
    const uint64_t *want = outputs_of(n);
    lf_row_in row = {g->inputs.at[0].tensor, LF_ROW_CODE, in};
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .code = got};
    lf_exec *e = lf_exec_new(ctx, g);
    if (!e || lf_exec_rows(e, &(lf_row_io){&row, 1, &out, 1}, 1) != LF_OK)
        abort();
    for (size_t o = 0; o < n->outputs.count; o++)
        if ((uint64_t)got[o] != (want[o] & 1))
            abort();
    lf_exec_free(e);
}

static void import(lf_ctx *ctx, const uint8_t *data, size_t size, const lf_lutnet *n) {
    lf_graph *g = n->inputs < 4096 && n->luts.count < 4096 ? lf_import_blif_bytes(ctx, "fuzz.blif", data, size) : NULL;
    if (g)
        run_network(ctx, g, n);
    lf_graph_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_blif *b = lf_blif_read(ctx, (const char *)data, size, "fuzz.blif");
    if (!b && !lf_diag_count(ctx))
        abort();
    if (b) {
        write_and_read(ctx, b->net);
        import(ctx, data, size, b->net);
        lf_lutnet_free(b->net);
    }
    lf_ctx_free(ctx);
    return 0;
}
