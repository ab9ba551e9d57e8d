/* JSON on top of jansson: read with the place of the first error, printed the same way everywhere. */
#ifndef LF_BASE_JSON_H
#define LF_BASE_JSON_H

#include <jansson.h>

#include "base/ctx.h"
#include "base/text.h"

/* Parses `size` bytes. Duplicate keys, NUL in strings and anything behind the value are errors with line and column;
 * `name` is what diagnostics call the file. The caller owns *out (json_decref). */
LF_MUST_USE lf_status lf_json_parse(lf_ctx *ctx, const char *name, const void *data, size_t size, json_t **out);
LF_MUST_USE lf_status lf_json_load(lf_ctx *ctx, const char *path, size_t max_size, json_t **out);

/* Adds `v`: keys in the order they were added, doubles as lf_text_double prints them, two spaces per level; arrays and
 * objects without arrays or objects in them stand on one line. No newline at the end. */
void lf_json_print(lf_text *t, const json_t *v);

#endif
