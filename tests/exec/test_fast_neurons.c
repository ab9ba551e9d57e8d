/* Layers of table neurons by the fast engine: every row as the reference engine's, for every instruction set, number of rows and block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "ir/lftext.h"
#include "ops/ops.h"

enum { INPUTS = 7, WIDE = 20, OUTPUTS = 5, ROWS = 1100 };

static void numbers(lf_text *t, lf_rng *rng, size_t count, int64_t lo, int64_t hi) {
    for (size_t i = 0; i < count; i++)
        lf_text_addf(t, "%s%lld", i ? ", " : "[", (long long)lf_rng_between(rng, lo, hi));
    lf_text_add(t, "]");
}

/* One layer's constants; codes lo .. lo + 2^bits - 1 come out. */
static void constants(lf_text *t, lf_rng *rng, int k, int64_t neurons, int64_t fan_in, int64_t from, int bits,
                      int64_t lo) {
    lf_text_addf(t, "const %%i%d : UINT8[%lld,%lld] range {0,%lld,1} = ", k, (long long)neurons, (long long)fan_in,
                 (long long)from - 1);
    numbers(t, rng, (size_t)(neurons * fan_in), 0, from - 1);
    lf_text_addf(t, "\nconst %%t%d : INT8[%lld,%lld] range {%lld,%lld,1} = ", k, (long long)neurons,
                 1ll << fan_in * bits, (long long)lo, (long long)lo + (1ll << bits) - 1);
    numbers(t, rng, (size_t)(neurons << fan_in * bits), lo, lo + (1 << bits) - 1);
    lf_text_add(t, "\n");
}

/* Three layers; the second's result is asked for, too, where `seen`. */
static lf_graph *network(lf_ctx *ctx, lf_rng *rng, int bits, int64_t fan_in, bool seen) {
    lf_text t = {0};
    int64_t half = 1 << (bits - 1);
    int type = bits + 1;
    lf_text_addf(&t, "lutfisk 1\ngraph \"neurons\"\ninput \"x\" = %%x : INT%d[1,%d] range {%lld,%lld,1}\n", type,
                 INPUTS, -(long long)half, (long long)half - 1);
    constants(&t, rng, 0, WIDE, fan_in, INPUTS, bits, -half);
    constants(&t, rng, 1, WIDE, fan_in, WIDE, bits, 0);
    constants(&t, rng, 2, OUTPUTS, fan_in, WIDE, bits, -1);
    lf_text_addf(&t, "%%a : INT%d[1,%d] = table_neurons(%%x, %%i0, %%t0) \"l0\" {bits=%d, lo=%lld}\n", type, WIDE, bits,
                 -(long long)half);
    lf_text_addf(&t, "%%b : INT%d[1,%d] = table_neurons(%%a, %%i1, %%t1) \"l1\" {bits=%d, lo=%lld}\n", type, WIDE, bits,
                 -(long long)half);
    lf_text_addf(&t, "%%y : INT%d[1,%d] = table_neurons(%%b, %%i2, %%t2) \"l2\" {bits=%d}\noutput \"y\" = %%y\n%s",
                 type, OUTPUTS, bits, seen ? "output \"b\" = %b\n" : "");
    lf_graph *g = lf_graph_parse(ctx, "neurons.lf", t.at, t.len, NULL, 0, lf_op_find);
    if (!g) {
        lf_arena *a = lf_arena_new();
        fail_msg("%s\n", lf_diag_count(ctx) ? lf_diag_text(a, lf_diag_at(ctx, 0)) : "");
        lf_arena_free(a);
    }
    lf_text_free(&t);
    return g;
}

static void check(lf_ctx *ctx, const lf_graph *g, lf_rng *rng, int64_t half) {
    static int64_t x[ROWS * INPUTS], want[ROWS * WIDE], got[ROWS * WIDE];
    static const size_t counts[] = {1, 47, 48, 511, 512, 513, ROWS};
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = lf_rng_between(rng, -half, half - 1);
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_CODE, x};
    for (size_t o = 0; o < g->outputs.count; o++) {
        lf_row_out out = {.tensor = g->outputs.at[o].tensor, .code = want};
        size_t width = o ? WIDE : OUTPUTS;
        lf_exec *e = lf_exec_new(ctx, g);
        assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, ROWS), LF_OK);
        lf_exec_free(e);
        out.code = got;
        for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
            if (!lf_cpu_has((lf_isa)isa))
                continue;
            lf_plan *p = lf_plan_new_for(ctx, g, (lf_isa)isa);
            for (size_t c = 0; c < LF_COUNT(counts); c++) {
                lf_plan_set_block(p, c == 2 ? 700 : c == 3 ? 100 : 0);
                memset(got, 0x77, sizeof got);
                lf_plan *fresh = c == 2 || c == 3 ? lf_plan_new_for(ctx, g, (lf_isa)isa) : NULL;
                assert_int_equal(lf_plan_rows(fresh ? fresh : p, &(lf_row_io){&in, 1, &out, 1}, counts[c]), LF_OK);
                assert_memory_equal(got, want, counts[c] * width * sizeof *got);
                lf_plan_free(fresh);
            }
            lf_plan_free(p);
        }
    }
}

static void test_layers(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(21, 0);
    static const int shapes[][2] = {{2, 3}, {3, 2}, {2, 4}, {3, 3}, {1, 6}, {4, 3}};
    for (size_t i = 0; i < LF_COUNT(shapes); i++)
        for (int seen = 0; seen < 2; seen++) {
            lf_ctx *ctx = lf_ctx_new(2);
            lf_graph *g = network(ctx, &rng, shapes[i][0], shapes[i][1], seen);
            check(ctx, g, &rng, 1 << (shapes[i][0] - 1));
            lf_graph_free(g);
            lf_ctx_free(ctx);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
