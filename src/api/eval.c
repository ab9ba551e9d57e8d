/* eval: accuracy, confusion matrix, ROC AUC; and, near chance, what would explain it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/engine.h"
#include "base/file.h"
#include "data/metrics.h"
#include "data/npy.h"
#include "data/set.h"
#include "data/table_rows.h"
#include "ir/table_column.h"
#include "report/text_table.h"

typedef struct evaluator {
    lf_ctx *ctx;
    const lf_eval_options *o;
    lf_arena *arena;
    lf_engine *engine;
    lf_dataset *set;
    const char *title;
    float *row;     /* [rows][features] */
    uint8_t *label; /* [rows] */
    size_t rows, features;
    int classes;
    double *score; /* [rows][outputs] */
    size_t outputs;
    bool index; /* the network's output is a class already */
    lf_metrics metrics;
} evaluator;

/* The set's classes have the numbers that the network gives them. */
static lf_status check_names(const evaluator *e, const lf_graph *g) {
    for (int i = 0; g->class_names && e->set->class_names && i < e->set->classes; i++) {
        const char *ours = lf_graph_class_name(g, (size_t)i), *theirs = e->set->class_names[i];
        if ((ours && strcmp(ours, theirs) == 0) || strcmp(theirs, lf_format(e->arena, "%d", i)) == 0)
            continue;
        lf_fail(e->ctx, LF_BAD_INPUT, NULL, "class %d of %s is '%s', and of the network '%s'", i, e->o->data, theirs,
                ours ? ours : "none");
        lf_hint(e->ctx, "-i FILE.csv -y FILE.csv:COLUMN goes by the names");
        return LF_BAD_INPUT;
    }
    return LF_OK;
}

static lf_status take_set(evaluator *e) {
    e->set = lf_data_open(e->ctx, e->o->data, e->o->where.dirs);
    if (!e->set)
        return LF_BAD_INPUT;
    const lf_graph *g = lf_engine_graph(e->engine);
    LF_TRY(check_names(e, g));
    if (g->column_count)
        LF_TRY(lf_table_recode(e->ctx, g->columns, g->column_count, e->set));
    e->rows = e->set->rows;
    if (e->o->samples > 0 && (size_t)e->o->samples < e->rows)
        e->rows = (size_t)e->o->samples;
    e->features = e->set->features;
    e->title = e->set->title;
    e->row = lf_alloc_try(e->arena, e->rows * e->features, sizeof *e->row);
    e->label = lf_copy(e->arena, e->set->label, e->rows);
    if (!e->row)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows", e->rows);
    lf_dataset_fill(e->set, 0, e->rows, e->row);
    return LF_OK;
}

/* `rows`: of the file of rows, before -n. */
static lf_status take_labels(evaluator *e, const lf_array *x, size_t rows) {
    lf_where where = {.file = e->o->labels};
    if (lf_array_rows(x) != rows)
        return lf_fail(e->ctx, LF_BAD_INPUT, &where, "%zu labels for %zu rows", lf_array_rows(x), rows);
    if (lf_array_row_size(x) != 1)
        return lf_fail(e->ctx, LF_BAD_INPUT, &where, "%zu values a row; a label is one number, the class of its row",
                       lf_array_row_size(x));
    e->label = LF_NEW_ARRAY(e->arena, uint8_t, e->rows);
    for (size_t i = 0; i < e->rows; i++) {
        int64_t v;
        if (!lf_array_int(x, i, &v) || v < 0 || v > 255)
            return lf_fail(e->ctx, LF_BAD_INPUT, &(lf_where){.file = e->o->labels},
                           "the label of row %zu is not a class from 0 to 255", i);
        e->label[i] = (uint8_t)v;
    }
    return LF_OK;
}

/* A file of labels, or a column of a table: "rows.csv:label". */
static lf_status read_labels(evaluator *e, lf_array *y) {
    const char *spec = e->o->labels;
    size_t path = lf_csv_path_length(spec);
    if (path && spec[path])
        return lf_table_classes_read(e->ctx, e->arena, lf_strndup(e->arena, spec, path), spec + path + 1,
                                     lf_engine_graph(e->engine), y);
    if (!path)
        return lf_npy_read(e->ctx, e->arena, spec, y);
    return lf_fail(e->ctx, LF_BAD_INPUT, &(lf_where){.file = spec},
                   "which column holds the classes? -y FILE.csv:COLUMN says it");
}

/* Rows of a table as the network's columns code them. */
static lf_status read_table(evaluator *e, lf_array *x) {
    const lf_graph *g = lf_engine_graph(e->engine);
    if (g->column_count)
        return lf_table_rows_read(e->ctx, e->arena, e->o->in, g->columns, g->column_count, x);
    return lf_fail(e->ctx, LF_BAD_INPUT, &(lf_where){.file = e->o->in},
                   "the network does not say how columns become its input");
}

