/* What a run would leave behind if it ended now: directories that are not finished, and tools that are running. */
#ifndef LF_BASE_LEFTOVERS_H
#define LF_BASE_LEFTOVERS_H

#include <sys/types.h>

#include "base/ctx.h"

/* A temporary or unfinished directory, or a file; the path is copied. It need not be taken back: what is gone cannot be removed. */
void lf_leftover_dir(lf_ctx *ctx, const char *path);

/* A tool runs in the process group `pid`, and no longer. */
void lf_leftover_tool(lf_ctx *ctx, pid_t pid);
void lf_leftover_tool_ended(lf_ctx *ctx, pid_t pid);

/* Inside the context. */
typedef struct lf_leftovers lf_leftovers;
lf_leftovers *lf_leftovers_new(void); /* NULL when memory is out */
void lf_leftovers_free(lf_leftovers *l);
lf_leftovers *lf_ctx_leftovers(lf_ctx *ctx);

#endif
