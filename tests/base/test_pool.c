#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/pool.h"

typedef struct job {
    int *hits;
    size_t count;
    int workers;
    atomic_int bad;
} job;

static void hit(void *arg, size_t index, int worker) {
    job *j = arg;
    if (index >= j->count || worker < 0 || worker >= j->workers)
        atomic_fetch_add(&j->bad, 1);
    else
        j->hits[index]++;
}

/* Every index exactly once, for many counts, on one pool: a round that ran too early or twice would show. */
static void once_each(int threads) {
    lf_pool *p = lf_pool_new(threads);
    assert_int_equal(lf_pool_size(p), threads);
    for (size_t count = 0; count < 400; count++) {
        job j = {.hits = calloc(count + 1, sizeof(int)), .count = count, .workers = threads};
        lf_pool_run(p, count, hit, &j);
        assert_int_equal(j.bad, 0);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(j.hits[i], 1);
        free(j.hits);
    }
    lf_pool_free(p);
}

static void test_once_each(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 8, 33};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        once_each(threads[i]);
}

static void add(void *arg, size_t index, int worker) {
    (void)worker;
    atomic_fetch_add((atomic_size_t *)arg, index);
}

/* Many short rounds in a row: workers fall asleep and are caught awake. */
static void test_contention(void **state) {
    (void)state;
    lf_pool *p = lf_pool_new(7);
    for (int round = 0; round < 2000; round++) {
        atomic_size_t sum = 0;
        lf_pool_run(p, 13, add, &sum);
        assert_int_equal(sum, 78);
        if (round % 100 == 0)
            usleep(300);
    }
    lf_pool_free(p);
}

/* -- a worker that gets no core -------------------------------------------------------------------------------------------------------- */

static pthread_t held_thread;
static atomic_bool known, holding, release;

/* Whoever is not the caller tells who it is; the caller waits for that, so that it cannot take all. */
static void who(void *arg, size_t index, int worker) {
    (void)arg, (void)index;
    if (worker) {
        held_thread = pthread_self();
        atomic_store(&known, true);
    }
    for (int i = 0; i < 5000 && !atomic_load(&known); i++)
        usleep(1000);
}

/* As if the system had other things to run: 3 s at most. */
static void hold(int number) {
    (void)number;
    atomic_store(&holding, true);
    for (int i = 0; i < 3000 && !atomic_load(&release); i++)
        usleep(1000);
    atomic_store(&holding, false);
}

/* Rounds are done without a worker that does not wake up. */
static void test_does_not_wait_for_who_is_away(void **state) {
    (void)state;
    lf_pool *p = lf_pool_new(2);
    lf_pool_run(p, 2, who, NULL);
    assert_true(atomic_load(&known));
    usleep(50000); /* now it sleeps */
    signal(SIGUSR1, hold);
    pthread_kill(held_thread, SIGUSR1);
    for (int i = 0; i < 3000 && !atomic_load(&holding); i++)
        usleep(1000);
    for (int round = 0; round < 100; round++) {
        atomic_size_t sum = 0;
        lf_pool_run(p, 13, add, &sum);
        assert_int_equal(sum, 78);
    }
    assert_true(atomic_load(&holding));
    atomic_store(&release, true);
    lf_pool_free(p);
    signal(SIGUSR1, SIG_DFL);
}

static void slow_first(void *arg, size_t index, int worker) {
    (void)worker;
    if (index == 0)
        usleep(20000);
    atomic_fetch_add((atomic_size_t *)arg, 1);
}

static void test_waits_for_the_slowest(void **state) {
    (void)state;
    lf_pool *p = lf_pool_new(4);
    for (int i = 0; i < 5; i++) {
        atomic_size_t done = 0;
        lf_pool_run(p, 100, slow_first, &done);
        assert_int_equal(done, 100);
    }
    lf_pool_free(p);
}

/* Plain memory written by the workers is seen by the caller, and the caller's by the workers. */
static void test_memory_is_passed(void **state) {
    (void)state;
    enum { N = 1000 };
    lf_pool *p = lf_pool_new(3);
    static int hits[N];
    job j = {.hits = hits, .count = N, .workers = 3};
    for (int round = 1; round <= 300; round++) {
        lf_pool_run(p, N, hit, &j);
        for (int i = 0; i < N; i++)
            assert_int_equal(hits[i], round);
    }
    lf_pool_free(p);
}

static void test_unused_pools(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++)
        lf_pool_free(lf_pool_new(i % 9));
    lf_pool_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_each),
        cmocka_unit_test(test_contention),
        cmocka_unit_test(test_does_not_wait_for_who_is_away),
        cmocka_unit_test(test_waits_for_the_slowest),
        cmocka_unit_test(test_memory_is_passed),
        cmocka_unit_test(test_unused_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