static lf_status take_files(evaluator *e) {
    lf_array x, y;
    if (!e->o->in || !e->o->labels)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL,
                       "eval wants --data SET, or -i X.npy with -y LABELS.npy, or tables: -i X.csv -y X.csv:COLUMN");
    LF_TRY(lf_is_csv(e->o->in) ? read_table(e, &x) : lf_npy_read(e->ctx, e->arena, e->o->in, &x));
    LF_TRY(read_labels(e, &y));
    LF_TRY(lf_array_convert(e->ctx, e->arena, &x, LF_ARRAY_F32, e->o->in, &x));
    size_t all = e->rows = lf_array_rows(&x);
    if (e->o->samples > 0 && (size_t)e->o->samples < e->rows)
        e->rows = (size_t)e->o->samples;
    e->features = lf_array_row_size(&x);
    e->row = x.data;
    e->title = lf_path_base(e->o->in);
    return take_labels(e, &y, all);
}

/* NHWC rows into the model's NCHW, in place. */
static lf_status to_nchw(evaluator *e, lf_shape s) {
    if (!e->o->layout || strcmp(e->o->layout, "nhwc") != 0)
        return LF_OK;
    if (s.rank != 4)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL,
                       "--layout nhwc needs a network with an image input; this one takes %s",
                       lf_shape_text(e->arena, s));
    size_t C = (size_t)s.dim[1], P = (size_t)(s.dim[2] * s.dim[3]);
    float *copy = LF_NEW_ARRAY(e->arena, float, e->features);
    for (size_t r = 0; r < e->rows; r++) {
        float *row = e->row + r * e->features;
        memcpy(copy, row, e->features * sizeof *copy);
        for (size_t p = 0; p < P; p++)
            for (size_t c = 0; c < C; c++)
                row[c * P + p] = copy[p * C + c];
    }
    return LF_OK;
}

static lf_status prepare_rows(evaluator *e) {
    const lf_graph *g = lf_engine_graph(e->engine);
    if (g->inputs.count != 1 || g->outputs.count != 1)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "eval takes networks with one input and one output");
    lf_shape s = lf_tensor_at(g, g->inputs.at[0].tensor)->shape;
    if ((size_t)lf_shape_count(s) != e->features)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "%s has %zu values a row, the network takes %s", e->title,
                       e->features, lf_shape_text(e->arena, s));
    return to_nchw(e, s);
}

static lf_status run_network(evaluator *e, double scale, double *score) {
    const lf_graph *g = lf_engine_graph(e->engine);
    lf_id in = g->inputs.at[0].tensor, out = g->outputs.at[0].tensor;
    float *scaled = e->row;
    if (scale != 1) {
        scaled = lf_alloc_try(e->arena, e->rows * e->features, sizeof *scaled);
        if (!scaled)
            return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows", e->rows);
        for (size_t i = 0; i < e->rows * e->features; i++)
            scaled[i] = (float)(e->row[i] * scale);
    }
    for (size_t first = 0; first < e->rows; first += 4096) {
        size_t rows = e->rows - first < 4096 ? e->rows - first : 4096;
        lf_row_in ri = {in, LF_ROW_F32, scaled + first * e->features};
        lf_row_out ro = {.tensor = out, .real = score + first * e->outputs};
        lf_row_io io = {&ri, 1, &ro, 1};
        lf_progress(e->ctx, "evaluate", first, e->rows);
        LF_TRY(lf_engine_run(e->engine, &io, rows));
    }
    lf_row_io all = {&(lf_row_in){in, LF_ROW_F32, scaled}, 1, &(lf_row_out){.tensor = out, .real = score}, 1};
    return lf_engine_check(e->engine, &all, e->rows);
}

static lf_status parse_map(evaluator *e, int *map) {
    const char *at = e->o->class_map;
    for (int c = 0; c < e->classes; c++) {
        char *end;
        long v = strtol(at, &end, 10);
        if (end == at || v < 0 || v >= e->classes || (*end != (c + 1 < e->classes ? ',' : 0)))
            return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "--class-map %s: wants %d classes from 0 to %d, as 0,1,4,2,3",
                           e->o->class_map, e->classes, e->classes - 1);
        map[c] = (int)v;
        at = end + 1;
        for (int before = 0; before < c; before++)
            if (map[before] == map[c])
                return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "--class-map %s: class %ld stands there twice",
                               e->o->class_map, v);
    }
    return LF_OK;
}

