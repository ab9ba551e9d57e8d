/* The build holds circuits against the integer program: with a fault planted in the circuit face of products it must fail, and write nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "lutfisk/lutfisk.h"
#include "ops/mvu_circuit.h"

static bool planted;

/* In place of the library's: a matrix of one column per output, without thresholds; the last output of a planted one is one too large. */
lf_status lf_mvu_circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_rows *r, int64_t rows,
                         const lf_word *x, lf_word *y) {
    (void)g;
    (void)n;
    (void)r;
    lf_word one = lf_circuit_const(c, 1), sum = lf_circuit_add(c, x[0], x[1]);
    for (int64_t i = 0; i < rows; i++)
        y[i] = planted && i + 1 == rows ? lf_circuit_add(c, sum, one) : sum;
    return LF_OK;
}

static const char model[] = "lutfisk 1\n"
                            "graph \"sums\"\n"
                            "input \"x\" = %x : UINT2[1,2]\n"
                            "const %w : UINT1[2,3] range {1,1,1} = [1, 1, 1, 1, 1, 1]\n"
                            "%y : UINT4[1,3] range {0,6,1} = matmul(%x, %w) \"fc\"\n"
                            "output \"y\" = %y\n";

static lf_status build(const char *dir, bool fault, const char **said) {
    static char path[512], out[512], what[4096];
    lf_ctx *ctx = lf_ctx_new(1);
    lf_answer answer = {0};
    snprintf(path, sizeof path, "%s/sums.lf", dir);
    snprintf(out, sizeof out, "%s/hw%d", dir, fault);
    assert_int_equal(lf_file_write(ctx, path, model, strlen(model)), LF_OK);
    planted = fault;
    lf_status status = lf_build(
        ctx, &(lf_build_options){.model = {.model = path}, .out = out, .style = "spatial", .interface = "flow"},
        &answer);
    what[0] = '\0';
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        strncat(what, lf_diag_at(ctx, i)->text, sizeof what - strlen(what) - 1);
    *said = what;
    assert_int_equal(access(out, F_OK) == 0, status == LF_OK);
    lf_answer_free(&answer);
    lf_ctx_free(ctx);
    return status;
}

static void test_a_fault_is_found(void **state) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_arena *a = lf_arena_new();
    char *dir;
    const char *said;
    (void)state;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    lf_status good = build(dir, false, &said);
    if (good != LF_OK)
        print_message("%s\n", said);
    assert_int_equal(good, LF_OK);
    assert_int_equal(build(dir, true, &said), LF_FAILED);
    lf_remove_tree(dir);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_fault_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
