/* The inside of a context: how the library records diagnostics and reaches its workers. The outside, which callers
 * see too, is lutfisk/context.h. */
#ifndef LF_BASE_CTX_H
#define LF_BASE_CTX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lutfisk/context.h>

#include "base/arena.h"
#include "base/compiler.h"

typedef struct lf_pool lf_pool;

lf_arena *lf_ctx_arena(lf_ctx *ctx); /* lives as long as the context */
lf_pool *lf_ctx_pool(lf_ctx *ctx);   /* the worker threads, made on first use */
int lf_ctx_threads(const lf_ctx *ctx);

void lf_progress(lf_ctx *ctx, const char *what, uint64_t done, uint64_t total);

/* Record an error and return `status`, so that `return lf_fail(ctx, ...)` reads well. `where` may be NULL.
 * At most 1000 diagnostics are kept; the rest are counted. Thread-safe. */
lf_status lf_fail(lf_ctx *ctx, lf_status status, const lf_where *where, const char *fmt, ...) LF_PRINTF(4, 5);
#ifdef __clang_analyzer__ /* it does not see into lf_fail: what follows an error must not be taken for reachable */
#define lf_fail(...) ((void)lf_fail(__VA_ARGS__), LF_BAD_INPUT)
#endif
void lf_warn(lf_ctx *ctx, const lf_where *where, const char *fmt, ...) LF_PRINTF(3, 4);
void lf_note(lf_ctx *ctx, const lf_where *where, const char *fmt, ...) LF_PRINTF(3, 4);
/* Add what to do to the newest diagnostic. */
void lf_hint(lf_ctx *ctx, const char *fmt, ...) LF_PRINTF(2, 3);

/* Takes back what an attempt that is given up has recorded: all diagnostics from index `first` on, of lf_diag_count before it. */
void lf_diag_take_back(lf_ctx *ctx, size_t first);

/* "file:line:column: node: text\n  hint" into arena memory; unknown parts are left out. */
const char *lf_diag_text(lf_arena *a, const lf_diag *d);

/* The known name nearest to `word` by edit distance (for "did you mean"), or NULL when none is near. */
const char *lf_nearest(const char *word, const char *const *known, size_t count);

#define LF_TRY(expr)                       \
    do {                                   \
        lf_status lf_try_status_ = (expr); \
        if (lf_try_status_ != LF_OK)       \
            return lf_try_status_;         \
    } while (0)

/* Where temporary directories are made (lf_ctx_temporary). */
const char *lf_ctx_temporary_dir(const lf_ctx *ctx);

#endif
