/* Property: the loaded network, its integer graph and the fast engine give the same bits, and so does the Verilog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_checks.h"

enum { NETWORKS = 300, ROWS = 24, IN_VERILOG = 60, VERILOG_ROWS = 8 };

static void random_networks_are_the_same_in_every_engine(void **state) {
    (void)state;
    uint64_t hits[NET_CORNERS] = {0};
    lf_ctx *ctx = lf_ctx_new(2);
    lf_arena *a = lf_arena_new();
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        lf_graph *g = random_net_make(ctx, seed, hits);
        if (!g)
            fail_with(ctx, "the network does not infer", seed);
        check_engines(ctx, g, seed, ROWS, dir);
        lf_graph_free(g);
    }
    lf_remove_tree(dir);
    assert_true(onnx_round_trips > NETWORKS / 3);
    for (int c = 0; c < NET_CORNERS; c++)
        if (!hits[c])
            fail_msg("the corner \"%s\" was never generated", net_corner_names[c]);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

static void random_networks_are_the_same_in_verilog(void **state) {
    (void)state;
    if (!lf_tool_found("iverilog")) {
        print_message("skipped: iverilog was not found\n");
        skip();
    }
    uint64_t hits[NET_CORNERS] = {0}, extremes[4] = {0};
    lf_ctx *ctx = lf_ctx_new(2);
    lf_arena *a = lf_arena_new();
    char *dir;
    int built = 0;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    for (uint64_t seed = 1000; built < IN_VERILOG; seed++) {
        lf_graph *g = random_net_make(ctx, seed, hits);
        if (!g)
            fail_with(ctx, "the network does not infer", seed);
        check_verilog(ctx, g, seed, VERILOG_ROWS, dir, extremes);
        built++;
        lf_graph_free(g);
        lf_diag_clear(ctx);
    }
    lf_remove_tree(dir);
    for (int i = 0; i < 4; i++)
        assert_true(extremes[i] > 0);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks_are_the_same_in_every_engine),
        cmocka_unit_test(random_networks_are_the_same_in_verilog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
