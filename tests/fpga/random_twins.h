/* Random networks of twins, rows with diamonds between them, as a chain and as the plain model at once. */
#ifndef LF_TESTS_FPGA_RANDOM_TWINS_H
#define LF_TESTS_FPGA_RANDOM_TWINS_H

#include "base/rng.h"
#include "plain_model.h"
#include "twins.h"

typedef struct maker {
    lf_arena *arena;
    lf_rng rng;
    lf_chain *chain;
    plain_model *plain;
    int64_t beats;    /* of the frame where the network stands */
    int end[2], ends; /* units before the sinks; unit 0 is behind the source */
} maker;

typedef lf_unit twin_fn(maker *m);

static inline int64_t draw(maker *m, int64_t lo, int64_t hi) {
    return lf_rng_between(&m->rng, lo, hi);
}

/* The same twin twice: each model needs a state of its own. */
static inline int add_twice(maker *m, twin_fn *make) {
    lf_rng at = m->rng;
    lf_unit u = make(m);
    int unit = lf_chain_add(m->chain, &u);
    m->rng = at;
    u = make(m);
    assert_int_equal(plain_add(m->plain, &u), unit);
    return unit;
}

static inline void join_twice(maker *m, int from, int from_port, int to, int to_port) {
    if (from < 0)
        lf_chain_source(m->chain, to, to_port);
    else if (to < 0) {
        lf_chain_sink(m->chain, from, from_port);
        m->end[m->ends++] = from;
    } else
        lf_chain_join(m->chain, from, from_port, to, to_port);
    plain_join(m->plain, from, from_port, to, to_port);
}

static inline int64_t divisor_of(maker *m, int64_t n) {
    for (;;) {
        int64_t d = draw(m, 1, n);
        if (n % d == 0)
            return d;
    }
}

static inline lf_unit random_queue(maker *m) {
    bool memory = draw(m, 0, 1);
    return lf_twin_queue(m->arena, "queue", m->beats, draw(m, memory ? 3 : 1, 12), memory);
}

static inline lf_unit random_pipe(maker *m) {
    return lf_twin_pipe(m->arena, "pipe", m->beats, (int)draw(m, 1, 9));
}

static inline lf_unit random_worker(maker *m) {
    int64_t in = divisor_of(m, m->beats);
    return worker_twin(m->arena, "worker", in, in, draw(m, 0, 30), m->beats / in);
}

static inline lf_unit random_matrix(maker *m) {
    int64_t sf = divisor_of(m, m->beats);
    bool accumulates = sf > 1 || draw(m, 0, 1);
    return matrix_twin(m->arena, "matrix", m->beats / sf, sf, sf, (int)draw(m, 1, 12), accumulates);
}

static inline lf_unit random_window(maker *m) {
    int64_t row = divisor_of(m, m->beats), rows = m->beats / row;
    return window_twin(m->arena, "window", rows, row, 1 + 2 * draw(m, 0, 1), 1, m->beats, 1);
}

static inline lf_unit make_fork(maker *m) {
    return fork_twin(m->arena, "fork", m->beats);
}

static inline lf_unit make_join(maker *m) {
    return join_twin(m->arena, "join", m->beats);
}

static inline int add_row(maker *m, int from, int from_port, int length) {
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
static inline int add_diamond(maker *m, int from, int depth) {
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

static inline void fill_network(maker *m) {
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

/* The same network for the same seed; its rng goes on. */
static inline maker make_network(uint64_t seed) {
    maker m = {.arena = lf_arena_new(), .rng = lf_rng_make(seed, 0)};
    m.chain = lf_chain_new(m.arena);
    m.plain = LF_NEW(m.arena, plain_model);
    fill_network(&m);
    return m;
}

#endif
