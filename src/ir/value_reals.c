#include "ir/op.h"

static void decode_quotient(double *out, const lf_value *v) {
    double divisor = v->tensor->grid.divisor;
    for (size_t i = 0; i < v->count; i++)
        out[i] = (double)v->code[i] / divisor;
}

static void decode_scaled(double *out, const lf_value *v) {
    const lf_grid *grid = &v->tensor->grid;
    if (grid->scale_count == 1) {
        for (size_t i = 0; i < v->count; i++)
            out[i] = (double)v->code[i] * grid->scale[0];
        return;
    }
    for (size_t i = 0; i < v->count; i++)
        out[i] = (double)v->code[i] * grid->scale[lf_channel_of(v->tensor->shape, grid->axis, i)];
}

const double *lf_value_reals(lf_run *run, const lf_value *v) {
    if (v->real)
        return v->real;
    double *out = LF_NEW_ARRAY(run->scratch, double, v->count ? v->count : 1);
    if (v->tensor->grid.divisor != 0)
        decode_quotient(out, v);
    else
        decode_scaled(out, v);
    return out;
}
