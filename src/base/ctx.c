/* The context: diagnostics under a lock, worker threads on first use. */
#include "base/ctx.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/leftovers.h"
#include "base/pool.h"
#include "base/text.h"

enum { DIAGS_MAX = 1000 };

struct lf_ctx {
    lf_arena *arena;
    lf_arena *diag_arena;
    pthread_mutex_t lock;          /* the diagnostics and the making of the pool */
    pthread_mutex_t progress_lock; /* held while the caller's function runs */
    lf_diag *diags[DIAGS_MAX];
    lf_diag *newest; /* what a hint belongs to; NULL when that one was dropped */
    size_t count, errors;
    lf_progress_fn *progress;
    void *progress_user;
    lf_pool *pool;
    int threads;
    const char *temporary;
    lf_leftovers *leftovers;
};

static int usable_cores(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

lf_ctx *lf_ctx_new(int threads) {
    lf_ctx *ctx = calloc(1, sizeof *ctx);
    if (!ctx)
        return NULL;
    pthread_mutex_init(&ctx->lock, NULL);
    pthread_mutex_init(&ctx->progress_lock, NULL);
    ctx->arena = lf_arena_new();
    ctx->diag_arena = lf_arena_new();
    ctx->threads = threads > 0 ? threads : usable_cores();
    ctx->leftovers = lf_leftovers_new();
    if (ctx->arena && ctx->diag_arena && ctx->leftovers)
        return ctx;
    lf_ctx_free(ctx);
    return NULL;
}

void lf_ctx_free(lf_ctx *ctx) {
    if (!ctx)
        return;
    lf_pool_free(ctx->pool);
    lf_leftovers_free(ctx->leftovers);
    lf_arena_free(ctx->arena);
    lf_arena_free(ctx->diag_arena);
    pthread_mutex_destroy(&ctx->lock);
    pthread_mutex_destroy(&ctx->progress_lock);
    free(ctx);
}

lf_arena *lf_ctx_arena(lf_ctx *ctx) {
    return ctx->arena;
}

int lf_ctx_threads(const lf_ctx *ctx) {
    return ctx->threads;
}

lf_pool *lf_ctx_pool(lf_ctx *ctx) {
    pthread_mutex_lock(&ctx->lock);
    if (!ctx->pool)
        ctx->pool = lf_pool_new(ctx->threads);
    lf_pool *pool = ctx->pool;
    pthread_mutex_unlock(&ctx->lock);
    return pool;
}

lf_leftovers *lf_ctx_leftovers(lf_ctx *ctx) {
    return ctx->leftovers;
}

void lf_ctx_temporary(lf_ctx *ctx, const char *dir) {
    ctx->temporary = dir && *dir ? lf_strdup(ctx->arena, dir) : NULL;
}

const char *lf_ctx_temporary_dir(const lf_ctx *ctx) {
    return ctx->temporary ? ctx->temporary : "/tmp";
}

void lf_ctx_on_progress(lf_ctx *ctx, lf_progress_fn *fn, void *user) {
    pthread_mutex_lock(&ctx->progress_lock);
    ctx->progress = fn;
    ctx->progress_user = user;
    pthread_mutex_unlock(&ctx->progress_lock);
}

void lf_progress(lf_ctx *ctx, const char *what, uint64_t done, uint64_t total) {
    pthread_mutex_lock(&ctx->progress_lock);
    if (ctx->progress)
        ctx->progress(ctx->progress_user, what, done, total);
    pthread_mutex_unlock(&ctx->progress_lock);
}

/* Diagnostics. */

static lf_diag *diag_new(lf_arena *a, lf_severity severity, const lf_where *where) {
    lf_diag *d = LF_NEW(a, lf_diag);
    d->severity = severity;
    if (where) {
        d->where = *where;
        d->where.file = lf_strdup(a, where->file);
        d->where.node = lf_strdup(a, where->node);
    }
    return d;
}

static void record(lf_ctx *ctx, lf_severity severity, const lf_where *where, const char *fmt, va_list args)
    LF_PRINTF(4, 0);
static void record(lf_ctx *ctx, lf_severity severity, const lf_where *where, const char *fmt, va_list args) {
    pthread_mutex_lock(&ctx->lock);
    ctx->errors += severity == LF_ERROR;
    ctx->newest = NULL;
    if (ctx->count < DIAGS_MAX) {
        lf_diag *d = diag_new(ctx->diag_arena, severity, where);
        d->text = lf_vformat(ctx->diag_arena, fmt, args);
        ctx->diags[ctx->count++] = ctx->newest = d;
    }
    pthread_mutex_unlock(&ctx->lock);
}

lf_status(lf_fail)(lf_ctx *ctx, lf_status status, const lf_where *where, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    record(ctx, LF_ERROR, where, fmt, args);
    va_end(args);
    return status;
}

void lf_warn(lf_ctx *ctx, const lf_where *where, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    record(ctx, LF_WARNING, where, fmt, args);
    va_end(args);
}

void lf_note(lf_ctx *ctx, const lf_where *where, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    record(ctx, LF_NOTE, where, fmt, args);
    va_end(args);
}

void lf_hint(lf_ctx *ctx, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    pthread_mutex_lock(&ctx->lock);
    if (ctx->newest) {
        const char *hint = lf_vformat(ctx->diag_arena, fmt, args);
        const char *old = ctx->newest->hint;
        ctx->newest->hint = old ? lf_format(ctx->diag_arena, "%s\n%s", old, hint) : hint;
    }
    pthread_mutex_unlock(&ctx->lock);
    va_end(args);
}

/* Others may record while the caller's progress function reads. */
size_t lf_diag_count(const lf_ctx *ctx) {
    pthread_mutex_lock((pthread_mutex_t *)&ctx->lock);
    size_t count = ctx->count;
    pthread_mutex_unlock((pthread_mutex_t *)&ctx->lock);
    return count;
}

const lf_diag *lf_diag_at(const lf_ctx *ctx, size_t i) {
    return i < lf_diag_count(ctx) ? ctx->diags[i] : NULL;
}

size_t lf_diag_errors(const lf_ctx *ctx) {
    return ctx->errors;
}

void lf_diag_clear(lf_ctx *ctx) {
    pthread_mutex_lock(&ctx->lock);
    lf_arena_reset(ctx->diag_arena);
    ctx->count = ctx->errors = 0;
    ctx->newest = NULL;
    pthread_mutex_unlock(&ctx->lock);
}

/* Those dropped for want of room stay counted when there was none left at `first`. */
void lf_diag_take_back(lf_ctx *ctx, size_t first) {
    pthread_mutex_lock(&ctx->lock);
    if (first < ctx->count) {
        ctx->count = first;
        ctx->newest = NULL;
        ctx->errors = 0;
        for (size_t i = 0; i < first; i++)
            ctx->errors += ctx->diags[i]->severity == LF_ERROR;
    }
    pthread_mutex_unlock(&ctx->lock);
}

static void add_place(lf_text *t, const lf_where *w) {
    if (w->file)
        lf_text_addf(t, "%s:", w->file);
    if (w->line > 0)
        lf_text_addf(t, w->file ? "%d:" : "line %d:", w->line);
    if (w->line > 0 && w->column > 0)
        lf_text_addf(t, "%d:", w->column);
    if (t->len)
        lf_text_add(t, " ");
    if (w->node)
        lf_text_addf(t, "%s: ", w->node);
}

/* Every line of a hint is indented, so that a reader sees where a diagnostic ends. */
static void add_hint(lf_text *t, const char *hint) {
    lf_text_add(t, "\n  ");
    for (; *hint; hint++)
        lf_text_addn(t, *hint == '\n' ? "\n  " : hint, *hint == '\n' ? 3 : 1);
}

const char *lf_diag_text(lf_arena *a, const lf_diag *d) {
    lf_text t = {0};
    add_place(&t, &d->where);
    lf_text_add(&t, d->text);
    if (d->hint)
        add_hint(&t, d->hint);
    const char *s = lf_strndup(a, t.at, t.len);
    lf_text_free(&t);
    return s;
}
