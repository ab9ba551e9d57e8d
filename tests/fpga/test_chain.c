/* The clock-by-clock model of a network: latency, interval, fill, blocked networks, runs of combinational readiness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "twins.h"

static lf_ctx *ctx;
static lf_arena *arena;

static int set_up(void **state) {
    (void)state;
    ctx = lf_ctx_new(1);
    arena = lf_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lf_arena_free(arena);
    lf_ctx_free(ctx);
    return 0;
}

static int add_queue(lf_chain *c, const char *name, int64_t beats, int64_t capacity, bool memory) {
    lf_unit u = lf_twin_queue(arena, name, beats, capacity, memory);
    return lf_chain_add(c, &u);
}

static int add_pipe(lf_chain *c, const char *name, int64_t beats, int stages) {
    lf_unit u = lf_twin_pipe(arena, name, beats, stages);
    return lf_chain_add(c, &u);
}

/* Units that do not say their state_bytes never rest (fpga/unit.h); those above do. */
static int add_restless(lf_chain *c, lf_unit u) {
    u.state_bytes = 0;
    return lf_chain_add(c, &u);
}

static int add_uneven(lf_chain *c, const char *name, int64_t in, int64_t out, int64_t think, int64_t every_other) {
    lf_unit u = worker_twin(arena, name, in, out, think, 1);
    ((worker *)u.state)->every_other = every_other;
    return add_restless(c, u);
}

static int add_worker(lf_chain *c, const char *name, int64_t in, int64_t out, int64_t think) {
    return add_uneven(c, name, in, out, think, 0);
}

static int add_join(lf_chain *c, int64_t beats) {
    return add_restless(c, join_twin(arena, "join", beats));
}

static int add_fork(lf_chain *c, int64_t beats) {
    return add_restless(c, fork_twin(arena, "fork", beats));
}

static void test_latency(void **state) {
    (void)state;
    lf_chain *c = lf_chain_new(arena);
    int a = add_queue(c, "a", 10, 2, false), b = add_pipe(c, "b", 10, 3), d = add_queue(c, "d", 10, 5, true);
    lf_chain_source(c, a, 0);
    lf_chain_join(c, a, 0, b, 0);
    lf_chain_join(c, b, 0, d, 0);
    lf_chain_sink(c, d, 0);
    lf_chain_result r;
    assert_int_equal(lf_chain_run(ctx, c, 3, 0, &r), LF_OK);
    assert_int_equal(r.latency_cycles, 9 + 1 + 3 + 2); /* nine more beats, then the registers */
    assert_int_equal(r.ii_cycles, 10);
    assert_int_equal(lf_chain_peak(c, a), 1);
    assert_int_equal(lf_chain_peak(c, b), 3);
    assert_int_equal(lf_chain_peak(c, d), 2);
}

static void test_slow_consumer(void **state) {
    (void)state;
    lf_chain *c = lf_chain_new(arena);
    int a = add_queue(c, "a", 8, 6, false), w = add_worker(c, "w", 8, 1, 20);
    lf_chain_source(c, a, 0);
    lf_chain_join(c, a, 0, w, 0);
    lf_chain_sink(c, w, 0);
    lf_chain_result r;
    assert_int_equal(lf_chain_run(ctx, c, 4, 0, &r), LF_OK);
    assert_int_equal(r.ii_cycles, 8 + 20 + 1);
    assert_int_equal(lf_chain_peak(c, a), 6);
}

/* A fork whose short branch cannot hold what the long one needs before it gives anything. */
static lf_status run_diamond(int64_t room, lf_chain_result *r) {
    lf_chain *c = lf_chain_new(arena);
    int f = add_fork(c, 8), w = add_worker(c, "collect", 8, 8, 0), q = add_queue(c, "bypass", 8, room, false),
        j = add_join(c, 8);
    lf_chain_source(c, f, 0);
    lf_chain_join(c, f, 0, w, 0);
    lf_chain_join(c, f, 1, q, 0);
    lf_chain_join(c, w, 0, j, 0);
    lf_chain_join(c, q, 0, j, 1);
    lf_chain_sink(c, j, 0);
    return lf_chain_run(ctx, c, 2, 0, r);
}

static void test_deadlock(void **state) {
    (void)state;
    lf_chain_result r;
    assert_int_equal(run_diamond(8, &r), LF_OK);
    assert_int_equal(run_diamond(3, &r), LF_FAILED);
    const char *text = lf_diag_text(arena, lf_diag_at(ctx, lf_diag_count(ctx) - 1));
    assert_non_null(strstr(text, "nothing moves any more"));
    assert_non_null(strstr(text, "join waits for collect"));
    assert_non_null(strstr(text, "fork waits for bypass"));
}

static void test_refused(void **state) {
    (void)state;
    lf_chain_result r;
    lf_chain *c = lf_chain_new(arena);
    int a = add_queue(c, "a", 8, 2, false), b = add_queue(c, "b", 4, 2, false);
    lf_chain_source(c, a, 0);
    lf_chain_join(c, a, 0, b, 0);
    assert_int_equal(lf_chain_run(ctx, c, 1, 0, &r), LF_FAILED); /* b's output hangs in the air */
    lf_chain_sink(c, b, 0);
    assert_int_equal(lf_chain_run(ctx, c, 1, 0, &r), LF_FAILED); /* 8 beats against 4 */
    lf_chain *d = lf_chain_new(arena);
    int w = add_worker(d, "slow", 1, 1, 1000);
    lf_chain_source(d, w, 0);
    lf_chain_sink(d, w, 0);
    assert_int_equal(lf_chain_run(ctx, d, 2, 500, &r), LF_FAILED);
}

static void test_ready_runs(void **state) {
    (void)state;
    lf_chain *c = lf_chain_new(arena);
    int a = add_pipe(c, "a", 4, 1), b = add_pipe(c, "b", 4, 2), s = add_queue(c, "s", 4, 2, false),
        d = add_pipe(c, "d", 4, 1);
    lf_chain_source(c, a, 0);
    lf_chain_join(c, a, 0, b, 0);
    lf_chain_join(c, b, 0, s, 0);
    lf_chain_join(c, s, 0, d, 0);
    lf_chain_sink(c, d, 0);
    lf_chain_ready r;
    assert_int_equal(lf_chain_check_ready(ctx, c, 4, &r), LF_OK);
    assert_int_equal(r.longest, 2);
    assert_int_equal(r.at, a);
    assert_false(r.port_to_port);
    lf_chain *e = lf_chain_new(arena);
    int p = add_pipe(e, "p", 4, 1);
    lf_chain_source(e, p, 0);
    lf_chain_sink(e, p, 0);
    assert_int_equal(lf_chain_check_ready(ctx, e, 4, &r), LF_OK);
    assert_true(r.port_to_port);
}

/* Frames that come 10 and 30 cycles apart by turns are frames of 20 cycles. */
static void test_uneven(void **state) {
    (void)state;
    for (int frames = 5; frames <= 12; frames++) {
        lf_chain *c = lf_chain_new(arena);
        int w = add_uneven(c, "uneven", 1, 1, 8, 20);
        lf_chain_result r;
        lf_chain_source(c, w, 0);
        lf_chain_sink(c, w, 0);
        assert_int_equal(lf_chain_run(ctx, c, frames, 0, &r), LF_OK);
        assert_false(r.steady);
        if (lf_settled_intervals(frames) % 2 == 0)
            assert_int_equal(r.ii_cycles, 20);
        else
            assert_in_range(r.ii_cycles, 17, 24);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_latency, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_uneven, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_consumer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deadlock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ready_runs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
