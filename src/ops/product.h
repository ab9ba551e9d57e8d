/* Products and quotients: what mul and div share. */
#ifndef LF_OPS_PRODUCT_H
#define LF_OPS_PRODUCT_H

#include "ir/op.h"

lf_status lf_mul_infer(lf_graph *g, lf_node *n);
lf_status lf_mul_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);
lf_monotone lf_mul_monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel);

lf_status lf_div_infer(lf_graph *g, lf_node *n);
lf_status lf_div_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);
lf_monotone lf_div_monotone(const lf_graph *g, const lf_node *n, int axis, int64_t channel);

#endif
