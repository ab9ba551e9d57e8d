/* What readers of whole files have in common. */
#ifndef LF_IMPORT_SOURCE_H
#define LF_IMPORT_SOURCE_H

#include "ir/graph.h"

/* An empty graph that knows where it comes from: named after the file, with the sum of its bytes. NULL when memory is out. */
lf_graph *lf_source_graph(lf_ctx *ctx, const char *name, const uint8_t *data, size_t size);

typedef lf_graph *lf_source_fn(lf_ctx *ctx, const char *name, const uint8_t *data, size_t size);
/* What `read` makes of a file of at most 2^30 bytes. */
lf_graph *lf_source_read(lf_ctx *ctx, const char *path, lf_source_fn *read);

#endif
