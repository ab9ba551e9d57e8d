/* Run an external tool. */
#ifndef LF_BASE_RUN_H
#define LF_BASE_RUN_H

#include "base/ctx.h"

typedef struct lf_run_result {
    int exit_code; /* 128 + signal when killed */
    char *out;     /* stdout and stderr together, NUL-terminated, at most the last 1 MiB; arena memory */
    double seconds;
} lf_run_result;

/* True when `tool` is an executable on the search path. */
bool lf_tool_found(const char *tool);

/* Runs argv (NULL-terminated) in directory `cwd` (NULL: here), without a shell, standard input empty; the child
 * dies with us. With a cwd its temporary files ($TMPDIR) lie in a directory of its own that is gone afterwards, however it ends (in cwd where its name is not plain): tools that
 * are killed leave theirs. LF_NO_TOOL when it cannot be started, LF_BAD_INPUT when cwd is no directory; a non-zero exit is
 * reported in r, not as a status. */
LF_MUST_USE lf_status lf_tool_run(lf_ctx *ctx, lf_arena *a, const char *const *argv, const char *cwd, lf_run_result *r);

#endif
