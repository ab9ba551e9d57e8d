/* Private to src/ir: the names of a graph's tensors or nodes, found in constant time. An entry may be stale (what bore the name
 * was removed or renamed); the graph decides that, so the table never forgets. */
#ifndef LF_IR_NAMES_H
#define LF_IR_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct lf_name {
    const char *text; /* NULL: a free slot */
    uint64_t hash;
    uint32_t id;          /* last bearer */
    uint32_t next_suffix; /* where to look for a free text_N */
} lf_name;

typedef struct lf_names {
    lf_name *slot;
    size_t capacity, count; /* capacity is a power of two */
} lf_names;

/* The entry, or NULL; valid until the next lf_names_set. */
lf_name *lf_names_find(const lf_names *n, const char *text);
/* `text` now names `id`. The text must live as long as the arena. */
void lf_names_set(lf_names *n, lf_arena *a, const char *text, uint32_t id);

#endif
