/* Random networks of twins, with branches: the model that lets units rest equals the one that runs all of them in every cycle, and
 * finds exactly the same deadlocks. And a network of ResNet-50's size, in seconds. */
#include "../context.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "random_twins.h"
#include "resnet_twins.h"

/* -- random networks ------------------------------------------------------------------------------------------------------ */

static void compare_peaks(const maker *m, bool skipped) {
    for (int i = 0; i < m->plain->units; i++) {
        const lf_unit *u = &m->plain->unit[i].u;
        if (u->in_count == 1 && u->out_count == 1 && u->in_beats[0] == u->out_beats[0])
            assert_int_equal(lf_chain_peak(m->chain, i), skipped ? 0 : m->plain->unit[i].peak);
    }
}

/* Runs one network in both models, the chain three times, once without peaks; true when it came to an end. */
static bool compare_one(lf_ctx *ctx, uint64_t seed) {
    maker m = make_network(seed);
    m.plain->interval = draw(&m, 0, 2) ? 0 : draw(&m, 1, 300);
    lf_chain_pace(m.chain, m.plain->interval);
    lf_chain_result want = {0}, got = {0};
    int frames = (int)draw(&m, 1, 5);
    bool ends = plain_run(m.plain, frames, 5000, &want);
    for (int i = 0; i < 3; i++) {
        lf_chain_end end;
        lf_chain_skip_peaks(m.chain, i == 1);
        assert_int_equal(lf_chain_try(ctx, m.chain, frames, 0, &end, &got), LF_OK);
        assert_int_equal(end, ends ? LF_CHAIN_DONE : LF_CHAIN_BLOCKED);
        if (ends) {
            assert_int_equal(got.ii_cycles, want.ii_cycles);
            assert_int_equal(got.latency_cycles, want.latency_cycles);
            assert_int_equal(got.cycles, want.cycles);
        }
        compare_peaks(&m, i == 1);
    }
    if (!ends) {
        int full;
        assert_non_null(strstr(lf_chain_blocked_text(m.chain, m.arena, &full), "waits for"));
    }
    lf_arena_free(m.arena);
    return ends;
}

static void test_random(void **state) {
    enum { NETWORKS = 1500 };
    lf_ctx *ctx = *state;
    int done = 0, blocked = 0;
    for (uint64_t seed = 0; seed < NETWORKS; seed++)
        *(compare_one(ctx, seed) ? &done : &blocked) += 1;
    assert_true(done > 500 && blocked > 50);
}

/* -- size -------------------------------------------------------------------------------------------------------------------- */

static void test_resnet(void **state) {
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    lf_chain *c = lf_chain_new(a);
    lf_chain_result r;
    int units = resnet_chain(c, a);
    clock_t start = clock();
    assert_int_equal(lf_chain_run(ctx, c, 6, 0, &r), LF_OK);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%d units, II %lld, latency %lld: %lld cycles in %.2f s, %.0f thousand cycles/s\n", units,
                  (long long)r.ii_cycles, (long long)r.latency_cycles, (long long)r.cycles, seconds,
                  (double)r.cycles / seconds / 1e3);
    assert_true(r.ii_cycles >= 100352 && r.ii_cycles < 120000);
    lf_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_random), WITH_CONTEXT(test_resnet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
