/* Elementwise logic on the codes 0 and 1. */
#ifndef LF_OPS_LOGIC_H
#define LF_OPS_LOGIC_H

#include "ops/elementwise.h"

typedef bool lf_connective(bool a, bool b);

/* All operands must be codes 0 and 1; so is output 0. */
lf_status lf_logic_infer(lf_graph *g, lf_node *n);
lf_status lf_logic_exec(const lf_value *in, lf_value *out, lf_connective *of);

#endif
