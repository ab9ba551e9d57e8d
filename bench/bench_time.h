/* How the benches measure on a machine that others use, too: thread CPU time, many windows of a millisecond, medians. */
#ifndef BENCH_TIME_H
#define BENCH_TIME_H

#include <stdlib.h>
#include <time.h>

enum { BENCH_WINDOWS = 2000 };

static inline double bench_now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int bench_by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct bench_rate {
    double median, best; /* per second of this thread */
} bench_rate;

/* work(with) does `each` things; repeated for so many seconds. */
static inline bench_rate bench_measure(void (*work)(void *), void *with, double each, double seconds) {
    double *rate = malloc(BENCH_WINDOWS * sizeof *rate), until = bench_now(CLOCK_MONOTONIC) + seconds;
    size_t count = 0, calls = 1; /* between two looks at the clock, which cost half a microsecond */
    for (double start = until - seconds; bench_now(CLOCK_MONOTONIC) - start < 1e-4; calls *= 2)
        for (size_t i = 0; i < calls; i++)
            work(with);
    for (; count < BENCH_WINDOWS && (count < 5 || bench_now(CLOCK_MONOTONIC) < until); count++) {
        double start = bench_now(CLOCK_THREAD_CPUTIME_ID), took, done = 0;
        do {
            for (size_t i = 0; i < calls; i++)
                work(with);
            done += each * (double)calls;
        } while ((took = bench_now(CLOCK_THREAD_CPUTIME_ID) - start) < 1e-3);
        rate[count] = done / took;
    }
    qsort(rate, count, sizeof *rate, bench_by_size);
    bench_rate r = {rate[count / 2], rate[count - 1]};
    free(rate);
    return r;
}

#endif
