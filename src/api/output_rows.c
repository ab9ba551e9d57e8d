#include "api/output_rows.h"

/* The rows of one output: where the model has a batch of 1 in front it counts the rows; a sample without one is written as it is, or
 * several behind one another in a dimension of their own. */
static bool rows_shape(lf_shape s, size_t rows, lf_shape *out) {
    bool batch = s.rank > 0 && s.dim[0] == 1;
    *out = s;
    if (!batch && rows != 1) {
        if (s.rank == LF_MAX_RANK)
            return false;
        for (int i = out->rank++; i > 0; i--)
            out->dim[i] = s.dim[i - 1];
    }
    if (batch || rows != 1)
        out->dim[0] = (int64_t)rows;
    return true;
}

/* How the values of an output are written: integers in the type that the model says, reals as float64 only where it does. */
static lf_array_type written_type(const lf_tensor *t, const lf_input_grid *integers) {
    static const struct {
        lf_dtype type;
        lf_array_type as;
    } types[] = {{{LF_KIND_UINT, 1, 0, 0, 0}, LF_ARRAY_BOOL}, {{LF_KIND_UINT, 8, 0, 0, 0}, LF_ARRAY_U8},
                 {{LF_KIND_INT, 8, 0, 0, 0}, LF_ARRAY_I8},    {{LF_KIND_UINT, 16, 0, 0, 0}, LF_ARRAY_U16},
                 {{LF_KIND_INT, 16, 0, 0, 0}, LF_ARRAY_I16},  {{LF_KIND_UINT, 32, 0, 0, 0}, LF_ARRAY_U32},
                 {{LF_KIND_INT, 32, 0, 0, 0}, LF_ARRAY_I32},  {{LF_KIND_UINT, 64, 0, 0, 0}, LF_ARRAY_U64}};
    for (size_t i = 0; integers && i < LF_COUNT(types); i++)
        if (lf_dtype_equal(types[i].type, integers->type))
            return types[i].as;
    return integers ? LF_ARRAY_I64 : lf_dtype_equal(t->dtype, LF_FLOAT64) ? LF_ARRAY_F64 : LF_ARRAY_F32;
}

lf_output_rows lf_output_rows_new(lf_arena *a, size_t most) {
    return (lf_output_rows){.arena = a,
                            .names = LF_NEW_ARRAY(a, const char *, most),
                            .arrays = LF_NEW_ARRAY(a, lf_array, most),
                            .as = LF_NEW_ARRAY(a, lf_array_type, most),
                            .out = LF_NEW_ARRAY(a, lf_row_out, most)};
}

lf_status lf_output_rows_add(lf_output_rows *y, const lf_graph *g, const char *name, lf_id tensor, bool codes,
                             const lf_input_grid *integers, size_t rows) {
    const lf_tensor *t = lf_tensor_at(g, tensor);
    lf_shape shape;
    lf_array *x = &y->arrays[y->count];
    lf_array_type as = codes ? LF_ARRAY_I64 : written_type(t, integers);
    codes = codes || (integers && lf_is_codes(t));
    lf_array_type type = codes ? LF_ARRAY_I64 : integers ? LF_ARRAY_F64 : as;
    if (!rows_shape(t->shape, rows, &shape) || !lf_array_new(y->arena, type, shape, x))
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows of output %s", rows, name);
    y->names[y->count] = name;
    y->as[y->count] = as;
    y->out[y->count] = (lf_row_out){.tensor = tensor};
    if (codes)
        y->out[y->count].code = x->data;
    else if (type == LF_ARRAY_F64)
        y->out[y->count].real = x->data;
    else
        y->out[y->count].single = x->data;
    y->count++;
    return LF_OK;
}

lf_status lf_output_rows_save(lf_ctx *ctx, lf_output_rows *y, lf_strings specs) {
    for (size_t i = 0; i < y->count; i++)
        LF_TRY(lf_array_convert(ctx, y->arena, &y->arrays[i], y->as[i], y->names[i], &y->arrays[i]));
    return lf_rows_save(ctx, specs, y->names, y->arrays, y->count);
}
