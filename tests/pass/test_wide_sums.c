/* Quantizers of many levels behind sums so wide that a multiplication would leave 62 bits: thresholds, not a refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ir/lftext.h"
#include "ops/ops.h"
#include "pass/passes.h"

/* Sums of codes of 32 bits; their quantizer's scale needs a factor of 17 bits or more. */
static const char wide[] = "lutfisk 1\n"
                           "graph \"wide\"\n"
                           "input \"x\" = %%x : FLOAT32[1,2]\n"
                           "const %%one : UINT1[] range {1,1,1} as f32 = [1]\n"
                           "const %%zero : UINT1[] range {0,0,1} as f32 = [0]\n"
                           "const %%many : FLOAT32[] = [%d]\n"
                           "const %%eight : FLOAT32[] = [8]\n"
                           "const %%w : INT16[2,1] = [%d, 3]\n"
                           "const %%s : FLOAT64[] = [23.456789]\n"
                           "%%q : FLOAT32[1,2] = quant(%%x, %%one, %%zero, %%many) \"q\"\n"
                           "%%m : FLOAT32[1,1] = matmul(%%q, %%w) \"fc\"\n"
                           "%%y : FLOAT32[1,1] = quant(%%m, %%s, %%zero, %%eight) \"y\"\n"
                           "output \"y\" = %%y\n";

static int count_of(const lf_graph *g, const char *op) {
    int count = 0;
    for (size_t i = 0; i < g->order.count; i++)
        count += !strcmp(lf_node_at(g, g->order.at[i])->op->name, op);
    return count;
}

static void expect(int bits, int weight, const char *op) {
    char text[2048];
    lf_ctx *ctx = lf_ctx_new(1);
    snprintf(text, sizeof text, wide, bits, weight);
    lf_graph *g = lf_graph_parse(ctx, "wide.lf", text, strlen(text), NULL, 0, lf_op_find);
    assert_non_null(g);
    assert_int_equal(lf_infer(g), LF_OK);
    lf_status status = lf_pipeline_run(g, "fold-constants, integerize", NULL);
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        print_error("%s\n", lf_diag_at(ctx, i)->text);
    assert_int_equal(status, LF_OK);
    assert_int_equal(count_of(g, op), 1);
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

static void test_narrow(void **state) {
    (void)state;
    expect(16, 1, "requantize");
}

static void test_wide(void **state) {
    (void)state;
    expect(32, 32000, "threshold");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_narrow), cmocka_unit_test(test_wide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
