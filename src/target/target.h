/* Targets: what a hardware graph is printed as. One file each, one line in target.def. */
#ifndef LF_TARGET_TARGET_H
#define LF_TARGET_TARGET_H

#include "ir/op.h"

typedef struct lf_target {
    const char *name;
    const char *help;
    /* Writes the design below `dir`, which exists. `top` is the name of the top module. */
    lf_status (*emit)(const lf_graph *hardware, const char *top, const char *dir);
} lf_target;

extern const lf_target *const lf_targets[]; /* NULL-terminated */

#define LF_TARGET(id) extern const lf_target lf_target_##id;
#include "target/target.def"
#undef LF_TARGET

#endif
