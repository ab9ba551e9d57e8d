/* Reading whole files and writing them so that the old one stays until the new one is complete. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fatal.h"
#include "base/leftovers.h"
#include "base/text.h"

/* Smaller files are copied: cheaper than a mapping, and a sanitizer sees a step past their end. */
enum { MAP_FROM = 1 << 20, READ_STEP = 1 << 16 };

static lf_status fail_at(lf_ctx *ctx, const char *path, const char *what, int error) {
    return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "cannot %s: %s", what, strerror(error));
}

/* Reading. */

static lf_status too_large(lf_ctx *ctx, const char *path, size_t max_size) {
    return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "the file is larger than the limit of %zu bytes",
                   max_size);
}

/* Reads to the end of a file whose size the system may not know (a pipe). */
static lf_status read_all(lf_ctx *ctx, const char *path, int fd, size_t max_size, lf_file *out) {
    lf_text t = {0};
    char step[READ_STEP];
    for (;;) {
        ssize_t n = read(fd, step, sizeof step);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int error = errno;
            lf_text_free(&t);
            return fail_at(ctx, path, "read", error);
        }
        if (n == 0)
            break;
        lf_text_addn(&t, step, (size_t)n);
        if (max_size && t.len > max_size) {
            lf_text_free(&t);
            return too_large(ctx, path, max_size);
        }
    }
    uint8_t *data = malloc(t.len + 1); /* of an empty file, too */
    if (!data)
        lf_out_of_memory(t.len + 1);
    if (t.len)
        memcpy(data, t.at, t.len);
    *out = (lf_file){.data = data, .size = t.len};
    lf_text_free(&t);
    return LF_OK;
}

static lf_status map_all(lf_ctx *ctx, const char *path, int fd, size_t size, lf_file *out) {
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return fail_at(ctx, path, "read", errno);
    *out = (lf_file){.data = map, .size = size, .map = map};
    return LF_OK;
}

static lf_status read_fd(lf_ctx *ctx, const char *path, int fd, size_t max_size, lf_file *out) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fail_at(ctx, path, "read", errno);
    if (S_ISDIR(st.st_mode))
        return fail_at(ctx, path, "read", EISDIR);
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) /* /dev/zero never ends */
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "this is a device, not a file");
    if (S_ISREG(st.st_mode) && max_size && (uintmax_t)st.st_size > max_size)
        return too_large(ctx, path, max_size);
    if (S_ISREG(st.st_mode) && st.st_size >= MAP_FROM && (uintmax_t)st.st_size <= SIZE_MAX)
        return map_all(ctx, path, fd, (size_t)st.st_size, out);
    return read_all(ctx, path, fd, max_size, out);
}

lf_status lf_file_open(lf_ctx *ctx, const char *path, size_t max_size, lf_file *out) {
    *out = (lf_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_at(ctx, path, "open", errno);
    lf_status status = read_fd(ctx, path, fd, max_size, out);
    close(fd);
    return status;
}

void lf_file_close(lf_file *f) {
    if (f->map)
        munmap(f->map, f->size);
    else
        free((void *)(uintptr_t)f->data);
    *f = (lf_file){0};
}

/* Writing. */

static int write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

/* The error number of the first step that failed, or 0. */
static int write_and_close(int fd, const void *data, size_t size) {
    int error = write_all(fd, data, size);
    if (close(fd) != 0 && !error)
        error = errno;
    return error;
}

/* The same, opened before. */
static int write_fresh(const char *path, int flags, const void *data, size_t size) {
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
    return fd < 0 ? errno : write_and_close(fd, data, size);
}

/* A file beside the one that is meant; 0, or the error number. */
static int open_beside(lf_ctx *ctx, const char *fresh, int *fd) {
    int error = lf_making(ctx);
    if (error)
        return error;
    *fd = open(fresh, O_WRONLY | O_CLOEXEC | O_CREAT | O_TRUNC, 0666);
    error = *fd < 0 ? errno : 0;
    lf_made(ctx, error ? NULL : fresh);
    return error;
}

/* A new file that is whole, beside the one that it replaces. */
typedef struct fresh_file {
    const char *name; /* NULL: it is written in place already */
    const char *to;
    bool is_there; /* it has replaced the other */
} fresh_file;

/* A link is followed, so that what it points to is replaced, not the link. Devices and pipes cannot be replaced. */
static int write_beside(lf_ctx *ctx, lf_arena *a, const lf_new_file *f, fresh_file *out) {
    struct stat st;
    bool exists = stat(f->path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return EISDIR;
    if (exists && !S_ISREG(st.st_mode))
        return write_fresh(f->path, 0, f->data, f->size);
    char *real = exists ? realpath(f->path, NULL) : NULL;
    out->to = lf_strdup(a, real ? real : f->path);
    free(real);
    const char *fresh = lf_format(a, "%s.new-%ld", out->to, (long)getpid());
    int fd, error = open_beside(ctx, fresh, &fd);
    if (error)
        return error;
    out->name = fresh;
    return write_and_close(fd, f->data, f->size);
}

/* All at once, as far as cleaning up goes. *at: the one that failed. 0, or the error number. */
static int put_in_place(lf_ctx *ctx, fresh_file *f, size_t count, size_t *at) {
    int error = lf_making(ctx);
    if (error)
        return error;
    for (size_t i = 0; i < count && !error; i++)
        if (f[i].name) {
            error = rename(f[i].name, f[i].to) == 0 ? 0 : errno;
            f[i].is_there = !error;
            *at = i;
        }
    lf_made(ctx, NULL);
    return error;
}

lf_status lf_files_write(lf_ctx *ctx, const lf_new_file *f, size_t count) {
    lf_arena *a = lf_arena_new();
    if (!a)
        return fail_at(ctx, f->path, "write", ENOMEM);
    fresh_file *fresh = LF_NEW_ARRAY(a, fresh_file, count);
    int error = 0;
    size_t at = 0;
    for (size_t i = 0; i < count && !error; i++)
        error = write_beside(ctx, a, &f[at = i], &fresh[i]);
    if (!error)
        error = put_in_place(ctx, fresh, count, &at);
    for (size_t i = 0; i < count; i++)
        if (fresh[i].name) {
            if (!fresh[i].is_there)
                unlink(fresh[i].name);
            lf_unmade(ctx, fresh[i].name);
        }
    lf_arena_free(a);
    return error ? fail_at(ctx, f[at].path, "write", error) : LF_OK;
}

lf_status lf_file_write(lf_ctx *ctx, const char *path, const void *data, size_t size) {
    return lf_files_write(ctx, &(lf_new_file){path, data, size}, 1);
}

lf_status lf_file_writable(lf_ctx *ctx, const char *path) {
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return fail_at(ctx, path, "write", EISDIR);
    if (exists && !S_ISREG(st.st_mode))
        return access(path, W_OK) == 0 ? LF_OK : fail_at(ctx, path, "write", errno);
    lf_arena *a = lf_arena_new();
    char *real = exists ? realpath(path, NULL) : NULL;
    const char *fresh = lf_format(a, "%s.new-%ld", real ? real : path, (long)getpid());
    int error = write_fresh(fresh, O_CREAT | O_TRUNC, "", 0);
    if (!error)
        unlink(fresh);
    free(real);
    lf_arena_free(a);
    return error ? fail_at(ctx, path, "write", error) : LF_OK;
}
