/* One writer of a file at a time, among the processes of this machine. */
#ifndef LF_BASE_LOCK_H
#define LF_BASE_LOCK_H

#include "base/ctx.h"

/* Held by the system for this process through a file beside `path`, PATH.lock, which holds the process's number. The lock ends with the process,
 * however that ends; a PATH.lock that is left then locks nothing. */
typedef struct lf_lock lf_lock;

/* LF_BAD_INPUT, with the number of the process, where another one holds the lock of `path` under any of its names: "another lutfisk (process N) `does`". On file
 * systems without locks *out is NULL, which was noted. */
LF_MUST_USE lf_status lf_lock_take(lf_ctx *ctx, const char *path, const char *does, lf_lock **out);
void lf_lock_free(lf_lock *l); /* removes PATH.lock, before the context is freed; NULL is fine */

#endif
