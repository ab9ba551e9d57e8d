/* quantize: rows from a data set, from files, or random ones; graphs run on them in blocks. */
#include <string.h>

#include "api/quantize_job.h"
#include "base/file.h"
#include "base/rng.h"
#include "data/npy.h"

enum { CALIBRATION = 512, HELD_OUT = 2000, RANDOM_HELD_OUT = 256, BLOCK_ROWS = 64, BLOCK_VALUES = 1 << 23 };
enum { MOST_RANDOM_VALUES = 1 << 26 }; /* of inputs and outputs of all random rows: half a gigabyte */

/* -- where rows come from ---------------------------------------------------------------------------------------------------- */

typedef struct opener {
    lf_ctx *ctx;
    lf_arena *arena;
    const lf_quantize_options *o;
    const lf_graph *g;
    lf_quantize_rows *out;
} opener;

static lf_status split_rows(opener *p, size_t all) {
    int64_t wanted = p->o->samples;
    size_t some = all / 2 < CALIBRATION ? (all + 1) / 2 : CALIBRATION;
    p->out->calibration = wanted > 0 ? (size_t)wanted : some;
    p->out->held_out = p->out->calibration < all ? all - p->out->calibration : 0;
    if (p->out->held_out > HELD_OUT)
        p->out->held_out = HELD_OUT;
    if (p->out->held_out)
        return LF_OK;
    lf_status status =
        lf_fail(p->ctx, LF_BAD_INPUT, NULL, "%s: of %zu rows, %zu calibrate and none is left to compare on",
                p->out->source, all, p->out->calibration);
    lf_hint(p->ctx, "give more rows, or a smaller --samples");
    return status;
}

static lf_status need_one_input(const opener *p, const char *what) {
    return p->out->inputs == 1 ? LF_OK
                               : lf_fail(p->ctx, LF_BAD_INPUT, NULL, "%s has rows for one input, the network has %zu",
                                         what, p->out->inputs);
}

static lf_status take_set(opener *p) {
    lf_quantize_rows *out = p->out;
    LF_TRY(need_one_input(p, "a data set"));
    out->set = lf_data_open(p->ctx, p->o->data, p->o->where.dirs);
    if (!out->set)
        return LF_BAD_INPUT;
    out->source = out->set->title;
    out->label = out->set->label;
    if ((int64_t)out->set->features != out->size[0])
        return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "%s has %zu values a row, the network takes %lld", out->source,
                       out->set->features, (long long)out->size[0]);
    LF_TRY(split_rows(p, out->set->rows));
    size_t rows = out->calibration + out->held_out;
    float *row = lf_alloc_try(p->arena, rows * out->set->features, sizeof *row);
    if (!row)
        return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows", rows);
    lf_dataset_fill(out->set, 0, rows, row);
    out->in[0] = (lf_row_in){.type = LF_ROW_F32, .data = row};
    return LF_OK;
}

static lf_status take_labels(opener *p, size_t rows) {
    lf_array y;
    lf_where where = {.file = p->o->labels};
    LF_TRY(lf_npy_read(p->ctx, p->arena, p->o->labels, &y));
    if (lf_array_rows(&y) != rows || lf_array_row_size(&y) != 1)
        return lf_fail(p->ctx, LF_BAD_INPUT, &where, "%zu labels of %zu values for %zu rows; one class a row is wanted",
                       lf_array_rows(&y), lf_array_row_size(&y), rows);
    uint8_t *label = LF_NEW_ARRAY(p->arena, uint8_t, rows);
    for (size_t i = 0; i < rows; i++) {
        int64_t v;
        if (!lf_array_int(&y, i, &v) || v < 0 || v > 255)
            return lf_fail(p->ctx, LF_BAD_INPUT, &where, "the label of row %zu is not a class from 0 to 255", i);
        label[i] = (uint8_t)v;
    }
    p->out->label = label;
    return LF_OK;
}

static lf_status take_files(opener *p) {
    lf_rows rows;
    LF_TRY(lf_rows_load(p->ctx, p->arena, p->g, p->o->in, &rows));
    for (size_t i = 0; i < p->out->inputs; i++)
        for (size_t k = 0; k < rows.in_count; k++)
            if (rows.in[k].tensor == p->g->inputs.at[i].tensor)
                p->out->in[i] = rows.in[k];
    p->out->source = lf_path_base(p->o->in[0]);
    LF_TRY(split_rows(p, rows.rows));
    return p->o->labels ? take_labels(p, rows.rows) : LF_OK;
}

