/* Walking through a JSON value that somebody else wrote: every complaint names the place, "layers[1].edges[3].f". */
#ifndef LF_IMPORT_JSON_WALK_H
#define LF_IMPORT_JSON_WALK_H

#include "base/json.h"
#include "ir/graph.h"

/* A value and the way to it. Lies on the stack of who walks; the one above must live as long. */
typedef struct lf_json_at {
    lf_graph *g; /* complaints go to its context and name its source */
    const struct lf_json_at *up;
    const char *key; /* in the object above, or NULL: element `index` of the array above */
    size_t index;
    const json_t *value;
} lf_json_at;

/* Records "PATH: text"; returns LF_BAD_INPUT. */
lf_status lf_json_fail(const lf_json_at *at, const char *fmt, ...) LF_PRINTF(2, 3);

/* LF_BAD_INPUT unless `at` is an object with the key. */
LF_MUST_USE lf_status lf_json_get(const lf_json_at *at, const char *key, lf_json_at *out);
bool lf_json_has(const lf_json_at *at, const char *key);
/* The length of an array; LF_BAD_INPUT unless `at` is one of at least `least` and at most `most` elements. */
LF_MUST_USE lf_status lf_json_length(const lf_json_at *at, size_t least, size_t most, size_t *out);
lf_json_at lf_json_item(const lf_json_at *at, size_t index); /* of an array, index < its length */

/* Numbers. An integer may be written as true or false (1, 0), never with a point. */
LF_MUST_USE lf_status lf_json_int(const lf_json_at *at, int64_t least, int64_t most, int64_t *out);
LF_MUST_USE lf_status lf_json_float(const lf_json_at *at, double *out); /* rounded to float32 and widened; finite */
/* Arrays of exactly so many of them. */
LF_MUST_USE lf_status lf_json_ints(const lf_json_at *at, size_t count, int64_t least, int64_t most, int64_t *out);
LF_MUST_USE lf_status lf_json_floats(const lf_json_at *at, size_t count, double *out);

/* The same behind a key. */
LF_MUST_USE lf_status lf_json_get_int(const lf_json_at *at, const char *key, int64_t least, int64_t most, int64_t *out);
LF_MUST_USE lf_status lf_json_get_ints(const lf_json_at *at, const char *key, size_t count, int64_t least, int64_t most,
                                       int64_t *out);

#endif
