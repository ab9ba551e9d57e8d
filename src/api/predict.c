/* predict: rows in, rows out. */
#include <string.h>

#include "api/engine.h"
#include "api/output_rows.h"
#include "api/targets.h"
#include "data/npy.h"
#include "ir/table_column.h"
#include "report/text_table.h"

typedef struct predictor {
    lf_ctx *ctx;
    const lf_predict_options *o;
    lf_arena *arena;
    lf_engine *engine;
    lf_rows rows;
    lf_output_rows y;
    double seconds;
} predictor;

static lf_status named_tensor(predictor *p) {
    const lf_graph *g = lf_engine_graph(p->engine);
    const lf_tensor *t = lf_find_tensor(g, p->o->output);
    if (t)
        return lf_output_rows_add(&p->y, g, t->name, t->id, p->o->raw && lf_on_grid(t), NULL, p->rows.rows);
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
    p->y = lf_output_rows_new(p->arena, g->outputs.count + 1);
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
        LF_TRY(lf_output_rows_add(&p->y, g, port->name, raw ? raw : port->tensor, raw || lf_is_index(g, port->tensor),
                                  port->grid, p->rows.rows));
    }
    return LF_OK;
}

/* In blocks of rows, so that progress is shown and --batch is kept. */
static lf_status run_blocks(predictor *p) {
    const lf_graph *g = lf_engine_graph(p->engine);
    size_t block = p->o->batch > 0 ? (size_t)p->o->batch : 8192;
    lf_row_in *in = LF_NEW_ARRAY(p->arena, lf_row_in, p->rows.in_count);
    lf_row_out *out = LF_NEW_ARRAY(p->arena, lf_row_out, p->y.count);
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
        for (size_t i = 0; i < p->y.count; i++) {
            size_t elements = (size_t)lf_shape_count(lf_tensor_at(g, p->y.out[i].tensor)->shape);
            out[i] = p->y.out[i];
            if (out[i].code)
                out[i].code += first * elements;
            if (out[i].single)
                out[i].single += first * elements;
            if (out[i].real)
                out[i].real += first * elements;
        }
        lf_row_io io = {.in = in, .in_count = p->rows.in_count, .out = out, .out_count = p->y.count};
        LF_TRY(lf_engine_run(p->engine, &io, rows));
    }
    p->seconds = lf_seconds() - began;
    lf_row_io all = {.in = p->rows.in, .in_count = p->rows.in_count, .out = p->y.out, .out_count = p->y.count};
    return lf_engine_check(p->engine, &all, p->rows.rows);
}

enum { SHOWN_ROWS = 5, SHOWN_VALUES = 8 };

/* Of an output that is a class, behind its number; "" where it has none. */
static const char *class_name(const predictor *p, double value) {
    const char *name =
        value >= 0 && value <= 255 ? lf_graph_class_name(lf_engine_graph(p->engine), (size_t)value) : NULL;
    return name ? lf_format(p->arena, " (%s)", name) : "";
}

/* Without a file for them: the first rows, and what keeps all. */
static void show_rows(const predictor *p, lf_text *text) {
    for (size_t k = 0; k < p->y.count; k++) {
        const lf_array *x = &p->y.arrays[k];
        size_t width = p->rows.rows ? x->count / p->rows.rows : 0;
        for (size_t r = 0; r < p->rows.rows && r < SHOWN_ROWS; r++) {
            lf_text_addf(text, "%s[%zu]", p->y.names[k], r);
            for (size_t i = 0; i < width && i < SHOWN_VALUES; i++)
                lf_text_addf(text, " %.6g", lf_array_real(x, r * width + i));
            lf_text_addf(text, "%s\n",
                         width == 1 && !p->o->output ? class_name(p, lf_array_real(x, r))
                         : width > SHOWN_VALUES      ? " ..."
                                                     : "");
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

static lf_status check_options(lf_ctx *ctx, const lf_predict_options *o) {
    static const char *const engines[] = {"reference", "fast", NULL};
    LF_TRY(lf_check_word(ctx, "--engine", o->engine, engines, NULL));
    if (o->output && o->engine && !strcmp(o->engine, "fast"))
        lf_warn(ctx, NULL,
                "--engine fast has no effect: tensors inside the network (--output) are those of the reference engine");
    for (size_t i = 0; o->out && o->out[i]; i++) /* before the work, not after */
        LF_TRY(lf_npy_name(ctx, o->out[i]));
    return lf_check_targets(ctx, "-o", o->out, &(lf_sources){.model = o->model.model, .rows = o->in});
}

static lf_status predict(predictor *p) {
    LF_TRY(lf_rows_load(p->ctx, p->arena, lf_engine_graph(p->engine), p->o->in, &p->rows));
    LF_TRY(choose_outputs(p));
    LF_TRY(run_blocks(p));
    return lf_output_rows_save(p->ctx, &p->y, p->o->out);
}

lf_status lf_predict(lf_ctx *ctx, const lf_predict_options *o, lf_answer *answer) {
    LF_TRY(check_options(ctx, o));
    predictor p = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    p.engine = lf_engine_open(ctx, &o->model, o->output ? "reference" : o->engine);
    lf_status status = p.engine ? predict(&p) : LF_BAD_INPUT;
    if (status == LF_OK)
        answer_with(&p, answer);
    lf_engine_free(p.engine);
    lf_arena_free(p.arena);
    return status;
}
