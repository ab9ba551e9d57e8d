/* Rows in .npy and .npz files. */
#include <string.h>

#include "api/engine.h"
#include "base/text.h"
#include "data/npy.h"
#include "data/table_rows.h"

static bool same_dims(lf_shape a, int from_a, lf_shape b, int from_b) {
    if (a.rank - from_a != b.rank - from_b)
        return false;
    for (int i = 0; i < a.rank - from_a; i++)
        if (a.dim[from_a + i] != b.dim[from_b + i])
            return false;
    return true;
}

/* How many samples an array of shape x holds: a first dimension of 1 of the model is the batch; a model without one takes a sample as it
 * is, or several behind one another in a dimension of their own. */
static bool count_rows(lf_shape model, lf_shape x, size_t *rows) {
    bool batch = model.rank > 0 && model.dim[0] == 1;
    bool alone = !batch && same_dims(model, 0, x, 0), many = x.rank > 0 && same_dims(model, batch, x, 1);
    *rows = alone ? 1 : many ? (size_t)x.dim[0] : 0;
    return alone || many;
}

static lf_row_type row_type(lf_array_type t) {
    return t == LF_ARRAY_F32 || t == LF_ARRAY_F16 ? LF_ROW_F32 : LF_ROW_F64;
}

lf_status lf_rows_take(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const lf_port *port, const lf_array *x,
                       const char *file, lf_row_in *out, size_t *rows) {
    lf_shape want = lf_tensor_at(g, port->tensor)->shape;
    lf_array converted;
    if (!count_rows(want, x->shape, rows)) {
        lf_status status =
            lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = file}, "rows of shape %s do not fit input %s %s",
                    lf_shape_text(a, x->shape), port->name, lf_shape_text(a, want));
        lf_hint(ctx, "the first dimension counts the rows, the others must be the model's");
        return status;
    }
    lf_row_type type = row_type(x->type);
    LF_TRY(lf_array_convert(ctx, a, x, type == LF_ROW_F32 ? LF_ARRAY_F32 : LF_ARRAY_F64, file, &converted));
    *out = (lf_row_in){.tensor = port->tensor, .type = type, .data = converted.data};
    return LF_OK;
}

static const lf_port *port_named(const lf_graph *g, const char *name, size_t len) {
    for (size_t i = 0; i < g->inputs.count; i++)
        if (strlen(g->inputs.at[i].name) == len && !strncmp(g->inputs.at[i].name, name, len))
            return &g->inputs.at[i];
    return NULL;
}

static lf_status take_rows(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const lf_port *port, const lf_array *x,
                           const char *file, lf_rows *out) {
    for (size_t i = 0; i < out->in_count; i++)
        if (out->in[i].tensor == port->tensor)
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "input %s was given twice", port->name);
    size_t rows;
    LF_TRY(lf_rows_take(ctx, a, g, port, x, file, &out->in[out->in_count], &rows));
    if (out->in_count && out->rows != rows)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = file}, "%zu rows for input %s, %zu for the one before",
                       rows, port->name, out->rows);
    out->rows = rows;
    out->in_count++;
    return LF_OK;
}

static lf_status unknown_input(lf_ctx *ctx, const lf_graph *g, const char *name) {
    lf_text names = {0};
    for (size_t i = 0; i < g->inputs.count; i++)
        lf_text_addf(&names, " %s", g->inputs.at[i].name);
    lf_status status = lf_fail(ctx, LF_BAD_INPUT, NULL, "the network has no input \"%s\"; its inputs are:%s", name,
                               names.at ? names.at : " none");
    lf_text_free(&names);
    return status;
}

static lf_status load_archive(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const char *path, lf_rows *out) {
    lf_named_array *all;
    size_t count;
    LF_TRY(lf_npz_read(ctx, a, path, &all, &count));
    for (size_t i = 0; i < count; i++) {
        const lf_port *port = port_named(g, all[i].name, strlen(all[i].name));
        if (!port && g->inputs.count == 1 && count == 1)
            port = &g->inputs.at[0];
        LF_TRY(port ? take_rows(ctx, a, g, port, &all[i].array, path, out) : unknown_input(ctx, g, all[i].name));
    }
    return LF_OK;
}

