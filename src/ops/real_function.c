#include "ops/real_function.h"

lf_status lf_real_infer(lf_graph *g, lf_node *n) {
    lf_set_real(g, n, lf_out(g, n, 0), lf_in(g, n, 0)->shape);
    return LF_OK;
}

lf_status lf_real_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_real_own *own = n->op->own;
    const double *x = lf_value_reals(run, in);
    for (size_t e = 0; e < out->count; e++)
        out->real[e] = own->value(x[e], n->attr);
    return LF_OK;
}
