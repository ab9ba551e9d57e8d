/* The table of ops that ops.def makes. */
#ifndef LF_OPS_OPS_H
#define LF_OPS_OPS_H

#include "ir/op.h"

extern const lf_op *const lf_ops[]; /* NULL-terminated, in the order of ops.def */
const lf_op *lf_op_find(const char *name);

#define LF_OP(name) extern const lf_op lf_op_##name;
#include "ops/ops.def"
#undef LF_OP

#endif
