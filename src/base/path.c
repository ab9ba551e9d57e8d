/* Names and directories. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/leftovers.h"

bool lf_path_exists(const char *path) {
    return access(path, F_OK) == 0;
}

const char *lf_path_join(lf_arena *a, const char *dir, const char *name) {
    if (name[0] == '/' || dir[0] == 0)
        return lf_strdup(a, name);
    return lf_format(a, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}

const char *lf_path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool lf_is_dir(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool lf_path_is_plain(const char *path) {
    return path[strcspn(path, " \t\r\n\v\f\"'`\\$#%&*?;:|<>()[]{}!~")] == 0;
}

bool lf_same_file(const char *a, const char *b) {
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && S_ISREG(s.st_mode) && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

bool lf_lies_in(const char *path, const char *folder) {
    char *inner = realpath(path, NULL), *outer = realpath(folder, NULL);
    size_t n = outer ? strlen(outer) : 0;
    bool lies = inner && outer && !strncmp(inner, outer, n) && (inner[n] == '/' || (n == 1 && inner[1]));
    free(inner);
    free(outer);
    return lies;
}

/* Makes every directory on the way; `path` is cut at each slash in turn and mended again. */
static int make_dirs(char *path) {
    for (char *at = path + 1;; at++) {
        char c = *at;
        if (c != '/' && c != 0)
            continue;
        *at = 0;
        int error = mkdir(path, 0777) == 0 || lf_is_dir(path) ? 0 : errno;
        *at = c;
        if (error || c == 0)
            return error;
    }
}

lf_status lf_make_dir(lf_ctx *ctx, const char *path) {
    if (path[0] == 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "cannot make a directory: its name is empty");
    char *copy = strdup(path);
    int error = copy ? lf_making(ctx) : ENOMEM;
    if (!error) {
        error = make_dirs(copy);
        lf_made(ctx, NULL);
    }
    free(copy);
    if (!error)
        return LF_OK;
    return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "cannot make the directory: %s", strerror(error));
}

lf_status lf_temp_dir(lf_ctx *ctx, lf_arena *a, const char *parent, char **out) {
    const char *dir = parent && parent[0] ? parent : lf_ctx_temporary_dir(ctx);
    char *full = realpath(dir, NULL); /* tools run elsewhere */
    /* mkdtemp puts letters of its own in place of the last six. */
    char *path = lf_format(a, "%s/lutfisk-XXXXXX", full ? full : dir);
    free(full);
    int error = lf_making(ctx);
    if (!error) {
        error = mkdtemp(path) ? 0 : errno;
        lf_made(ctx, error ? NULL : path);
    }
    if (error)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = dir}, "cannot make a temporary directory there: %s",
                       strerror(error));
    *out = path;
    return LF_OK;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    (void)remove(path);
    return 0;
}

/* What cannot be removed is left; the walk goes on. Links are removed, not followed. */
void lf_remove_tree(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void lf_temp_dir_remove(lf_ctx *ctx, const char *path) {
    lf_remove_tree(path);
    lf_unmade(ctx, path);
}

const char *lf_path_stem(lf_arena *a, const char *path) {
    const char *base = lf_path_base(path), *dot = strrchr(base, '.');
    return dot && dot != base ? lf_strndup(a, base, (size_t)(dot - base)) : lf_strdup(a, base);
}
