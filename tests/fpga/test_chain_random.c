/* Random networks of twins, with branches: the model that lets units rest equals the one that runs all of them in every cycle, and
 * finds exactly the same deadlocks. And a network of ResNet-50's size, in seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/rng.h"
#include "plain_model.h"
#include "resnet_twins.h"
#include "twins.h"

/* -- random networks ------------------------------------------------------------------------------------------------------ */

typedef struct maker {
    lf_arena *arena;
    lf_rng rng;
    lf_chain *chain;
    plain_model *plain;
    int64_t beats; /* of the frame where the network stands */
} maker;

typedef lf_unit twin_fn(maker *m);

static int64_t draw(maker *m, int64_t lo, int64_t hi) {
    return lf_rng_between(&m->rng, lo, hi);
}

/* The same twin twice: each model needs a state of its own. */
static int add_twice(maker *m, twin_fn *make) {
    lf_rng at = m->rng;
    lf_unit u = make(m);
    int unit = lf_chain_add(m->chain, &u);
    m->rng = at;
    u = make(m);
    assert_int_equal(plain_add(m->plain, &u), unit);
    return unit;
}

static void join_twice(maker *m, int from, int from_port, int to, int to_port) {
    if (from < 0)
        lf_chain_source(m->chain, to, to_port);
    else if (to < 0)
        lf_chain_sink(m->chain, from, from_port);
    else
        lf_chain_join(m->chain, from, from_port, to, to_port);
    plain_join(m->plain, from, from_port, to, to_port);
}

static int64_t divisor_of(maker *m, int64_t n) {
    for (;;) {
        int64_t d = draw(m, 1, n);
        if (n % d == 0)
            return d;
    }
}

static lf_unit random_queue(maker *m) {
    bool memory = draw(m, 0, 1);
    return lf_twin_queue(m->arena, "queue", m->beats, draw(m, memory ? 3 : 1, 12), memory);
}

static lf_unit random_pipe(maker *m) {
    return lf_twin_pipe(m->arena, "pipe", m->beats, (int)draw(m, 1, 9));
}

static lf_unit random_worker(maker *m) {
    int64_t in = divisor_of(m, m->beats);
    return worker_twin(m->arena, "worker", in, in, draw(m, 0, 30), m->beats / in);
}

static lf_unit random_matrix(maker *m) {
    int64_t sf = divisor_of(m, m->beats);
    bool accumulates = sf > 1 || draw(m, 0, 1);
    return matrix_twin(m->arena, "matrix", m->beats / sf, sf, sf, (int)draw(m, 1, 12), accumulates);
}

static lf_unit random_window(maker *m) {
    int64_t row = divisor_of(m, m->beats), rows = m->beats / row;
    return window_twin(m->arena, "window", rows, row, 1 + 2 * draw(m, 0, 1), 1, m->beats, 1);
}

static lf_unit make_fork(maker *m) {
    return fork_twin(m->arena, "fork", m->beats);
}

static lf_unit make_join(maker *m) {
    return join_twin(m->arena, "join", m->beats);
}

static int add_row(maker *m, int from, int from_port, int length) {
    static twin_fn *const kinds[] = {random_queue, random_pipe, random_worker, random_matrix, random_window};
    for (int i = 0; i < length; i++) {
        int to = add_twice(m, kinds[draw(m, 0, 4)]);
        join_twice(m, from, from_port, to, 0);
        from = to;
        from_port = 0;
    }
    return from;
}

/* Rows with diamonds between them, one inside the other now and then. */
static int add_diamond(maker *m, int from, int depth) {
    int fork = add_twice(m, make_fork);
    join_twice(m, from, 0, fork, 0);
    int a = add_row(m, fork, 0, (int)draw(m, 1, 3)), b = add_row(m, fork, 1, (int)draw(m, 1, 2));
    if (depth && draw(m, 0, 1))
        a = add_diamond(m, a, depth - 1);
    int join = add_twice(m, make_join);
    join_twice(m, a, 0, join, 0);
    join_twice(m, b, 0, join, 1);
    return join;
}

static void make_network(maker *m) {
    static const int64_t sizes[] = {1, 4, 6, 12, 30, 64};
    m->beats = sizes[draw(m, 0, 5)];
    int at = add_row(m, PLAIN_OUTSIDE, 0, (int)draw(m, 1, 3));
    for (int i = (int)draw(m, 0, 2); i > 0; i--) {
        at = add_diamond(m, at, 1);
        at = add_row(m, at, 0, (int)draw(m, 0, 2));
    }
    if (draw(m, 0, 3) == 0) { /* a second output */
        int fork = add_twice(m, make_fork);
        join_twice(m, at, 0, fork, 0);
        join_twice(m, fork, 0, PLAIN_OUTSIDE, 0);
        join_twice(m, add_row(m, fork, 1, 1), 0, PLAIN_OUTSIDE, 0);
    } else
        join_twice(m, at, 0, PLAIN_OUTSIDE, 0);
}

static void compare_peaks(const maker *m, bool skipped) {
    for (int i = 0; i < m->plain->units; i++) {
        const lf_unit *u = &m->plain->unit[i].u;
        if (u->in_count == 1 && u->out_count == 1 && u->in_beats[0] == u->out_beats[0])
            assert_int_equal(lf_chain_peak(m->chain, i), skipped ? 0 : m->plain->unit[i].peak);
    }
}

/* Runs one network in both models, the chain three times, once without peaks; true when it came to an end. */
static bool compare_one(lf_ctx *ctx, uint64_t seed) {
    maker m = {.arena = lf_arena_new(), .rng = lf_rng_make(seed, 0)};
    m.chain = lf_chain_new(m.arena);
    m.plain = LF_NEW(m.arena, plain_model);
    make_network(&m);
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
    (void)state;
    enum { NETWORKS = 1500 };
    lf_ctx *ctx = lf_ctx_new(1);
    int done = 0, blocked = 0;
    for (uint64_t seed = 0; seed < NETWORKS; seed++)
        *(compare_one(ctx, seed) ? &done : &blocked) += 1;
    assert_true(done > 500 && blocked > 50);
    lf_ctx_free(ctx);
}

/* -- size -------------------------------------------------------------------------------------------------------------------- */

static void test_resnet(void **state) {
    (void)state;
    lf_ctx *ctx = lf_ctx_new(1);
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
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_resnet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
