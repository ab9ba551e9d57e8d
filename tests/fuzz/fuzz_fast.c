/* Any graph in text form that can be inferred gives the same bits by the fast engine as by the reference engine, or is refused by both.
 * What follows the first zero byte is the weights file; the last byte chooses rows and instruction set. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"
#include "exec/fast.h"
#include "ir/lftext.h"
#include "ops/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ELEMENTS_MAX = 4000, PORTS_MAX = 4, ROWS = 3 };

static int64_t elements(const lf_graph *g) {
    int64_t sum = 0;
    for (size_t i = 0; i < g->tensors.count; i++) {
        int64_t count = g->tensors.at[i] ? lf_shape_count(g->tensors.at[i]->shape) : 0;
        sum += count < ELEMENTS_MAX ? count : ELEMENTS_MAX;
    }
    return sum;
}

/* Codes within the range, or floats that meet signs, ties and both zeros. */
static lf_row_in rows_for(lf_arena *a, const lf_tensor *t, uint8_t seed) {
    size_t count = (size_t)lf_shape_count(t->shape) * ROWS;
    int64_t *code = LF_NEW_ARRAY(a, int64_t, count + 1);
    float *real = LF_NEW_ARRAY(a, float, count + 1);
    uint64_t choices = lf_on_grid(t) ? lf_range_count(t->range) : 1;
    for (size_t i = 0; i < count; i++) {
        if (lf_on_grid(t))
            code[i] = (int64_t)((uint64_t)t->range.lo + (seed + i * 7) % choices * (uint64_t)t->range.step);
        real[i] = ((float)((seed + i * 5) % 64) - 31) / 8;
        real[i] = i % 17 == 16 ? -0.0f : real[i];
    }
    return lf_on_grid(t) ? (lf_row_in){t->id, LF_ROW_CODE, code} : (lf_row_in){t->id, LF_ROW_F32, real};
}

static bool declared_by_channel(const lf_graph *g) {
    for (size_t i = 0; i < g->inputs.count; i++)
        if (lf_tensor_at(g, g->inputs.at[i].tensor)->channel_range)
            return true;
    return false;
}

static void make_outputs(lf_arena *a, const lf_graph *g, lf_row_out *out) {
    for (size_t i = 0; i < g->outputs.count; i++) {
        const lf_tensor *t = lf_tensor_at(g, g->outputs.at[i].tensor);
        size_t count = (size_t)lf_shape_count(t->shape) * ROWS;
        out[i] = (lf_row_out){.tensor = t->id, .real = LF_NEW_ARRAY(a, double, count + 1)};
        out[i].code = lf_on_grid(t) ? LF_NEW_ARRAY(a, int64_t, count + 1) : NULL;
    }
}

static void must_equal(const lf_graph *g, const lf_row_out *x, const lf_row_out *y) {
    for (size_t i = 0; i < g->outputs.count; i++) {
        size_t count = (size_t)lf_shape_count(lf_tensor_at(g, x[i].tensor)->shape) * ROWS;
        if (memcmp(x[i].real, y[i].real, count * sizeof(double)) != 0 ||
            (x[i].code && memcmp(x[i].code, y[i].code, count * sizeof(int64_t)) != 0)) {
            fprintf(stderr, "output %zu differs\n", i);
            abort();
        }
    }
}

static void run(lf_ctx *ctx, lf_arena *a, const lf_graph *g, uint8_t seed) {
    lf_row_in in[PORTS_MAX] = {0};
    lf_row_out reference[PORTS_MAX] = {0}, fast[PORTS_MAX] = {0};
    for (size_t i = 0; i < g->inputs.count; i++)
        in[i] = rows_for(a, lf_tensor_at(g, g->inputs.at[i].tensor), seed);
    make_outputs(a, g, reference);
    make_outputs(a, g, fast);
    lf_isa isa = (lf_isa)(seed % LF_ISA_COUNT);
    lf_exec *e = lf_exec_new(ctx, g);
    lf_plan *p = e ? lf_plan_new_for(ctx, g, lf_cpu_has(isa) ? isa : LF_ISA_SCALAR) : NULL;
    if (p) {
        lf_status x = lf_exec_rows(e, &(lf_row_io){in, g->inputs.count, reference, g->outputs.count}, ROWS);
        lf_status y = lf_plan_rows(p, &(lf_row_io){in, g->inputs.count, fast, g->outputs.count}, ROWS);
        if (x != y)
            abort();
        if (x == LF_OK && !declared_by_channel(g)) /* rows_for keeps to the whole range only */
            must_equal(g, reference, fast);
    }
    lf_plan_free(p);
    lf_exec_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t text_len = zero ? (size_t)(zero - data) : size;
    lf_graph *g = lf_graph_parse(ctx, "fuzz", (const char *)data, text_len, zero ? zero + 1 : NULL,
                                 zero ? size - text_len - 1 : 0, lf_op_find);
    bool fits = g && g->inputs.count <= PORTS_MAX && g->outputs.count <= PORTS_MAX;
    if (fits && lf_infer(g) == LF_OK && lf_verify_graph(g) == LF_OK && elements(g) < ELEMENTS_MAX) {
        lf_arena *a = lf_arena_new();
        run(ctx, a, g, size ? data[size - 1] : 0);
        lf_arena_free(a);
    }
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}
