/* Any bytes as a text form: a diagnostic, or a graph that prints, parses and prints the same, before and after inference. What
 * follows the first zero byte is the weights file. */
#include <stdlib.h>
#include <string.h>

#include "../ir/small_ops.h"
#include "ir/lftext.h"
#include "ops/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
    if (!ok)
        abort();
}

static const lf_op *find(const char *name) {
    const lf_op *op = find_small_op(name);
    return op ? op : lf_op_find(name);
}

static void print_again(lf_ctx *ctx, const lf_text *text, const lf_text *weights, bool inline_all) {
    lf_text text2 = {0}, weights2 = {0};
    lf_graph *g = lf_graph_parse(ctx, "again", text->at, text->len, (const uint8_t *)weights->at, weights->len, find);
    must(g != NULL);
    must(lf_graph_print(g, inline_all, &text2, &weights2) == LF_OK);
    must(text2.len == text->len && memcmp(text2.at, text->at, text->len) == 0);
    must(weights2.len == weights->len && (weights->len == 0 || memcmp(weights2.at, weights->at, weights->len) == 0));
    lf_graph_free(g);
    lf_text_free(&text2);
    lf_text_free(&weights2);
}

static void round_trip(lf_ctx *ctx, const lf_graph *g, bool inline_all) {
    lf_text text = {0}, weights = {0};
    must(lf_graph_print(g, inline_all, &text, &weights) == LF_OK);
    print_again(ctx, &text, &weights, inline_all);
    lf_text_free(&text);
    lf_text_free(&weights);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t text_len = zero ? (size_t)(zero - data) : size;
    const uint8_t *weights = zero ? zero + 1 : NULL;
    size_t weights_len = zero ? size - text_len - 1 : 0;
    lf_graph *g = lf_graph_parse(ctx, "fuzz", (const char *)data, text_len, weights, weights_len, find);
    must(g != NULL || lf_diag_errors(ctx) > 0);
    if (g) {
        round_trip(ctx, g, false);
        round_trip(ctx, g, true);
        if (lf_infer(g) == LF_OK)
            round_trip(ctx, g, true);
    }
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}
