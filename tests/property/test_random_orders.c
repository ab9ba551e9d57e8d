/* Property: where the order of a picture's elements matters, a network as loaded, its integer graph and the fast engine give the same bits
 * at every output; what circuits have not is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_checks.h"
#include "random_orders.h"

enum { NETWORKS = 240, ROWS = 6, LEAST = 5 };

static void check_refused(lf_ctx *ctx, const lf_graph *g, uint64_t seed, const char *why) {
    lf_graph *copy = copy_of(g);
    if (make_integers(copy) == LF_OK)
        fail_msg("network %llu was not refused", (unsigned long long)seed);
    if (!strstr(lf_diag_at(ctx, 0)->text, why))
        fail_with(ctx, "another complaint", seed);
    lf_graph_free(copy);
}

static void orders_are_the_same_in_every_engine(void **state) {
    (void)state;
    uint64_t hits[ORDER_CORNERS] = {0};
    lf_ctx *ctx = lf_ctx_new(2);
    lf_arena *a = lf_arena_new();
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    for (uint64_t seed = 0; seed < NETWORKS * number("LUTFISK_ROUNDS", 1); seed++) {
        const char *refused;
        lf_graph *g = random_order_net(ctx, seed, hits, &refused);
        if (!g)
            fail_with(ctx, "the network does not infer", seed);
        if (!left_out(g, seed)) {
            if (refused)
                check_refused(ctx, g, seed, refused);
            else
                check_engines(ctx, g, seed, ROWS, dir);
        }
        lf_graph_free(g);
        lf_diag_clear(ctx);
    }
    lf_remove_tree(dir);
    for (int c = CONV_CORNERS; c < ORDER_CORNERS; c++)
        if (hits[c] < LEAST)
            print_error("the corner \"%s\" was generated %d times\n", order_corner_names[c - CONV_CORNERS],
                        (int)hits[c]);
    for (int c = CONV_CORNERS; c < ORDER_CORNERS && !getenv("LUTFISK_SEED"); c++)
        assert_true(hits[c] >= LEAST);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(orders_are_the_same_in_every_engine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
