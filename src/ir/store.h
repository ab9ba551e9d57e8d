/* Private to src/ir: what a graph owns. A clone shares the constants of its origin, so a store lives as long as a graph needs it. */
#ifndef LF_IR_STORE_H
#define LF_IR_STORE_H

#include "ir/graph.h"

typedef struct lf_store {
    lf_arena *arena;
    LF_VEC(lf_file) files;   /* mapped files that constants point into */
    struct lf_store *origin; /* whose constants these are, or NULL */
    int users;               /* the graph itself, until it is freed, and its clones */
} lf_store;

/* `origin` stays in memory until g is freed. */
void lf_store_share(lf_graph *g, const lf_graph *origin);

#endif
