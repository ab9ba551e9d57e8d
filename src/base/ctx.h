/* The context of one job: its diagnostics, its worker threads, its progress line.
 * The library never exits, prints or reads the environment; it records what happened here and the caller
 * (the command line, Python) decides what to show. */
#ifndef LF_BASE_CTX_H
#define LF_BASE_CTX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"

/* Also the exit status of the command, see interface.md. */
typedef enum lf_status {
    LF_OK = 0,
    LF_FAILED = 1,    /* a check failed: the two things compared differ */
    LF_BAD_INPUT = 2, /* a file or option that cannot be used */
    LF_NO_TOOL = 3    /* an external tool is missing */
} lf_status;

typedef enum lf_severity { LF_NOTE, LF_WARNING, LF_ERROR } lf_severity;

/* Where a diagnostic points; unknown parts are NULL or 0. Strings are copied. */
typedef struct lf_where {
    const char *file;
    const char *node; /* name of the graph node */
    int line, column; /* from 1 */
} lf_where;

typedef struct lf_diag {
    lf_severity severity;
    lf_where where;
    const char *text; /* what is wrong, with the two things that disagree */
    const char *hint; /* what to do, or NULL */
} lf_diag;

typedef struct lf_ctx lf_ctx;
typedef struct lf_pool lf_pool;

/* Progress of long work. `done` of `total` units; total 0 when unknown. Called from one thread at a time. */
typedef void lf_progress_fn(void *user, const char *what, uint64_t done, uint64_t total);

lf_ctx *lf_ctx_new(int threads); /* 0: as many as the machine has cores */
void lf_ctx_free(lf_ctx *ctx);

lf_arena *lf_ctx_arena(lf_ctx *ctx); /* lives as long as the context */
lf_pool *lf_ctx_pool(lf_ctx *ctx);   /* the worker threads, made on first use */
int lf_ctx_threads(const lf_ctx *ctx);

void lf_ctx_on_progress(lf_ctx *ctx, lf_progress_fn *fn, void *user);
void lf_progress(lf_ctx *ctx, const char *what, uint64_t done, uint64_t total);

/* Record an error and return `status`, so that `return lf_fail(ctx, ...)` reads well. `where` may be NULL.
 * At most 1000 diagnostics are kept; the rest are counted. Thread-safe. */
lf_status lf_fail(lf_ctx *ctx, lf_status status, const lf_where *where, const char *fmt, ...) LF_PRINTF(4, 5);
void lf_warn(lf_ctx *ctx, const lf_where *where, const char *fmt, ...) LF_PRINTF(3, 4);
void lf_note(lf_ctx *ctx, const lf_where *where, const char *fmt, ...) LF_PRINTF(3, 4);
/* Add what to do to the newest diagnostic. */
void lf_hint(lf_ctx *ctx, const char *fmt, ...) LF_PRINTF(2, 3);

size_t lf_diag_count(const lf_ctx *ctx);
const lf_diag *lf_diag_at(const lf_ctx *ctx, size_t i);
size_t lf_diag_errors(const lf_ctx *ctx); /* how many of them are errors, dropped ones included */
void lf_diag_clear(lf_ctx *ctx);
/* "file:line: node: text\n  hint" into arena memory. */
const char *lf_diag_text(lf_arena *a, const lf_diag *d);

/* The known name nearest to `word` by edit distance (for "did you mean"), or NULL when none is near. */
const char *lf_nearest(const char *word, const char *const *known, size_t count);

#define LF_TRY(expr)                        \
    do {                                    \
        lf_status lf_try_status_ = (expr);  \
        if (lf_try_status_ != LF_OK)        \
            return lf_try_status_;          \
    } while (0)

#endif
