/* What the shortened chain says about stalls (doc/dev/deadlock.md), attacked with random ones: a network that it passes never stops,
 * wherever streams pause; of those that it refuses, many are shown to stop when only the ends of the circuit pause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "random_twins.h"
#include "stall_gate.h"

enum { NETWORKS = 1200, PATTERNS = 6, FRAMES = 3 };

static lf_ctx *ctx;

static bool ends_after(lf_chain *c, int frames) {
    lf_chain_end end;
    lf_chain_result r;
    assert_int_equal(lf_chain_try(ctx, c, frames, 0, &end, &r), LF_OK);
    return end == LF_CHAIN_DONE;
}

static bool passes_shortened(uint64_t seed) {
    maker m = make_network(seed);
    lf_chain_shorten(m.chain);
    bool passes = ends_after(m.chain, 2);
    lf_arena_free(m.arena);
    return passes;
}

static bool runs_at_full_rate(uint64_t seed) {
    maker m = make_network(seed);
    bool passes = ends_after(m.chain, FRAMES);
    lf_arena_free(m.arena);
    return passes;
}

/* Every unit pauses at some of its ports, or only the first and the last ones outside. */
static bool survives(uint64_t seed, uint64_t pattern, bool anywhere) {
    maker m = make_network(seed);
    lf_rng r = lf_rng_make(seed, 100 + pattern);
    for (int i = 0; i < m.plain->units; i++) {
        unsigned in = anywhere ? lf_rng_below(&r, 4) : i == 0, out = anywhere ? lf_rng_below(&r, 4) : 0;
        for (int k = 0; k < m.ends && !anywhere; k++)
            out |= i == m.end[k];
        if (!in && !out)
            continue;
        lf_unit gate = gate_around(m.arena, &m.plain->unit[i].u, in, out, seed * 64 + (uint64_t)i * 7 + pattern);
        lf_chain_replace(m.chain, i, &gate);
    }
    bool passes = ends_after(m.chain, FRAMES);
    lf_arena_free(m.arena);
    return passes;
}

static void test_random(void **state) {
    (void)state;
    int sure = 0, refused = 0, only_under_stalls = 0, shown = 0, shown_under_stalls = 0;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        bool passes = passes_shortened(seed), stops = false, full_rate = runs_at_full_rate(seed);
        *(passes ? &sure : &refused) += 1;
        if (passes)
            assert_true(full_rate);
        for (uint64_t p = 0; p < PATTERNS && !stops; p++) {
            stops = !survives(seed, p, passes);
            if (passes && stops)
                fail_msg("network %d stops under pattern %d", (int)seed, (int)p);
        }
        only_under_stalls += !passes && full_rate;
        shown += !passes && stops;
        shown_under_stalls += full_rate && stops;
    }
    print_message("%d sure, %d refused: %d shown to stop; %d of the refused run at the full rate: %d shown to stop\n",
                  sure, refused, shown, only_under_stalls, shown_under_stalls);
    assert_true(sure > NETWORKS / 4 && refused > 50 && shown > refused / 2 && shown_under_stalls > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    ctx = lf_ctx_new(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lf_ctx_free(ctx);
    return failed;
}
