/* What a verb writes is never a file that it reads: a model or its rows would be gone, though nothing failed. */
#ifndef LF_API_TARGETS_H
#define LF_API_TARGETS_H

#include "api/answer.h"

/* Files that a verb reads. Lists end with NULL and hold "FILE" or "NAME=FILE"; what is not given is NULL. */
typedef struct lf_sources {
    const char *model; /* a file, with its weights if it is a text, or the directory of a build */
    lf_strings rows;
    const char *set;         /* a data set as the user names it: a table of the user's is a file */
    const char *const *more; /* up to the first NULL */
} lf_sources;

/* LF_BAD_INPUT, naming both, where `path` ("FILE" or "NAME=FILE", may be NULL) is one of the sources under any name, where it is a text
 * whose weights would go into one, where it is a file of the build that is the model; and where it cannot be written, which is better known before long work. `option` is how
 * the user gave the path. */
LF_MUST_USE lf_status lf_check_target(lf_ctx *ctx, const char *option, const char *path, const lf_sources *in);
/* The same for a list (may be NULL), whose files must also be different ones. */
LF_MUST_USE lf_status lf_check_targets(lf_ctx *ctx, const char *option, lf_strings paths, const lf_sources *in);

/* LF_BAD_INPUT where `dir`, which a build replaces whole, holds a source. */
LF_MUST_USE lf_status lf_check_target_dir(lf_ctx *ctx, const char *option, const char *dir, const lf_sources *in);

#endif