/* Scores of label c are those of the network class that means it. */
static lf_status apply_map(evaluator *e, double *score) {
    int map[LF_CLASSES_MAX];
    if (!e->o->class_map)
        return LF_OK;
    LF_TRY(parse_map(e, map));
    double *copy = LF_NEW_ARRAY(e->arena, double, e->outputs);
    for (size_t r = 0; r < e->rows; r++) {
        double *s = score + r * e->outputs;
        memcpy(copy, s, e->outputs * sizeof *copy);
        for (size_t c = 0; c < e->outputs; c++)
            if (e->index)
                s[c] = copy[c] >= 0 && copy[c] < e->classes ? map[(int)copy[c]] : copy[c];
            else
                s[map[c]] = copy[c];
    }
    return LF_OK;
}

static lf_status measure(evaluator *e, const double *score, lf_metrics *m) {
    if (!e->index) {
        lf_metrics_of_scores(e->arena, score, e->label, e->rows, e->classes, m);
        return LF_OK;
    }
    int *predicted = LF_NEW_ARRAY(e->arena, int, e->rows);
    for (size_t r = 0; r < e->rows; r++) {
        if (score[r] != floor(score[r]))
            return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "row %zu: the network says %g, which is no class", r, score[r]);
        if (!(score[r] >= 0 && score[r] < e->classes))
            return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "row %zu: the network says class %g, the labels go to %d", r,
                           score[r], e->classes - 1);
        predicted[r] = (int)score[r];
    }
    lf_metrics_of_classes(e->arena, predicted, e->label, e->rows, e->classes, m);
    return LF_OK;
}

/* Of a network that says a class: those that it can say, which not all rows of a file need to have. A whole number that is no index
 * may be a score: it is a class of two, or one of those that have names; else 0. */
static int classes_said(const lf_graph *g, lf_id out) {
    const lf_tensor *t = lf_tensor_at(g, out);
    int said = lf_is_codes(t) && t->range.lo >= 0 && t->range.hi < LF_CLASSES_MAX ? (int)t->range.hi + 1 : 0;
    if (lf_is_index(g, out) || said == 2)
        return said;
    return (int)g->class_count < said ? (int)g->class_count : said;
}

/* How many a label may name; 0: the output is a number of which no more is known. */
static int classes_known(const evaluator *e, lf_id out) {
    const lf_graph *g = lf_engine_graph(e->engine);
    int known = !e->index ? (int)e->outputs : lf_is_index(g, out) ? classes_said(g, out) : 0;
    bool fewer = g->class_count && (!known || (int)g->class_count < known);
    return fewer ? (int)g->class_count : known;
}

static lf_status check_labels(const evaluator *e, int known) {
    for (size_t r = 0; known && r < e->rows; r++)
        if (e->label[r] >= known)
            return lf_fail(e->ctx, LF_BAD_INPUT, &(lf_where){.file = e->set ? NULL : e->o->labels},
                           "the label of row %zu is %d, but the network has %d classes, 0 to %d", r, e->label[r], known,
                           known - 1);
    return LF_OK;
}

static lf_status count_classes(evaluator *e) {
    const lf_graph *g = lf_engine_graph(e->engine);
    lf_id out = g->outputs.at[0].tensor;
    int highest = 0, said = classes_said(g, out);
    e->outputs = (size_t)lf_shape_count(lf_tensor_at(g, out)->shape);
    e->index = lf_is_index(g, out) || e->outputs == 1;
    if (!e->index && e->outputs > LF_CLASSES_MAX)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "the network has %zu outputs; eval knows up to %d classes",
                       e->outputs, LF_CLASSES_MAX);
    LF_TRY(check_labels(e, classes_known(e, out)));
    for (size_t r = 0; r < e->rows; r++)
        highest = e->label[r] > highest ? e->label[r] : highest;
    e->classes = !e->index ? (int)e->outputs : highest < said ? said : highest + 1;
    if (e->set && e->index)
        e->classes = e->set->classes;
    return LF_OK;
}

/* A guess that explains an accuracy near chance is told, never applied. */
static lf_status explain(evaluator *e) {
    int map[LF_CLASSES_MAX];
    lf_metrics m;
    if (!lf_near_chance(&e->metrics) || e->rows < 50 || e->o->class_map)
        return LF_OK;
    uint64_t right = lf_best_class_map(e->arena, e->metrics.confusion, e->classes, map);
    if ((double)right > 2 * (double)e->metrics.correct && (double)right > 1.5 * (double)e->rows / e->classes) {
        lf_text list = {0};
        for (int c = 0; c < e->classes; c++)
            lf_text_addf(&list, "%s%d", c ? "," : "", map[c]);
        lf_note(e->ctx, NULL, "near chance: with --class-map %s it would be %.1f %%", list.at,
                100.0 * (double)right / (double)e->rows);
        lf_text_free(&list);
        return LF_OK;
    }
    double *score = LF_NEW_ARRAY(e->arena, double, e->rows * e->outputs);
    for (int i = 0; lf_likely_scales[i] != 0; i++) {
        size_t first = lf_diag_count(e->ctx);
        if (run_network(e, lf_likely_scales[i], score) != LF_OK || measure(e, score, &m) != LF_OK) {
            lf_diag_take_back(e->ctx, first);
            continue;
        }
        if (!lf_near_chance(&m))
            lf_note(e->ctx, NULL, "near chance: with --scale %g it would be %.1f %%", lf_likely_scales[i],
                    100 * m.accuracy);
    }
    return LF_OK;
}