/* "LO,HI" */
static lf_status random_range(const opener *p, double *lo, double *hi) {
    const char *text = p->o->random, *comma = strchr(text, ',');
    if (comma && lf_parse_double(lf_strndup(p->arena, text, (size_t)(comma - text)), lo) &&
        lf_parse_double(comma + 1, hi) && *lo < *hi && *hi - *lo < 1e30)
        return LF_OK;
    lf_status status =
        lf_fail(p->ctx, LF_BAD_INPUT, NULL, "--random-data %s: wants the range of the inputs as LO,HI", text);
    lf_hint(p->ctx, "for example --random-data 0,1");
    return status;
}

/* Large pictures are taken fewer of. */
static size_t random_rows(const opener *p, size_t wanted) {
    int64_t values = 1;
    for (size_t i = 0; i < p->out->inputs; i++)
        values += p->out->size[i];
    for (size_t i = 0; i < p->g->outputs.count; i++)
        values += lf_shape_count(lf_tensor_at(p->g, p->g->outputs.at[i].tensor)->shape);
    size_t most = (size_t)(MOST_RANDOM_VALUES / 2 / values);
    return wanted < most ? wanted : most < 2 ? 2 : most;
}

static lf_status take_random(opener *p) {
    lf_quantize_rows *out = p->out;
    double lo, hi;
    LF_TRY(random_range(p, &lo, &hi));
    out->random = true;
    out->source = lf_format(p->arena, "random numbers in %s", p->o->random);
    out->calibration = p->o->samples > 0 ? (size_t)p->o->samples : random_rows(p, CALIBRATION);
    out->held_out = random_rows(p, RANDOM_HELD_OUT);
    size_t rows = out->calibration + out->held_out;
    for (size_t i = 0; i < out->inputs; i++) {
        lf_rng r = lf_rng_make(p->o->seed ? p->o->seed : 1, i);
        float *row = lf_alloc_try(p->arena, rows * (size_t)out->size[i], sizeof *row);
        if (!row)
            return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows", rows);
        for (size_t k = 0; k < rows * (size_t)out->size[i]; k++)
            row[k] = (float)(lo + (hi - lo) * lf_rng_double(&r));
        out->in[i] = (lf_row_in){.type = LF_ROW_F32, .data = row};
    }
    return LF_OK;
}

static lf_status check_source(const opener *p) {
    const lf_quantize_options *o = p->o;
    bool files = o->in && o->in[0];
    int given = (o->data != NULL) + files + (o->random != NULL);
    if (given == 0) {
        lf_status status =
            lf_fail(p->ctx, LF_BAD_INPUT, NULL, "scales are chosen on calibration data, and none were given");
        lf_hint(p->ctx, "--data SET[:SPLIT], or -i ROWS.npy (with -y LABELS.npy for accuracies), or, where there are "
                        "no data, --random-data LO,HI");
        return status;
    }
    if (given > 1)
        return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "--data, -i and --random-data exclude one another");
    if (o->labels && !files)
        return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "-y belongs to -i: labels of rows in a file");
    return LF_OK;
}

lf_status lf_quantize_rows_open(lf_ctx *ctx, lf_arena *a, const lf_quantize_options *o, const lf_graph *g,
                                lf_quantize_rows *out) {
    opener p = {ctx, a, o, g, out};
    *out = (lf_quantize_rows){.inputs = g->inputs.count};
    out->in = LF_NEW_ARRAY(a, lf_row_in, out->inputs + 1);
    out->size = LF_NEW_ARRAY(a, int64_t, out->inputs + 1);
    for (size_t i = 0; i < out->inputs; i++)
        out->size[i] = lf_shape_count(lf_tensor_at(g, g->inputs.at[i].tensor)->shape);
    LF_TRY(check_source(&p));
    return o->data ? take_set(&p) : o->random ? take_random(&p) : take_files(&p);
}

/* -- running ------------------------------------------------------------------------------------------------------------------- */

static size_t bytes_of(lf_row_type t) {
    return t == LF_ROW_F32 ? sizeof(float) : sizeof(double);
}

static void rows_from(const lf_graph *g, const lf_quantize_rows *r, size_t first, lf_row_in *in) {
    for (size_t i = 0; i < r->inputs; i++) {
        in[i] = r->in[i];
        in[i].tensor = g->inputs.at[i].tensor;
        in[i].data = (const char *)r->in[i].data + first * (size_t)r->size[i] * bytes_of(r->in[i].type);
    }
}

