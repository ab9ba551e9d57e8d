/* Property: the Verilog of a convolutional network computes the same as the network, under stalls too, in exactly the cycles
 * predicted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_checks.h"
#include "random_conv_nets.h"

enum { NETWORKS = 64, ROWS = 3 };

static void random_networks_are_the_same_in_verilog(void **state) {
    (void)state;
    if (!lf_tool_found("iverilog")) {
        print_message("skipped: iverilog was not found\n");
        skip();
    }
    uint64_t hits[CONV_CORNERS] = {0}, extremes[4] = {0};
    lf_ctx *ctx = lf_ctx_new(2);
    lf_arena *a = lf_arena_new();
    char here[] = ".", *dir = here;
    if (!getenv("LUTFISK_SEED"))
        assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    for (uint64_t seed = 100000; seed < 100000 + NETWORKS * number("LUTFISK_ROUNDS", 1); seed++) {
        lf_graph *g = random_conv_net(ctx, seed, true, hits);
        if (!g)
            fail_with(ctx, "the network does not infer", seed);
        if (!left_out(g, seed))
            check_verilog(ctx, g, seed, ROWS, dir, extremes);
        lf_graph_free(g);
        lf_diag_clear(ctx);
    }
    if (!getenv("LUTFISK_SEED"))
        lf_remove_tree(dir);
    check_corners(hits, 1);
    assert_true(getenv("LUTFISK_SEED") || parallel_windows > 10);
    for (int i = 0; i < 4; i++)
        assert_true(getenv("LUTFISK_SEED") || extremes[i] > 0);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_networks_are_the_same_in_verilog)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
