/* The context of one job: its diagnostics, its worker threads, its progress line.
 * The library never exits, prints or reads the environment; it records what happened here and the caller
 * (the command line, Python) decides what to show. */
#ifndef LUTFISK_CONTEXT_H
#define LUTFISK_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LF_API __attribute__((visibility("default")))
#else
#define LF_API
#endif

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

/* Progress of long work. `done` of `total` units; total 0 when unknown. Called from one thread at a time. */
typedef void lf_progress_fn(void *user, const char *what, uint64_t done, uint64_t total);

LF_API lf_ctx *lf_ctx_new(int threads); /* 0: as many as the machine has cores */
LF_API void lf_ctx_free(lf_ctx *ctx);

/* Where temporary directories (simulation, synthesis) are made; copied. NULL or "": /tmp. */
LF_API void lf_ctx_temporary(lf_ctx *ctx, const char *dir);

/* For a program that is about to end while a verb runs in another thread (on a signal, say): kills the tools that run for the context and
 * removes what it has not finished: temporary and output directories, half-written files, its locks. From then on the context makes nothing
 * new and puts nothing in place: a verb in it fails ("Operation canceled") or ends with the process. For any other work make a new context.
 * The library installs no signal handlers. */
LF_API void lf_ctx_clean_up(lf_ctx *ctx);

LF_API void lf_ctx_on_progress(lf_ctx *ctx, lf_progress_fn *fn, void *user);

/* Diagnostics in the order they were recorded; at most 1000 are kept, the rest are counted. */
LF_API size_t lf_diag_count(const lf_ctx *ctx);
LF_API const lf_diag *lf_diag_at(const lf_ctx *ctx, size_t i);
LF_API size_t lf_diag_errors(const lf_ctx *ctx); /* how many of them are errors, dropped ones included */
LF_API void lf_diag_clear(lf_ctx *ctx);

#ifdef __cplusplus
}
#endif

#endif
