/* A small YAML document as a tree, by libyaml's events. No anchors, aliases or tags; depth, count and size are
 * capped. */
#ifndef LF_TRAIN_YAML_TREE_H
#define LF_TRAIN_YAML_TREE_H

#include "base/ctx.h"

enum { LF_YAML_DEPTH_MAX = 8, LF_YAML_NODES_MAX = 4096 };

typedef enum lf_yaml_kind { LF_YAML_SCALAR, LF_YAML_LIST, LF_YAML_MAP } lf_yaml_kind;

typedef struct lf_yaml {
    lf_yaml_kind kind;
    int line, column; /* from 1 */
    const char *text; /* SCALAR */
    const char *key;  /* of an entry of a map */
    int key_line, key_column;
    struct lf_yaml *child, *next; /* first entry; next entry of the same list or map */
} lf_yaml;

/* The root node in arena memory, or NULL after recording what is wrong and where. One document, keys are scalars and
 * unique. */
lf_yaml *lf_yaml_parse(lf_ctx *ctx, lf_arena *a, const char *file, const char *text, size_t len);
/* The entry of a map with that key, or NULL. */
const lf_yaml *lf_yaml_find(const lf_yaml *map, const char *key);

#endif