typedef struct runner {
    lf_exec *exec;
    lf_row_in *in;
    lf_row_out *out;
    lf_quantize_want *want;
    size_t block;
} runner;

static lf_status prepare(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const lf_quantize_rows *r, const lf_id *tensors,
                         size_t count, runner *run) {
    int64_t values = 1;
    run->in = LF_NEW_ARRAY(a, lf_row_in, r->inputs + 1);
    run->out = LF_NEW_ARRAY(a, lf_row_out, count + 1);
    run->want = LF_NEW_ARRAY(a, lf_quantize_want, count + 1);
    for (size_t i = 0; i < count; i++) {
        run->want[i] =
            (lf_quantize_want){.tensor = tensors[i], .size = lf_shape_count(lf_tensor_at(g, tensors[i])->shape)};
        values += run->want[i].size;
    }
    int64_t fits = BLOCK_VALUES / values;
    run->block = fits < 1 ? 1 : fits > BLOCK_ROWS ? BLOCK_ROWS : (size_t)fits;
    for (size_t i = 0; i < count; i++) {
        run->want[i].real = lf_alloc_try(a, run->block * (size_t)run->want[i].size, sizeof(double));
        if (!run->want[i].real)
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows of %s", run->block,
                           lf_tensor_at(g, tensors[i])->name);
        run->out[i] = (lf_row_out){.tensor = tensors[i], .real = run->want[i].real};
    }
    run->exec = lf_exec_new(ctx, g);
    return run->exec ? LF_OK : LF_BAD_INPUT;
}

lf_status lf_quantize_run(lf_ctx *ctx, const lf_graph *g, const lf_quantize_rows *r, size_t first, size_t rows,
                          const lf_id *tensors, size_t count, const char *what, lf_quantize_take *take, void *user) {
    lf_arena *a = lf_arena_new();
    runner run = {0};
    lf_status status = prepare(ctx, a, g, r, tensors, count, &run);
    for (size_t at = 0; status == LF_OK && at < rows; at += run.block) {
        size_t some = rows - at < run.block ? rows - at : run.block;
        rows_from(g, r, first + at, run.in);
        lf_row_io io = {run.in, r->inputs, run.out, count};
        lf_progress(ctx, what, at, rows);
        status = lf_exec_rows(run.exec, &io, some);
        if (status == LF_OK)
            status = take(user, some, run.want, count);
    }
    lf_exec_free(run.exec);
    lf_arena_free(a);
    return status;
}

/* -- before and after ------------------------------------------------------------------------------------------------------------ */

typedef struct outputs {
    double *at;
    size_t used;
} outputs;

static lf_status keep(void *user, size_t rows, const lf_quantize_want *want, size_t count) {
    outputs *o = user; /* row by row, all outputs of a row behind one another */
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < count; i++) {
            memcpy(o->at + o->used, want[i].real + r * (size_t)want[i].size, (size_t)want[i].size * sizeof(double));
            o->used += (size_t)want[i].size;
        }
    return LF_OK;
}

/* As keep() lays them out. */
static lf_status run_engine(lf_arena *a, lf_engine *e, const lf_quantize_rows *r, double *to, size_t width) {
    const lf_graph *g = lf_engine_graph(e);
    lf_row_in *in = LF_NEW_ARRAY(a, lf_row_in, r->inputs + 1);
    lf_row_out *out = LF_NEW_ARRAY(a, lf_row_out, g->outputs.count);
    rows_from(g, r, r->calibration, in);
    for (size_t i = 0; i < g->outputs.count; i++) {
        size_t size = (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[i].tensor)->shape);
        out[i] = (lf_row_out){.tensor = g->outputs.at[i].tensor, .real = LF_NEW_ARRAY(a, double, size * r->held_out)};
    }
    lf_row_io io = {in, r->inputs, out, g->outputs.count};
    LF_TRY(lf_engine_run(e, &io, r->held_out));
    size_t at = 0;
    for (size_t i = 0; i < g->outputs.count; i++) {
        size_t size = (size_t)lf_shape_count(lf_tensor_at(g, out[i].tensor)->shape);
        for (size_t row = 0; row < r->held_out; row++)
            memcpy(to + row * width + at, out[i].real + row * size, size * sizeof(double));
        at += size;
    }
    return LF_OK;
}

static int class_of(const double *row, size_t width, bool index) {
    int best = 0;
    for (size_t c = 1; c < width && !index; c++)
        best = row[c] > row[best] ? (int)c : best;
    return index ? (int)row[0] : best;
}

