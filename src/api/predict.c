/* predict: rows in, rows out. */
#include <string.h>

#include "api/engine.h"
#include "api/targets.h"
#include "data/npy.h"
#include "report/text_table.h"

typedef struct predictor {
    lf_ctx *ctx;
    const lf_predict_options *o;
    lf_arena *arena;
    lf_engine *engine;
    lf_rows rows;
    const char **names; /* of the outputs written */
    lf_array *arrays;
    lf_array_type *as; /* what they become when they are written */
    lf_row_out *out;
    size_t count;
    double seconds;
} predictor;

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

static lf_status add_output(predictor *p, const char *name, lf_id tensor, bool codes, const lf_input_grid *integers) {
    const lf_tensor *t = lf_tensor_at(lf_engine_graph(p->engine), tensor);
    lf_shape shape;
    lf_array *x = &p->arrays[p->count];
    lf_array_type as = codes ? LF_ARRAY_I64 : written_type(t, integers);
    codes = codes || (integers && lf_is_codes(t));
    lf_array_type type = codes ? LF_ARRAY_I64 : integers ? LF_ARRAY_F64 : as;
    if (!rows_shape(t->shape, p->rows.rows, &shape) || !lf_array_new(p->arena, type, shape, x))
        return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows of output %s", p->rows.rows, name);
    p->names[p->count] = name;
    p->as[p->count] = as;
    p->out[p->count] = (lf_row_out){.tensor = tensor};
    if (codes)
        p->out[p->count].code = x->data;
    else if (type == LF_ARRAY_F64)
        p->out[p->count].real = x->data;
    else
        p->out[p->count].single = x->data;
    p->count++;
    return LF_OK;
}

static lf_status named_tensor(predictor *p) {
    const lf_graph *g = lf_engine_graph(p->engine);
    const lf_tensor *t = lf_find_tensor(g, p->o->output);
    if (t)
        return add_output(p, t->name, t->id, p->o->raw && lf_on_grid(t), NULL);
    LF_VEC(const char *) known = {0};
    for (size_t i = 0; i < g->tensors.count; i++)
        if (g->tensors.at[i])
            LF_PUSH(p->arena, &known, g->tensors.at[i]->name);
    const char *near = lf_nearest(p->o->output, known.at, known.count);
    lf_status status = lf_fail(p->ctx, LF_BAD_INPUT, NULL, "the network has no tensor \"%s\"", p->o->output);
    if (near)
        lf_hint(p->ctx, "did you mean %s?", near);
    return status;
}

static lf_status choose_outputs(predictor *p) {
    const lf_graph *g = lf_engine_graph(p->engine);
    size_t most = g->outputs.count + 1;
    p->names = LF_NEW_ARRAY(p->arena, const char *, most);
    p->arrays = LF_NEW_ARRAY(p->arena, lf_array, most);
    p->as = LF_NEW_ARRAY(p->arena, lf_array_type, most);
    p->out = LF_NEW_ARRAY(p->arena, lf_row_out, most);
    if (p->o->output)
        return named_tensor(p);
    for (size_t i = 0; i < g->outputs.count; i++) {
        const lf_port *port = &g->outputs.at[i];
        lf_id raw = p->o->raw ? lf_raw_tensor(g, port->tensor) : 0;
        if (p->o->raw && !raw)
            return lf_fail(
                p->ctx, LF_BAD_INPUT, NULL,
                "output %s has no integers before a scale: --raw needs the fast engine and a quantized network",
                port->name);
        LF_TRY(add_output(p, port->name, raw ? raw : port->tensor, raw || lf_is_index(g, port->tensor), port->grid));
    }
    return LF_OK;
}

