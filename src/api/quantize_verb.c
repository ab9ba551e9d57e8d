/* quantize: a network becomes one of few bits by looking at calibration rows, without training. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/quantize_job.h"
#include "api/same_program.h"
#include "api/targets.h"
#include "base/file.h"
#include "base/text.h"
#include "export/export.h"
#include "ir/lftext.h"
#include "pass/passes.h"
#include "pass/quantizers.h"

enum { CORRECTION_ROWS = 256, CHECK_ROWS = 32 };

typedef lf_quantize_job job;

/* -- options --------------------------------------------------------------------------------------------------------------- */

static int64_t or_else(int64_t given, int64_t otherwise) {
    return given ? given : otherwise;
}

static lf_status check_bits(lf_ctx *ctx, const char *option, int64_t bits) {
    return bits >= 2 && bits <= 8 ? LF_OK
                                  : lf_fail(ctx, LF_BAD_INPUT, NULL, "%s %lld: quantize makes codes of 2 to 8 bits",
                                            option, (long long)bits);
}

static lf_status bits_of(const job *j, lf_quantizing_bits *out) {
    int64_t bits = or_else(j->o->bits, 8), weights = or_else(j->o->weight_bits, bits), ends = j->o->first_last_bits;
    LF_TRY(check_bits(j->ctx, "--bits", bits));
    LF_TRY(check_bits(j->ctx, "--weight-bits", weights));
    LF_TRY(check_bits(j->ctx, "--first-last-bits", or_else(ends, bits)));
    *out = (lf_quantizing_bits){(int)bits, (int)weights, (int)ends};
    return LF_OK;
}

static lf_status method_of(const job *j, lf_scale_choice *out) {
    static const char *const words[] = {"mse", "max", "percentile", NULL};
    const char *given = j->o->method ? j->o->method : "mse";
    LF_TRY(lf_check_word(j->ctx, "--method", given, words, NULL));
    *out = (lf_scale_choice){.percentile = j->o->percentile != 0 ? j->o->percentile : 99.9};
    for (int i = 0; words[i]; i++)
        if (!strcmp(given, words[i]))
            out->method = (lf_scale_method)i;
    if (j->o->percentile != 0 && out->method != LF_SCALE_PERCENTILE)
        lf_warn(j->ctx, NULL, "--percentile has no effect: it is for --method percentile");
    if (out->percentile <= 100 && out->percentile >= 50)
        return LF_OK;
    return lf_fail(j->ctx, LF_BAD_INPUT, NULL, "--percentile wants a share of the values in percent, 50 to 100");
}

static lf_status check_out(const job *j) {
    if (!j->o->out)
        return lf_fail(j->ctx, LF_BAD_INPUT, NULL, "quantize wants a file for the network: -o QUANTIZED.onnx");
    if (!lf_ends_with(j->o->out, ".onnx") && !lf_ends_with(j->o->out, ".lf"))
        return lf_fail(j->ctx, LF_BAD_INPUT, NULL, "-o %s: a quantized network is written as .onnx or .lf", j->o->out);
    lf_sources in = {
        .model = j->o->model.model, .rows = j->o->in, .set = j->o->data, .more = (const char *[]){j->o->labels, NULL}};
    return lf_check_target(j->ctx, "-o", j->o->out, &in);
}

/* -- calibration -------------------------------------------------------------------------------------------------------------- */

typedef struct collector {
    job *j;
    lf_magnitudes *seen; /* [points] */
    float *single;
    size_t room;
} collector;

static lf_status collect(void *user, size_t rows, const lf_quantize_want *want, size_t count) {
    collector *c = user;
    for (size_t i = 0; i < count; i++) {
        size_t n = rows * (size_t)want[i].size;
        if (n > c->room) {
            c->room = n;
            c->single = LF_NEW_ARRAY(c->j->arena, float, n);
        }
        for (size_t k = 0; k < n; k++) {
            c->single[k] = (float)want[i].real[k];
            if (!isfinite(c->single[k]))
                return lf_fail(c->j->ctx, LF_BAD_INPUT, NULL, "tensor %s is not finite on the calibration rows",
                               lf_tensor_at(c->j->g, want[i].tensor)->name);
        }
        lf_magnitudes_add(&c->seen[i], c->single, n);
    }
    return LF_OK;
}

