/* Which op a node is of, by name. */
#ifndef LF_IR_IS_OP_H
#define LF_IR_IS_OP_H

#include <string.h>

#include "ir/op.h"

/* n may be NULL: of no op. */
static inline bool lf_is_op(const lf_node *n, const char *name) {
    return n && !strcmp(n->op->name, name);
}

/* Of one of the ops of a list that ends with NULL. */
static inline bool lf_is_one_of(const lf_node *n, const char *const *names) {
    for (; *names; names++)
        if (lf_is_op(n, *names))
            return true;
    return false;
}

#endif
