/* A directory that appears whole: filled beside its name, then exchanged with what stood there. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/leftovers.h"

struct lf_outdir {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *path;  /* the final name, links resolved, without a slash at the end */
    const char *fresh; /* where files are written */
    const char *marker;
};

static lf_status fail_at(lf_ctx *ctx, const char *path, const char *what, int error) {
    return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "cannot %s: %s", what, strerror(error));
}

/* 1 or 0, or -1 when it cannot be read. */
static int is_empty(const char *path) {
    DIR *dir = opendir(path);
    if (!dir)
        return -1;
    int empty = 1;
    for (const struct dirent *e; empty && (e = readdir(dir));)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(dir);
    return empty;
}

/* LF_OK when `path` does not exist or may be replaced. */
static lf_status check_old(lf_ctx *ctx, const lf_outdir *d) {
    struct stat st;
    if (lstat(d->path, &st) != 0)
        return errno == ENOENT ? LF_OK : fail_at(ctx, d->path, "use the output directory", errno);
    if (!S_ISDIR(st.st_mode))
        return fail_at(ctx, d->path, "use it as the output directory", ENOTDIR);
    int empty = is_empty(d->path);
    if (empty < 0)
        return fail_at(ctx, d->path, "read the output directory", errno);
    lf_arena *a = lf_arena_new();
    bool ours = a && lf_path_exists(lf_path_join(a, d->path, d->marker));
    lf_arena_free(a);
    if (empty || ours)
        return LF_OK;
    lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = d->path},
            "the output directory exists and holds other files (no %s in it)", d->marker);
    lf_hint(ctx, "name a new or empty directory, or remove this one");
    return LF_BAD_INPUT;
}

static const char *without_end_slash(lf_arena *a, const char *path) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return lf_strndup(a, path, n);
}

/* The name with its parents made and, if it exists, its links resolved: `.` gets a name that can be renamed. */
static lf_status settle_path(lf_ctx *ctx, lf_outdir *d, const char *path) {
    if (path[0] == 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "the name of the output directory is empty");
    d->path = without_end_slash(d->arena, path);
    char *real = realpath(d->path, NULL);
    if (real) {
        d->path = lf_strdup(d->arena, real);
        free(real);
        return LF_OK;
    }
    const char *base = lf_path_base(d->path);
    if (base == d->path || base == d->path + 1)
        return LF_OK;
    return lf_make_dir(ctx, lf_strndup(d->arena, d->path, (size_t)(base - d->path) - 1));
}

/* Names of a run that was killed are cleared away when its number comes round again. */
static lf_status make_fresh(lf_ctx *ctx, lf_outdir *d) {
    d->fresh = lf_format(d->arena, "%s.new-%ld", d->path, (long)getpid());
    lf_remove_tree(d->fresh);
    int error = lf_making(ctx);
    if (!error) {
        error = mkdir(d->fresh, 0777) == 0 ? 0 : errno;
        lf_made(ctx, error ? NULL : d->fresh);
    }
    return error ? fail_at(ctx, d->path, "make the output directory", error) : LF_OK;
}

lf_status lf_outdir_begin(lf_ctx *ctx, const char *path, const char *marker, lf_outdir **out) {
    *out = NULL;
    lf_arena *a = lf_arena_new();
    if (!a)
        return fail_at(ctx, path, "make the output directory", ENOMEM);
    lf_outdir *d = LF_NEW(a, lf_outdir);
    d->ctx = ctx;
    d->arena = a;
    d->marker = lf_strdup(a, marker);
    lf_status status = settle_path(ctx, d, path);
    if (status == LF_OK)
        status = check_old(ctx, d);
    if (status == LF_OK)
        status = make_fresh(ctx, d);
    if (status == LF_OK)
        *out = d;
    else
        lf_arena_free(a);
    return status;
}

const char *lf_outdir_path(const lf_outdir *d) {
    return d->fresh;
}

/* Two renames; the second one's failure takes the first one back. */
static int replace(const char *path, const char *fresh, const char *old) {
    if (rename(path, old) != 0)
        return errno;
    if (rename(fresh, path) == 0)
        return 0;
    int error = errno;
    (void)rename(old, path);
    return error;
}

static int put_in_place(const lf_outdir *d) {
    /* This alone does for a new name and for an empty directory. */
    if (rename(d->fresh, d->path) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return errno;
    const char *old = lf_format(d->arena, "%s.old-%ld", d->path, (long)getpid());
    lf_remove_tree(old);
    int error = replace(d->path, d->fresh, old);
    if (!error)
        lf_remove_tree(old);
    return error;
}

lf_status lf_outdir_commit(lf_ctx *ctx, lf_outdir *d) {
    lf_status status = check_old(ctx, d);
    if (status == LF_OK) {
        int error = lf_making(ctx);
        if (!error) {
            error = put_in_place(d);
            lf_made(ctx, NULL);
        }
        if (error)
            status = fail_at(ctx, d->path, "put the output directory in place", error);
    }
    lf_outdir_abandon(d);
    return status;
}

void lf_outdir_abandon(lf_outdir *d) {
    if (!d)
        return;
    lf_temp_dir_remove(d->ctx, d->fresh);
    lf_arena_free(d->arena);
}
