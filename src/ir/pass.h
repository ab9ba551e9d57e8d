/* Passes: one file each in src/pass, listed in pass.def. The manager verifies the graph after each one. */
#ifndef LF_IR_PASS_H
#define LF_IR_PASS_H

#include "ir/op.h"

typedef enum lf_promise {
    LF_SAME_BITS,  /* every output identical */
    LF_SAME_VALUE, /* identical after the output scale */
    LF_CHANGES
} lf_promise;

typedef struct lf_pass {
    const char *name; /* kebab-case */
    const char *help;
    lf_promise promise;
    size_t option_size;
    const lf_attr_desc *options; /* as for ops, or NULL */
    lf_status (*run)(lf_graph *g, const void *options, lf_arena *scratch);
} lf_pass;

#endif
