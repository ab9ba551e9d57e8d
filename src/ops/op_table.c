/* The table of ops, made from ops.def. */
#include <string.h>

#include "ops/ops.h"

const lf_op *const lf_ops[] = {
#define LF_OP(name) &lf_op_##name,
#include "ops/ops.def"
#undef LF_OP
    NULL,
};

const lf_op *lf_op_find(const char *name) {
    for (size_t i = 0; lf_ops[i]; i++)
        if (!strcmp(lf_ops[i]->name, name))
            return lf_ops[i];
    return NULL;
}
