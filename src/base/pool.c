/* Workers wait for the round number to change. In a round, every worker takes runs of indices from one counter until
 * none is left, then reports; the caller works too and returns when all have reported. */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/fatal.h"

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
    atomic_size_t next; /* the first index not yet taken */
    atomic_uint round;  /* a change of it starts the workers */
    atomic_int pending; /* workers that have not reported */
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

static unsigned await_round(lf_pool *p, unsigned seen) {
    for (int i = 0; i < SPINS; i++) {
        unsigned now = atomic_load(&p->round);
        if (now != seen)
            return now;
        LF_RELAX();
    }
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->round) == seen)
        pthread_cond_wait(&p->start, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return atomic_load(&p->round);
}

static void report(lf_pool *p) {
    if (atomic_fetch_sub(&p->pending, 1) != 1)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *arg) {
    worker *w = arg;
    for (unsigned round = 0;;) {
        round = await_round(w->pool, round);
        if (atomic_load(&w->pool->closing))
            return NULL;
        work(w->pool, w->number);
        report(w->pool);
    }
}

static void start_round(lf_pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->round, 1);
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
}

static void await_reports(lf_pool *p) {
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->pending) == 0)
            return;
        LF_RELAX();
    }
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->pending) != 0)
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
    start_round(p);
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
    atomic_store(&p->pending, p->size - 1);
    start_round(p);
    work(p, 0);
    await_reports(p);
}