/* As the data set calls it, else as the network does; NULL where that is its number. */
static const char *class_name(const evaluator *e, int number) {
    if (!e->set || !e->set->class_names || number >= e->set->classes)
        return lf_graph_class_name(lf_engine_graph(e->engine), (size_t)number);
    const char *name = e->set->class_names[number];
    return strcmp(name, lf_format(e->arena, "%d", number)) != 0 ? name : NULL;
}

static void print_confusion(const evaluator *e, lf_text *text) {
    int n = e->classes;
    const char **cells = LF_NEW_ARRAY(e->arena, const char *, n + 2);
    cells[0] = "true \\ predicted";
    for (int c = 0; c < n; c++)
        cells[c + 1] = lf_format(e->arena, "%d", c);
    cells[n + 1] = "AUC";
    lf_table t = lf_table_make(e->arena, n + 2, cells);
    for (int r = 0; r < n; r++) {
        const char *name = class_name(e, r);
        cells[0] = name ? lf_format(e->arena, "%d %s", r, name) : lf_format(e->arena, "%d", r);
        for (int c = 0; c < n; c++)
            cells[c + 1] = lf_format(e->arena, "%llu", (unsigned long long)e->metrics.confusion[r * n + c]);
        cells[n + 1] = e->metrics.auc ? lf_fixed_decimals(e->arena, e->metrics.auc[r], 4) : "";
        lf_table_row(&t, cells);
    }
    lf_table_print(&t, text);
}

static void answer_with(const evaluator *e, lf_answer *answer) {
    const lf_metrics *m = &e->metrics;
    json_t *root = json_object(), *confusion = json_array(), *auc = json_array();
    lf_text text = {0};
    for (int r = 0; r < e->classes; r++) {
        json_t *row = json_array();
        for (int c = 0; c < e->classes; c++)
            json_array_append_new(row, json_integer((json_int_t)m->confusion[r * e->classes + c]));
        json_array_append_new(confusion, row);
        if (m->auc)
            json_array_append_new(auc, isnan(m->auc[r]) ? json_null() : json_real(m->auc[r]));
    }
    json_object_set_new(root, "samples", json_integer((json_int_t)e->rows));
    json_object_set_new(root, "accuracy", json_real(m->accuracy));
    json_object_set_new(root, "confusion", confusion);
    json_object_set_new(root, "auc", auc);
    json_object_set_new(root, "data", json_string(e->title));
    json_object_set_new(root, "engine", json_string(lf_engine_name(e->engine)));
    lf_text_addf(&text, "%s: %s of %s right, accuracy %s %%\n\n", e->title, lf_thousands(e->arena, (int64_t)m->correct),
                 lf_thousands(e->arena, (int64_t)m->rows), lf_fixed_decimals(e->arena, 100 * m->accuracy, 2));
    if (e->classes <= 20)
        print_confusion(e, &text);
    lf_answer_set(answer, root, &text);
}

static lf_status evaluate(evaluator *e) {
    static const char *const layouts[] = {"nchw", "nhwc", NULL};
    LF_TRY(lf_check_word(e->ctx, "--layout", e->o->layout, layouts, NULL));
    if (e->o->data && (e->o->in || e->o->labels))
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL,
                       "--data %s and -%c exclude each other: a data set has its own rows and labels", e->o->data,
                       e->o->in ? 'i' : 'y');
    LF_TRY(e->o->data ? take_set(e) : take_files(e));
    if (e->rows == 0)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "%s has no rows", e->title);
    LF_TRY(prepare_rows(e));
    LF_TRY(count_classes(e));
    e->score = lf_alloc_try(e->arena, e->rows * e->outputs, sizeof *e->score);
    if (!e->score)
        return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows", e->rows);
    LF_TRY(run_network(e, e->o->scale != 0 ? e->o->scale : 1, e->score));
    LF_TRY(apply_map(e, e->score));
    LF_TRY(measure(e, e->score, &e->metrics));
    return explain(e);
}

lf_status lf_eval(lf_ctx *ctx, const lf_eval_options *o, lf_answer *answer) {
    evaluator e = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    e.engine = lf_engine_open(ctx, &o->model, o->engine);
    lf_status status = e.engine ? evaluate(&e) : LF_BAD_INPUT;
    if (status == LF_OK)
        answer_with(&e, answer);
    lf_engine_free(e.engine);
    lf_dataset_free(e.set);
    lf_arena_free(e.arena);
    return status;
}
