/* Files: read whole or mapped, written beside and renamed into place. */
#ifndef LF_BASE_FILE_H
#define LF_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

/* A file's bytes, mapped read-only where that is possible. `data` is not NULL for an empty file either. */
typedef struct lf_file {
    const uint8_t *data;
    size_t size;
    void *map; /* private */
} lf_file;

/* LF_BAD_INPUT, with the reason, when it cannot be read or is larger than max_size (0: no limit). */
LF_MUST_USE lf_status lf_file_open(lf_ctx *ctx, const char *path, size_t max_size, lf_file *out);
void lf_file_close(lf_file *f);

/* Writes `path` beside itself and renames it into place: after any failure the old file is whole. Checks
 * every write, so a full disk is an error that names the path. */
LF_MUST_USE lf_status lf_file_write(lf_ctx *ctx, const char *path, const void *data, size_t size);
/* The same for files that belong together: none is replaced before all are written. */
typedef struct lf_new_file {
    const char *path;
    const void *data;
    size_t size;
} lf_new_file;
LF_MUST_USE lf_status lf_files_write(lf_ctx *ctx, const lf_new_file *f, size_t count);
/* Fails now where lf_file_write would fail at once, so that long work is not done in vain. What is there stays as it is. */
LF_MUST_USE lf_status lf_file_writable(lf_ctx *ctx, const char *path);

/* A directory that appears whole or not at all. Write files below lf_outdir_path, then commit: an older
 * directory of that name is replaced only if it holds `marker` (a file name; so that no foreign directory is
 * ever deleted) or is empty. lf_outdir_abandon removes the unfinished one. */
typedef struct lf_outdir lf_outdir;
LF_MUST_USE lf_status lf_outdir_begin(lf_ctx *ctx, const char *path, const char *marker, lf_outdir **out);
const char *lf_outdir_path(const lf_outdir *d);
LF_MUST_USE lf_status lf_outdir_commit(lf_ctx *ctx, lf_outdir *d); /* frees d */
void lf_outdir_abandon(lf_outdir *d);                              /* frees d */

LF_MUST_USE lf_status lf_make_dir(lf_ctx *ctx, const char *path); /* with parents; fine if it exists */
bool lf_path_exists(const char *path);
bool lf_is_dir(const char *path);
bool lf_path_is_plain(const char *path);         /* no blank, and nothing that a shell or make takes for its own */
bool lf_same_file(const char *a, const char *b); /* regular files, under whatever names and links */
bool lf_lies_in(const char *path, const char *folder); /* both exist, and path is somewhere below the folder */
/* A fresh directory below `parent`; NULL: where the context says (lf_ctx_temporary). The absolute path lies in arena memory. */
LF_MUST_USE lf_status lf_temp_dir(lf_ctx *ctx, lf_arena *a, const char *parent, char **out);
void lf_temp_dir_remove(lf_ctx *ctx, const char *path); /* with what is in it */
void lf_remove_tree(const char *path);
const char *lf_path_join(lf_arena *a, const char *dir, const char *name);
const char *lf_path_base(const char *path);              /* points into path */
const char *lf_path_stem(lf_arena *a, const char *path); /* the base without what follows its last point */

/* Lower-case hexadecimal SHA-256 of `size` bytes (libmd); out holds 65 bytes. */
void lf_sha256_hex(const void *data, size_t size, char out[65]);

#endif