/* In blocks of rows, so that progress is shown and --batch is kept. */
static lf_status run_blocks(predictor *p) {
    const lf_graph *g = lf_engine_graph(p->engine);
    size_t block = p->o->batch > 0 ? (size_t)p->o->batch : 8192;
    lf_row_in *in = LF_NEW_ARRAY(p->arena, lf_row_in, p->rows.in_count);
    lf_row_out *out = LF_NEW_ARRAY(p->arena, lf_row_out, p->count);
    double began = lf_seconds();
    for (size_t first = 0; first < p->rows.rows; first += block) {
        size_t rows = p->rows.rows - first < block ? p->rows.rows - first : block;
        lf_progress(p->ctx, "predict", first, p->rows.rows);
        for (size_t i = 0; i < p->rows.in_count; i++) {
            size_t stride = (size_t)lf_shape_count(lf_tensor_at(g, p->rows.in[i].tensor)->shape) *
                            (p->rows.in[i].type == LF_ROW_F32 ? 4 : 8);
            in[i] = p->rows.in[i];
            in[i].data = (const char *)p->rows.in[i].data + first * stride;
        }
        for (size_t i = 0; i < p->count; i++) {
            size_t elements = (size_t)lf_shape_count(lf_tensor_at(g, p->out[i].tensor)->shape);
            out[i] = p->out[i];
            if (out[i].code)
                out[i].code += first * elements;
            if (out[i].single)
                out[i].single += first * elements;
            if (out[i].real)
                out[i].real += first * elements;
        }
        lf_row_io io = {.in = in, .in_count = p->rows.in_count, .out = out, .out_count = p->count};
        LF_TRY(lf_engine_run(p->engine, &io, rows));
    }
    p->seconds = lf_seconds() - began;
    lf_row_io all = {.in = p->rows.in, .in_count = p->rows.in_count, .out = p->out, .out_count = p->count};
    return lf_engine_check(p->engine, &all, p->rows.rows);
}

enum { SHOWN_ROWS = 5, SHOWN_VALUES = 8 };

/* Without a file for them: the first rows, and what keeps all. */
static void show_rows(const predictor *p, lf_text *text) {
    for (size_t k = 0; k < p->count; k++) {
        const lf_array *x = &p->arrays[k];
        size_t width = p->rows.rows ? x->count / p->rows.rows : 0;
        for (size_t r = 0; r < p->rows.rows && r < SHOWN_ROWS; r++) {
            lf_text_addf(text, "%s[%zu]", p->names[k], r);
            for (size_t i = 0; i < width && i < SHOWN_VALUES; i++)
                lf_text_addf(text, " %.6g", lf_array_real(x, r * width + i));
            lf_text_add(text, width > SHOWN_VALUES ? " ...\n" : "\n");
        }
    }
    lf_text_addf(text, "nothing was written: -o FILE.npy keeps all %s rows\n",
                 lf_thousands(p->arena, (int64_t)p->rows.rows));
}

static void answer_with(const predictor *p, lf_answer *answer) {
    json_t *root = json_object();
    lf_text text = {0};
    double rate = p->seconds > 0 ? (double)p->rows.rows / p->seconds : 0;
    json_object_set_new(root, "samples", json_integer((json_int_t)p->rows.rows));
    json_object_set_new(root, "seconds", json_real(p->seconds));
    json_object_set_new(root, "samples_per_second", json_real(rate));
    json_object_set_new(root, "engine", json_string(lf_engine_name(p->engine)));
    if (!p->o->out || !p->o->out[0])
        show_rows(p, &text);
    lf_text_addf(&text, "%s samples in %s s: %s a second (%s engine)\n", lf_thousands(p->arena, (int64_t)p->rows.rows),
                 lf_fixed_decimals(p->arena, p->seconds, 3), lf_fixed_decimals(p->arena, rate, 0),
                 lf_engine_name(p->engine));
    lf_answer_set(answer, root, &text);
}

static lf_status check_out(lf_ctx *ctx, const lf_predict_options *o) {
    for (size_t i = 0; o->out && o->out[i]; i++) /* before the work, not after */
        LF_TRY(lf_npy_name(ctx, o->out[i]));
    return lf_check_targets(ctx, "-o", o->out, &(lf_sources){.model = o->model.model, .rows = o->in});
}

static lf_status predict(predictor *p) {
    LF_TRY(lf_rows_load(p->ctx, p->arena, lf_engine_graph(p->engine), p->o->in, &p->rows));
    LF_TRY(choose_outputs(p));
    LF_TRY(run_blocks(p));
    for (size_t i = 0; i < p->count; i++)
        LF_TRY(lf_array_convert(p->ctx, p->arena, &p->arrays[i], p->as[i], p->names[i], &p->arrays[i]));
    return lf_rows_save(p->ctx, p->o->out, p->names, p->arrays, p->count);
}

lf_status lf_predict(lf_ctx *ctx, const lf_predict_options *o, lf_answer *answer) {
    LF_TRY(check_out(ctx, o));
    predictor p = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    p.engine = lf_engine_open(ctx, &o->model, o->output ? "reference" : o->engine);
    lf_status status = p.engine ? predict(&p) : LF_BAD_INPUT;
    if (status == LF_OK)
        answer_with(&p, answer);
    lf_engine_free(p.engine);
    lf_arena_free(p.arena);
    return status;
}