static lf_status choose_scales(job *j, lf_scale_choice how) {
    size_t n = j->q.points.count;
    collector c = {.j = j, .seen = LF_NEW_ARRAY(j->arena, lf_magnitudes, n)};
    lf_id *tensors = LF_NEW_ARRAY(j->arena, lf_id, n);
    for (size_t i = 0; i < n; i++)
        tensors[i] = j->q.points.at[i].tensor;
    LF_TRY(lf_quantize_run(j->ctx, j->g, &j->rows, 0, j->rows.calibration, tensors, n, "calibrate", collect, &c));
    lf_quantizing_set_scales(&j->q, c.seen, how);
    return LF_OK;
}

/* -- bias correction ------------------------------------------------------------------------------------------------------------- */

typedef struct channel_sums {
    const lf_graph *g;
    double **sum; /* [tensor asked for][channel] */
    const int *axis;
} channel_sums;

static lf_status add_channels(void *user, size_t rows, const lf_quantize_want *want, size_t count) {
    channel_sums *c = user;
    for (size_t i = 0; i < count; i++) {
        lf_shape s = lf_tensor_at(c->g, want[i].tensor)->shape;
        for (size_t k = 0; k < rows * (size_t)want[i].size; k++)
            c->sum[i][lf_channel_of(s, c->axis[i], k % (size_t)want[i].size)] += want[i].real[k];
    }
    return LF_OK;
}

/* Sums of every channel of the products first .. first + count - 1, as graph g has them. */
static lf_status sum_channels(job *j, const lf_graph *g, size_t first, size_t count, double **sum) {
    lf_id *tensors = LF_NEW_ARRAY(j->arena, lf_id, count);
    int *axis = LF_NEW_ARRAY(j->arena, int, count);
    for (size_t i = 0; i < count; i++) {
        const lf_product *p = &j->q.products.at[first + i].at;
        tensors[i] = lf_find_tensor(g, lf_tensor_at(j->g, p->sum)->name)->id;
        axis[i] = p->axis;
        sum[i] = LF_NEW_ARRAY(j->arena, double, p->channels);
    }
    size_t rows = j->rows.calibration < CORRECTION_ROWS ? j->rows.calibration : CORRECTION_ROWS;
    return lf_quantize_run(j->ctx, g, &j->rows, 0, rows, tensors, count, "correct biases", add_channels,
                           &(channel_sums){g, sum, axis});
}

/* In the order of the graph, so that each product is corrected behind corrected ones; where nothing has changed, nothing is touched. Source: Nagel et al., ICCV 2019, section 4.2. */
static lf_status correct_biases(job *j) {
    size_t n = j->q.products.count,
           rows = j->rows.calibration < CORRECTION_ROWS ? j->rows.calibration : CORRECTION_ROWS;
    double **want = LF_NEW_ARRAY(j->arena, double *, n), *have;
    LF_TRY(sum_channels(j, j->reals, 0, n, want));
    for (size_t i = 0; i < n; i++) {
        const lf_product *p = &j->q.products.at[i].at;
        LF_TRY(sum_channels(j, j->g, i, 1, &have));
        if (!memcmp(want[i], have, (size_t)p->channels * sizeof *have))
            continue;
        lf_shape s = lf_tensor_at(j->g, p->sum)->shape;
        double values = (double)rows * (double)(lf_shape_count(s) / p->channels);
        double *bias = lf_product_bias(j->g, p);
        for (int64_t c = 0; c < p->channels; c++)
            bias[c] += (want[i][c] - have[c]) / values;
        lf_product_set_bias(j->g, p, bias);
        lf_graph_prune(j->g);
        LF_TRY(lf_infer(j->g));
    }
    return LF_OK;
}

/* -- the way --------------------------------------------------------------------------------------------------------------------- */