static void measure(const lf_quantize_rows *r, const double *a, const double *b, size_t width, bool index,
                    lf_quantize_result *out) {
    size_t rows = r->held_out, same = 0, right_a = 0, right_b = 0;
    for (size_t i = 0; i < rows * width; i++) {
        double d = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
        out->mean_difference += d / (double)(rows * width);
        out->mean_magnitude += (a[i] < 0 ? -a[i] : a[i]) / (double)(rows * width);
        out->max_difference = d > out->max_difference ? d : out->max_difference;
    }
    if (!out->has_argmax)
        return;
    for (size_t i = 0; i < rows; i++) {
        int ca = class_of(a + i * width, width, index), cb = class_of(b + i * width, width, index);
        same += ca == cb;
        right_a += r->label && ca == r->label[r->calibration + i];
        right_b += r->label && cb == r->label[r->calibration + i];
    }
    out->has_accuracy = r->label != NULL;
    out->agreement = (double)same / (double)rows;
    out->accuracy_before = (double)right_a / (double)rows;
    out->accuracy_after = (double)right_b / (double)rows;
}

typedef struct comparison {
    lf_ctx *ctx;
    lf_arena *arena;
    const lf_quantize_rows *rows;
    size_t width; /* values of a row: all outputs */
} comparison;

/* A graph on the rows held out, as keep() lays them out; NULL after an error. */
static double *run_held_out(const comparison *c, const lf_graph *g, const char *what) {
    const lf_quantize_rows *r = c->rows;
    lf_id *tensors = LF_NEW_ARRAY(c->arena, lf_id, g->outputs.count + 1);
    for (size_t i = 0; i < g->outputs.count; i++)
        tensors[i] = g->outputs.at[i].tensor;
    outputs o = {lf_alloc_try(c->arena, r->held_out * c->width, sizeof(double)), 0};
    if (!o.at) {
        (void)lf_fail(c->ctx, LF_BAD_INPUT, NULL, "no memory for the outputs of %zu rows", r->held_out);
        return NULL;
    }
    lf_status status =
        lf_quantize_run(c->ctx, g, r, r->calibration, r->held_out, tensors, g->outputs.count, what, keep, &o);
    return status == LF_OK ? o.at : NULL;
}

static double *run_file(const comparison *c, const char *path, lf_quantize_result *out) {
    double *y = lf_alloc_try(c->arena, c->rows->held_out * c->width, sizeof *y);
    if (!y) {
        (void)lf_fail(c->ctx, LF_BAD_INPUT, NULL, "no memory for the outputs of %zu rows", c->rows->held_out);
        return NULL;
    }
    lf_engine *e = lf_engine_open(c->ctx, &(lf_model_options){.model = path}, NULL);
    if (!e)
        return NULL;
    out->engine = lf_strdup(c->arena, lf_engine_name(e));
    lf_status status = run_engine(c->arena, e, c->rows, y, c->width);
    lf_engine_free(e);
    return status == LF_OK ? y : NULL;
}

static double mean_difference(const comparison *c, const double *a, const double *b) {
    double sum = 0;
    size_t count = c->rows->held_out * c->width;
    for (size_t i = 0; i < count; i++)
        sum += a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    return count ? sum / (double)count : 0;
}

lf_status lf_quantize_compare(lf_ctx *ctx, lf_arena *a, const lf_graph *before, const lf_graph *reals, const char *path,
                              const lf_quantize_rows *r, lf_quantize_result *out) {
    comparison c = {.ctx = ctx, .arena = a, .rows = r};
    *out = (lf_quantize_result){0};
    for (size_t i = 0; i < before->outputs.count; i++)
        c.width += (size_t)lf_shape_count(lf_tensor_at(before, before->outputs.at[i].tensor)->shape);
    bool one = before->outputs.count == 1, index = one && lf_is_index(before, before->outputs.at[0].tensor);
    out->has_argmax = one && (index ? c.width == 1 : c.width > 1);
    const double *x = run_held_out(&c, before, "network before"), *y = x ? run_file(&c, path, out) : NULL;
    if (!y)
        return LF_BAD_INPUT;
    measure(r, x, y, c.width, index, out);
    if (!reals)
        return LF_OK;
    const double *z = run_held_out(&c, reals, "network without quantizers");
    if (!z)
        return LF_BAD_INPUT;
    out->has_reals = true;
    out->reals_before = mean_difference(&c, x, z);
    out->reals_after = mean_difference(&c, y, z);
    return LF_OK;
}
