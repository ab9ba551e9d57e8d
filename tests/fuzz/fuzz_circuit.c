/* Fuzzer of the text form of circuits: what is read prints to a text that comes back the same, and runs without harm in every form. */
#include <stdlib.h>
#include <string.h>

#include "circuit/lutnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
    if (!ok)
        abort();
}

static void run(lf_circuit *c) {
    lf_arena *a = lf_arena_new();
    int64_t *in = LF_NEW_ARRAY(a, int64_t, c->inputs.count + 1), *out = LF_NEW_ARRAY(a, int64_t, c->outputs.count + 1);
    int64_t *scratch = LF_NEW_ARRAY(a, int64_t, c->words.count);
    lf_circuit_stats stats;
    for (size_t i = 0; i < c->inputs.count; i++)
        in[i] = lf_word_range(c, c->inputs.at[i]).hi;
    lf_circuit_run(c, in, out, scratch);
    lf_circuit_count(c, &stats);
    lf_circuit_free(lf_circuit_clean(c));
    if (c->words.count < 200)
        lf_lutnet_free(lf_lutnet_of(c));
    (void)lf_circuit_pipeline(c, 3);
    lf_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_circuit *c = lf_circuit_parse(ctx, (const char *)data, size, "fuzz");
    must((c != NULL) == (lf_diag_errors(ctx) == 0));
    if (c) {
        lf_text one = {0}, two = {0};
        lf_circuit_print(c, &one);
        lf_circuit *again = lf_circuit_parse(ctx, one.at, one.len, "printed");
        must(again);
        lf_circuit_print(again, &two);
        must(one.len == two.len && !memcmp(one.at, two.at, one.len));
        run(c);
        lf_circuit_free(again);
        lf_text_free(&one);
        lf_text_free(&two);
    }
    lf_circuit_free(c);
    lf_ctx_free(ctx);
    return 0;
}
