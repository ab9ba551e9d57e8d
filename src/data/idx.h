/* IDX files, the format of MNIST, plain or gzip. Source: the description on the MNIST page (a magic number 00 00 TYPE RANK,
 * RANK big-endian uint32 dimensions, the elements big endian in C order). */
#ifndef LF_DATA_IDX_H
#define LF_DATA_IDX_H

#include "data/array.h"

/* Reads a file; gzip is recognised by its content. The size in the header must be that of the file exactly. */
LF_MUST_USE lf_status lf_idx_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_array *out);
/* The same from bytes; `file` is for messages. Never inflates more than the header promises and one byte. */
LF_MUST_USE lf_status lf_idx_parse(lf_ctx *ctx, lf_arena *a, const char *file, const uint8_t *bytes, size_t size,
                                   lf_array *out);

/* Writes uint8, int8, int16, int32, float32 or float64, uncompressed; other types are refused. */
LF_MUST_USE lf_status lf_idx_write(lf_ctx *ctx, const char *path, const lf_array *x);

#endif
