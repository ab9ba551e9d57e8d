/* Workers wait for a round to open. In a round, every worker takes runs of indices from one counter until none is left, then leaves; the
 * caller works too, closes the round, and returns when whoever had entered has left. It does not wait for a worker that has not: where other
 * processes have the cores, waking up takes longer than many a round. */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/fatal.h"

#define ONE_ROUND ((uint64_t)1 << 32)

enum {
    THREADS_MAX = 1024,
    SPINS = 2000,        /* some ten microseconds: the gap between two layers, not the gap between two jobs */
    RUNS_PER_WORKER = 8, /* so that an uneven load evens out */
};

typedef struct worker {
    lf_pool *pool;
    pthread_t thread;
    int number;
} worker;

struct lf_pool {
    worker *workers;
    int size; /* the calling thread included */

    lf_task_fn *fn;
    void *arg;
    size_t count, run;
    atomic_size_t next;         /* the first index not yet taken */
    atomic_uint_least64_t door; /* low half: workers inside; high half: the round, odd while it is open */
    atomic_bool closing;

    pthread_mutex_t lock; /* only for sleeping */
    pthread_cond_t start, done;
};

static void work(lf_pool *p, int number) {
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&p->next, p->run, memory_order_relaxed);
        if (i >= p->count)
            return;
        size_t end = p->count - i < p->run ? p->count : i + p->run;
        for (; i < end; i++)
            p->fn(p->arg, i, number);
    }
}

static uint32_t round_of(uint64_t door) {
    return (uint32_t)(door >> 32);
}

static bool is_open(uint64_t door) {
    return round_of(door) & 1;
}

/* Into a round that is open and not `seen`: it stays in place until this worker leaves. */
static bool enter(lf_pool *p, uint32_t *seen) {
    uint64_t door = atomic_load(&p->door);
    while (is_open(door) && round_of(door) != *seen)
        if (atomic_compare_exchange_weak(&p->door, &door, door + 1)) {
            *seen = round_of(door);
            return true;
        }
    return false;
}

static void leave(lf_pool *p) {
    uint64_t door = atomic_fetch_sub(&p->door, 1) - 1;
    if (is_open(door) || (uint32_t)door != 0)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
}

static void await_round(lf_pool *p, uint32_t *seen) {
    for (int i = 0; i < SPINS; i++) {
        if (enter(p, seen))
            return;
        LF_RELAX();
    }
    pthread_mutex_lock(&p->lock);
    while (!enter(p, seen))
        pthread_cond_wait(&p->start, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *arg) {
    worker *w = arg;
    for (uint32_t seen = 0;;) {
        await_round(w->pool, &seen);
        bool closing = atomic_load(&w->pool->closing);
        if (!closing)
            work(w->pool, w->number);
        leave(w->pool);
        if (closing)
            return NULL;
    }
}

static void open_round(lf_pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->door, ONE_ROUND);
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
}

static bool is_empty(lf_pool *p) {
    return (uint32_t)atomic_load(&p->door) == 0;
}

/* From here on nobody enters. */
static void close_round(lf_pool *p) {
    atomic_fetch_add(&p->door, ONE_ROUND);
    for (int i = 0; i < SPINS; i++) {
        if (is_empty(p))
            return;
        LF_RELAX();
    }
    pthread_mutex_lock(&p->lock);
    while (!is_empty(p))
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* A thread that the system refuses makes the pool smaller, not broken. */
static void start_workers(lf_pool *p, int threads) {
    p->size = 1;
    while (p->size < threads) {
        worker *w = &p->workers[p->size];
        *w = (worker){.pool = p, .number = p->size};
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            return;
        p->size++;
    }
}

lf_pool *lf_pool_new(int threads) {
    threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    lf_pool *p = calloc(1, sizeof *p);
    worker *workers = calloc((size_t)threads, sizeof *workers);
    if (!p || !workers)
        lf_out_of_memory((size_t)threads * sizeof *workers);
    p->workers = workers;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->done, NULL);
    start_workers(p, threads);
    return p;
}

void lf_pool_free(lf_pool *p) {
    if (!p)
        return;
    atomic_store(&p->closing, true);
    open_round(p); /* and stays so */
    for (int i = 1; i < p->size; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->start);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p);
}

int lf_pool_size(const lf_pool *p) {
    return p->size;
}

void lf_pool_run(lf_pool *p, size_t count, lf_task_fn *fn, void *arg) {
    if (p->size == 1 || count <= 1) {
        for (size_t i = 0; i < count; i++)
            fn(arg, i, 0);
        return;
    }
    p->fn = fn;
    p->arg = arg;
    p->count = count;
    p->run = count / ((size_t)p->size * RUNS_PER_WORKER);
    p->run += p->run == 0;
    atomic_store(&p->next, 0);
    open_round(p);
    work(p, 0);
    close_round(p);
}