static size_t count_norms(const lf_graph *g) {
    size_t count = 0;
    for (size_t i = 0; i < g->order.count; i++)
        count += !strcmp(lf_node_at(g, g->order.at[i])->op->name, "batch_norm");
    return count;
}

/* The network without its own quantizers. */
static lf_status open_without_rounding(job *j) {
    j->g = lf_model_open_unfolded(j->ctx, &j->o->model);
    if (!j->g)
        return LF_BAD_INPUT;
    LF_TRY(lf_take_out_roundings(j->g));
    return lf_pass_run(j->g, &lf_pass_fold_constants, NULL);
}

static lf_status prepare(job *j, lf_quantizing_bits bits) {
    if (j->o->requantize)
        LF_TRY(open_without_rounding(j));
    else
        j->g = lf_graph_clone(j->before);
    if (!j->g)
        return LF_BAD_INPUT;
    size_t norms = count_norms(j->g);
    LF_TRY(lf_pass_run(j->g, &lf_pass_cancel_transposes, NULL));
    LF_TRY(lf_pass_run(j->g, &lf_pass_fold_batch_norm, NULL));
    j->folded = norms - count_norms(j->g);
    LF_TRY(lf_quantizing_plan(&j->q, j->g, j->arena, bits));
    j->reals = lf_graph_clone(j->g);
    return j->reals ? LF_OK : LF_BAD_INPUT;
}

/* The file holds the very network. (Weights are codes, and their sums integers, when their quantizers are folded.) */
static lf_status check_file(job *j) {
    LF_TRY(lf_pass_run(j->g, &lf_pass_fold_constants, NULL));
    lf_graph *read = lf_model_open(j->ctx, &(lf_model_options){.model = j->o->out});
    if (!read)
        return LF_BAD_INPUT;
    lf_status status = lf_same_program(j->g, read, lf_same_program_rows(j->g, read, CHECK_ROWS));
    lf_graph_free(read);
    return status;
}

static lf_status keep_if_right(job *j) {
    lf_status status = check_file(j);
    if (status == LF_OK)
        return LF_OK;
    remove(j->o->out);
    if (lf_ends_with(j->o->out, ".lf"))
        remove(lf_format(j->arena, "%sw", j->o->out));
    return status;
}

static lf_status write_network(job *j) {
    const char *path = j->o->out;
    LF_TRY(lf_verify_graph(j->g));
    if (lf_ends_with(path, ".lf"))
        return lf_graph_save(j->g, path, false);
    LF_TRY(lf_make_ready_for_onnx(j->g));
    return lf_export_onnx(j->g, path);
}

static lf_status quantize(job *j) {
    lf_quantizing_bits bits;
    lf_scale_choice how;
    LF_TRY(bits_of(j, &bits));
    LF_TRY(method_of(j, &how));
    LF_TRY(check_out(j));
    j->before = lf_model_open(j->ctx, &j->o->model);
    if (!j->before)
        return LF_BAD_INPUT;
    LF_TRY(prepare(j, bits));
    LF_TRY(lf_quantize_rows_open(j->ctx, j->arena, j->o, j->before, &j->rows));
    LF_TRY(choose_scales(j, how));
    LF_TRY(lf_quantizing_apply(&j->q, how.method));
    LF_TRY(correct_biases(j));
    lf_quantize_count(j);
    LF_TRY(lf_quantizing_finish(&j->q));
    LF_TRY(write_network(j));
    LF_TRY(keep_if_right(j));
    const lf_graph *reals = j->o->requantize ? j->reals : NULL;
    return lf_quantize_compare(j->ctx, j->arena, j->before, reals, j->o->out, &j->rows, &j->result);
}

lf_status lf_quantize(lf_ctx *ctx, const lf_quantize_options *o, lf_answer *answer) {
    job j = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    lf_status status = quantize(&j);
    if (status == LF_OK)
        lf_quantize_answer(&j, answer);
    lf_dataset_free(j.rows.set);
    lf_graph_free(j.before);
    lf_graph_free(j.reals);
    lf_graph_free(j.g);
    lf_arena_free(j.arena);
    return status;
}
