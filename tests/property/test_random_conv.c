/* Property: a convolutional network as loaded, its integer graph and the fast engine give the same bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_checks.h"
#include "random_conv_nets.h"

enum { NETWORKS = 240, ROWS = 8, LEAST = 5 };

static void random_networks_are_the_same_in_every_engine(void **state) {
    (void)state;
    uint64_t hits[CONV_CORNERS] = {0};
    lf_ctx *ctx = lf_ctx_new(2);
    lf_arena *a = lf_arena_new();
    char here[] = ".", *dir = here;
    if (!getenv("LUTFISK_SEED"))
        assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    for (uint64_t seed = 0; seed < NETWORKS * number("LUTFISK_ROUNDS", 1); seed++) {
        lf_graph *g = random_conv_net(ctx, seed, false, hits);
        if (!g)
            fail_with(ctx, "the network does not infer", seed);
        if (!left_out(g, seed))
            check_engines(ctx, g, seed, ROWS, dir);
        lf_graph_free(g);
        lf_diag_clear(ctx);
    }
    if (!getenv("LUTFISK_SEED"))
        lf_remove_tree(dir);
    assert_true(getenv("LUTFISK_SEED") || onnx_round_trips > NETWORKS / 8);
    check_corners(hits, LEAST);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_networks_are_the_same_in_every_engine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
