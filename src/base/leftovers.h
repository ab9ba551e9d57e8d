/* What a run would leave behind if it ended now: files and directories that are not finished, locks, and tools that are running. Another
 * thread may clean up at any moment (lf_ctx_clean_up); nothing is made behind it. */
#ifndef LF_BASE_LEFTOVERS_H
#define LF_BASE_LEFTOVERS_H

#include <sys/types.h>

#include "base/ctx.h"

/* What is made between these two is known when the run is cleaned up, or is not made at all: lf_making says 0, or ECANCELED when that has
 * happened already. lf_made ends it; `path`: a temporary or unfinished directory, or a file (copied), or NULL. */
LF_MUST_USE int lf_making(lf_ctx *ctx);
void lf_made(lf_ctx *ctx, const char *path);
/* The file or directory is gone or has its final name: the old name may be anyone's from now on, and is not cleaned up. Fine for a path that
 * is not known. */
void lf_unmade(lf_ctx *ctx, const char *path);

/* A tool runs in the process group `pid`, and no longer. */
void lf_leftover_tool(lf_ctx *ctx, pid_t pid);
void lf_leftover_tool_ended(lf_ctx *ctx, pid_t pid);

/* Inside the context. */
typedef struct lf_leftovers lf_leftovers;
lf_leftovers *lf_leftovers_new(void); /* NULL when memory is out */
void lf_leftovers_free(lf_leftovers *l);
lf_leftovers *lf_ctx_leftovers(lf_ctx *ctx);

#endif
