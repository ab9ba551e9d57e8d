/* The text form (contracts.md 8): NAME.lf with NAME.lfw beside it. */
#ifndef LF_IR_LFTEXT_H
#define LF_IR_LFTEXT_H

#include "base/text.h"
#include "ir/op.h"

/* Prints g. Constants of more than 64 elements go to `weights` (bit-packed, little-endian) unless inline_all. Printing
 * and parsing again gives the same bytes. */
LF_MUST_USE lf_status lf_graph_print(const lf_graph *g, bool inline_all, lf_text *text, lf_text *weights);

/* Parses. `weights` may be empty when no constant refers to it. `file` is for messages. NULL after recording what is wrong
 * and on which line. Never crashes, whatever the bytes; checks the weights' hash. */
lf_graph *lf_graph_parse(lf_ctx *ctx, const char *file, const char *text, size_t len, const uint8_t *weights,
                         size_t weights_len, lf_op_find_fn *find);

/* Writes path (NAME.lf) and, when needed, NAME.lfw beside it; reads both. */
LF_MUST_USE lf_status lf_graph_save(const lf_graph *g, const char *path, bool inline_all);
lf_graph *lf_graph_load(lf_ctx *ctx, const char *path, lf_op_find_fn *find);

#endif
