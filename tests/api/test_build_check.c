/* The build holds circuits against the integer program: with a fault planted in the circuit face of products it must fail, and write nothing. */
#include "../place.h"

#include <unistd.h>

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

static lf_status build(const place *p, bool fault) {
    planted = fault;
    lf_answer answer = {0};
    const char *out = lf_format(p->a, "%s/hw%d", p->dir, fault);
    lf_build_options o = {
        .model = {.model = place_file(p, "sums.lf", model)}, .out = out, .style = "spatial", .interface = "flow"};
    lf_status status = lf_build(p->ctx, &o, &answer);
    assert_int_equal(access(out, F_OK) == 0, status == LF_OK);
    lf_answer_free(&answer);
    return status;
}

static void test_a_fault_is_found(void **state) {
    const place *p = *state;
    if (build(p, false) != LF_OK)
        fail_msg("without a fault: %s", place_said(p));
    assert_int_equal(build(p, true), LF_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_a_fault_is_found, place_make, place_drop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
