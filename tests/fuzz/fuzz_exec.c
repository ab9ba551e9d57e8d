/* Any graph in text form that can be inferred runs on the reference engine or is refused: no crash, no undefined arithmetic, and
 * every code lies in the range that infer gave. What follows the first zero byte is the weights file. */
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"
#include "ir/lftext.h"
#include "ops/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ELEMENTS_MAX = 20000, OUTPUTS_MAX = 8 };

static int64_t elements(const lf_graph *g) {
    int64_t sum = 0;
    for (size_t i = 0; i < g->tensors.count; i++) {
        int64_t count = g->tensors.at[i] ? lf_shape_count(g->tensors.at[i]->shape) : 0;
        sum += count < ELEMENTS_MAX ? count : ELEMENTS_MAX;
    }
    return sum;
}

/* Rows of an input: codes within its range, or small reals. */
static lf_row_in rows_for(lf_arena *a, const lf_tensor *t, uint8_t seed) {
    size_t count = (size_t)lf_shape_count(t->shape);
    int64_t *code = LF_NEW_ARRAY(a, int64_t, count + 1);
    double *real = LF_NEW_ARRAY(a, double, count + 1);
    lf_range range = lf_on_grid(t) ? t->range : (lf_range){0, 0, 1};
    uint64_t choices = lf_range_count(range);
    for (size_t i = 0; i < count; i++) {
        code[i] = (int64_t)((uint64_t)range.lo + (seed + i * 7) % choices * (uint64_t)range.step);
        real[i] = ((double)((seed + i * 5) % 64) - 31) / 8;
    }
    return lf_on_grid(t) ? (lf_row_in){t->id, LF_ROW_CODE, code} : (lf_row_in){t->id, LF_ROW_F64, real};
}

static void check_codes(const lf_tensor *t, const int64_t *code) {
    for (int64_t i = 0; i < lf_shape_count(t->shape); i++) {
        lf_range r = t->channel_range ? t->channel_range[lf_channel_of(t->shape, t->range_axis, (size_t)i)] : t->range;
        if (!lf_range_holds(r, code[i]) || !lf_range_holds(t->range, code[i]))
            abort();
    }
}

static bool declared_by_channel(const lf_graph *g) {
    for (size_t i = 0; i < g->inputs.count; i++) {
        const lf_tensor *t = lf_tensor_at(g, g->inputs.at[i].tensor);
        if (t->channel_range)
            return true;
    }
    return false;
}

static void run(lf_ctx *ctx, lf_arena *a, const lf_graph *g, uint8_t seed) {
    lf_row_in *in = LF_NEW_ARRAY(a, lf_row_in, g->inputs.count + 1);
    lf_row_out out[OUTPUTS_MAX] = {0};
    size_t outs = g->outputs.count < OUTPUTS_MAX ? g->outputs.count : OUTPUTS_MAX;
    for (size_t i = 0; i < g->inputs.count; i++)
        in[i] = rows_for(a, lf_tensor_at(g, g->inputs.at[i].tensor), seed);
    for (size_t i = 0; i < outs; i++) {
        const lf_tensor *t = lf_tensor_at(g, g->outputs.at[i].tensor);
        size_t count = (size_t)lf_shape_count(t->shape);
        out[i] = (lf_row_out){.tensor = t->id, .real = LF_NEW_ARRAY(a, double, count + 1)};
        out[i].code = lf_on_grid(t) ? LF_NEW_ARRAY(a, int64_t, count + 1) : NULL;
    }
    lf_exec *e = lf_exec_new(ctx, g);
    if (e && lf_exec_rows(e, &(lf_row_io){in, g->inputs.count, out, outs}, 1) == LF_OK)
        for (size_t i = 0; i < outs; i++)
            if (out[i].code && !declared_by_channel(g)) /* rows_for keeps to the whole range only */
                check_codes(lf_tensor_at(g, out[i].tensor), out[i].code);
    lf_exec_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t text_len = zero ? (size_t)(zero - data) : size;
    const uint8_t *weights = zero ? zero + 1 : NULL;
    size_t weights_len = zero ? size - text_len - 1 : 0;
    lf_graph *g = lf_graph_parse(ctx, "fuzz", (const char *)data, text_len, weights, weights_len, lf_op_find);
    if (g && lf_infer(g) == LF_OK && lf_verify_graph(g) == LF_OK && elements(g) < ELEMENTS_MAX) {
        lf_arena *a = lf_arena_new();
        run(ctx, a, g, size ? data[size - 1] : 0);
        lf_arena_free(a);
    }
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}
