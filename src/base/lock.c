#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fatal.h"
#include "base/file.h"
#include "base/leftovers.h"
#include "base/text.h"

struct lf_lock {
    lf_ctx *ctx;
    int fd;
    char path[]; /* of the lock file */
};

/* Links followed: of the file if it exists, else of its folder. */
static const char *name_of(lf_arena *a, const char *path) {
    char *real = realpath(path, NULL);
    const char *base = lf_path_base(path), *name = real ? lf_format(a, "%s.lock", real) : NULL;
    if (!real) {
        real = realpath(base == path ? "." : lf_strndup(a, path, (size_t)(base - path)), NULL);
        name = lf_format(a, "%s/%s.lock", real ? real : ".", base);
    }
    free(real);
    return name;
}

/* Whoever held the lock before may have removed the file between our open and our lock: then it is no longer the one of that name. */
static bool is_still_there(int fd, const char *name) {
    struct stat open, named;
    return fstat(fd, &open) == 0 && stat(name, &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

/* The file of that name, new or there already; 0, or the error number. */
static int open_lock(const char *name, int *fd, bool *is_new) {
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    for (;;) {
        *fd = open(name, flags | O_CREAT | O_EXCL, 0666);
        *is_new = *fd >= 0;
        if (*is_new || errno != EEXIST)
            return *is_new ? 0 : errno;
        *fd = open(name, flags);
        if (*fd >= 0 || errno != ENOENT) /* else removed in between */
            return *fd >= 0 ? 0 : errno;
    }
}

/* 0, or the error number. A file made in vain goes, unless another process has locked it since. */
static int take(const char *name, int *fd) {
    for (;;) {
        bool is_new;
        int error = open_lock(name, fd, &is_new);
        if (error)
            return error;
        if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
            error = errno;
            if (is_new && error != EWOULDBLOCK)
                unlink(name);
            return error;
        }
        if (is_still_there(*fd, name))
            return 0;
        close(*fd);
    }
}

/* Nobody's file but ours: empty, or the number of a process. */
static bool is_lock(int fd) {
    char text[24];
    ssize_t n = pread(fd, text, sizeof text, 0);
    if (n <= 0)
        return n == 0;
    ssize_t digits = 0;
    while (digits < n && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    return digits > 0 && digits == n - 1 && text[digits] == '\n';
}

static lf_status held(lf_ctx *ctx, const char *path, const char *does, int fd) {
    char number[24] = "";
    ssize_t n = pread(fd, number, sizeof number - 1, 0);
    long pid = n > 0 ? strtol(number, NULL, 10) : 0;
    lf_where where = {.file = path};
    lf_status status = pid > 0 ? lf_fail(ctx, LF_BAD_INPUT, &where, "another lutfisk (process %ld) %s", pid, does)
                               : lf_fail(ctx, LF_BAD_INPUT, &where, "another lutfisk %s", does);
    lf_hint(ctx, "wait until it is done, or name another file");
    return status;
}

static lf_lock *keep(lf_ctx *ctx, const char *name, int fd) {
    lf_lock *l = malloc(sizeof *l + strlen(name) + 1);
    if (!l)
        lf_out_of_memory(sizeof *l);
    l->ctx = ctx;
    l->fd = fd;
    strcpy(l->path, name);
    if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0)
        lf_note(ctx, &(lf_where){.file = name}, "cannot write the number of this process: %s", strerror(errno));
    return l;
}

lf_status lf_lock_take(lf_ctx *ctx, const char *path, const char *does, lf_lock **out) {
    lf_arena *a = lf_arena_new();
    const char *name = name_of(a, path);
    lf_status status = LF_OK;
    int fd = -1, error = lf_making(ctx);
    if (!error) {
        error = take(name, &fd);
        error = !error && !is_lock(fd) ? EEXIST : error;
        lf_made(ctx, error ? NULL : name);
    }
    *out = NULL;
    if (!error)
        *out = keep(ctx, name, fd);
    else if (fd < 0)
        status = lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = name}, "cannot write: %s", strerror(error));
    else if (error == EWOULDBLOCK)
        status = held(ctx, path, does, fd);
    else if (error == EEXIST) {
        status = lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = name},
                         "this name is wanted for a lock, and the file there is none of lutfisk's");
        lf_hint(ctx, "move it away, or name another output");
    } else
        lf_note(ctx, &(lf_where){.file = path},
                "this file system has no locks (%s): see to it that nobody else writes here", strerror(error));
    if (error && fd >= 0)
        close(fd);
    lf_arena_free(a);
    return status;
}

void lf_lock_free(lf_lock *l) {
    if (!l)
        return;
    lf_unmade(l->ctx, l->path);
    if (is_still_there(l->fd, l->path)) /* not so when it was cleaned up; while it is held it is nobody else's */
        unlink(l->path);
    close(l->fd);
    free(l);
}
