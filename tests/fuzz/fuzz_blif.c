/* Any text is read as BLIF or refused with a diagnostic; what is read can be written and read back as the same function. */
#include <stdlib.h>
#include <string.h>

#include "circuit/blif.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_blif *b = lf_blif_read(ctx, (const char *)data, size, "fuzz.blif");
    if (!b && !lf_diag_count(ctx))
        abort();
    if (b) {
        write_and_read(ctx, b->net);
        lf_lutnet_free(b->net);
    }
    lf_ctx_free(ctx);
    return 0;
}
