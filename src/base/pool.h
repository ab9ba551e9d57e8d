/* Worker threads: plain pthreads, a short spin and then sleep. No OpenMP (it blinds the thread sanitizer). */
#ifndef LF_BASE_POOL_H
#define LF_BASE_POOL_H

#include <stddef.h>

typedef struct lf_pool lf_pool;
typedef void lf_task_fn(void *arg, size_t index, int worker);

lf_pool *lf_pool_new(int threads); /* the calling thread is worker 0 */
void lf_pool_free(lf_pool *p);
int lf_pool_size(const lf_pool *p);

/* Calls fn(arg, i, worker) once for every i in [0, count), spread over the workers, and returns when all are
 * done. worker is in [0, lf_pool_size). Which worker gets which i is not fixed: results may depend on i only.
 * Calls must not nest on one pool. */
void lf_pool_run(lf_pool *p, size_t count, lf_task_fn *fn, void *arg);

#endif
