/* Bounded decompression of .gz and .xz data held in memory. */
#ifndef LF_DATA_GZIP_H
#define LF_DATA_GZIP_H

#include "base/ctx.h"

bool lf_is_gzip(const uint8_t *bytes, size_t size);

/* A stream over plain, gzip or xz bytes, whichever they are. */
typedef struct lf_gzip lf_gzip;
lf_gzip *lf_gzip_open(const uint8_t *bytes, size_t size); /* NULL when memory is out */
void lf_gzip_close(lf_gzip *z);
/* Reads up to `size` bytes into out; fewer at the end. False on damaged data. */
bool lf_gzip_read(lf_gzip *z, uint8_t *out, size_t size, size_t *got);

/* Upper bound of what `size` bytes can unpack to (deflate expands 1032 times at most; what xz expands more than that is no data). */
size_t lf_gzip_bound(size_t size);

/* The whole, at most `limit` bytes, NUL-terminated, in memory of `a`. `file` is for messages. */
LF_MUST_USE lf_status lf_gunzip(lf_ctx *ctx, lf_arena *a, const char *file, const uint8_t *bytes, size_t size,
                                size_t limit, uint8_t **out, size_t *out_size);

#endif