/* A row of a table has one column for every element of the one input. */
static lf_status load_table(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const char *path, lf_array *x) {
    lf_where where = {.file = path};
    lf_shape shape = lf_tensor_at(g, g->inputs.at[0].tensor)->shape;
    if (!g->column_count) {
        lf_status status = lf_fail(ctx, LF_BAD_INPUT, &where, "the network does not say how columns become its input");
        lf_hint(ctx, "networks trained on tables do, in their .lf file; others take rows of numbers as .npy");
        return status;
    }
    if (g->inputs.count != 1 || (size_t)lf_shape_count(shape) != g->column_count)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "the network names %zu columns, its input is %s", g->column_count,
                       lf_shape_text(a, shape));
    LF_TRY(lf_table_rows_read(ctx, a, path, g->columns, g->column_count, x));
    int64_t rows = x->shape.dim[0];
    bool batch = shape.rank > 0 && shape.dim[0] == 1;
    x->shape = lf_shape_make(1, &rows);
    for (int i = batch; i < shape.rank && x->shape.rank < LF_MAX_RANK; i++)
        x->shape.dim[x->shape.rank++] = shape.dim[i];
    return LF_OK;
}

static lf_status load_one(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const char *spec, lf_rows *out) {
    const char *equals = strchr(spec, '=');
    const lf_port *port = equals                 ? port_named(g, spec, (size_t)(equals - spec))
                          : g->inputs.count == 1 ? &g->inputs.at[0]
                                                 : NULL;
    const char *path = equals && port ? equals + 1 : spec;
    lf_array x;
    if (lf_is_npz(path))
        return load_archive(ctx, a, g, path, out);
    if (equals && !port)
        return unknown_input(ctx, g, lf_strndup(a, spec, (size_t)(equals - spec)));
    if (!port)
        return lf_fail(ctx, LF_BAD_INPUT, NULL,
                       "the network has %zu inputs: give each as -i NAME=FILE, or all in one .npz", g->inputs.count);
    LF_TRY(lf_is_csv(path) ? load_table(ctx, a, g, path, &x) : lf_npy_read(ctx, a, path, &x));
    return take_rows(ctx, a, g, port, &x, path, out);
}

lf_status lf_rows_load(lf_ctx *ctx, lf_arena *a, const lf_graph *g, lf_strings specs, lf_rows *out) {
    *out = (lf_rows){.in = LF_NEW_ARRAY(a, lf_row_in, g->inputs.count + 1)};
    if (!specs || !specs[0])
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "no rows were given: -i X.npy");
    for (size_t i = 0; specs[i]; i++)
        LF_TRY(load_one(ctx, a, g, specs[i], out));
    for (size_t i = 0; i < g->inputs.count; i++) {
        bool given = false;
        for (size_t k = 0; k < out->in_count; k++)
            given |= out->in[k].tensor == g->inputs.at[i].tensor;
        if (!given)
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "no rows for input %s", g->inputs.at[i].name);
    }
    return LF_OK;
}

static lf_status save_archive(lf_ctx *ctx, const char *path, const char *const *names, const lf_array *arrays,
                              size_t count) {
    lf_arena *a = lf_arena_new();
    lf_named_array *all = LF_NEW_ARRAY(a, lf_named_array, count + 1);
    for (size_t i = 0; i < count; i++)
        all[i] = (lf_named_array){names[i], arrays[i]};
    lf_status status = lf_npz_write(ctx, path, all, count);
    lf_arena_free(a);
    return status;
}

static lf_status save_one(lf_ctx *ctx, const char *spec, const char *const *names, const lf_array *arrays,
                          size_t count) {
    if (lf_ends_with(spec, ".npz"))
        return save_archive(ctx, spec, names, arrays, count);
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(names[i]);
        if (!strncmp(spec, names[i], n) && spec[n] == '=')
            return lf_npy_write(ctx, spec + n + 1, &arrays[i]);
    }
    if (count > 1)
        return lf_fail(ctx, LF_BAD_INPUT, NULL,
                       "the network has %zu outputs: give each as -o NAME=FILE, or all in one .npz", count);
    return lf_npy_write(ctx, spec, &arrays[0]);
}

lf_status lf_rows_save(lf_ctx *ctx, lf_strings specs, const char *const *names, const lf_array *arrays, size_t count) {
    for (size_t i = 0; specs && specs[i]; i++)
        LF_TRY(save_one(ctx, specs[i], names, arrays, count));
    return LF_OK;
}
