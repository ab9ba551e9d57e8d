/* One step: forward, loss, backward, update. Work is cut along output rows only, so the number of threads changes no
 * bit. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "train/train_net.h"

typedef struct job {
    lf_net *net;
    int layer;
    const lf_row_adam *adam;
} job;

static size_t block_rows(size_t rows, size_t first) {
    return rows - first < LF_NET_BLOCK ? rows - first : LF_NET_BLOCK;
}

static const float *layer_input(const lf_net *n, int i) {
    return i ? n->layer[i - 1].a : n->input;
}

static double work_of(const lf_net *n, int i) {
    return (double)n->layer[i].in * (double)n->layer[i].pad * (double)n->batch;
}

/* -- dropout ------------------------------------------------------------------------------------------------------- */

/* The probability is a multiple of 1/256: one random byte per sample. */
void lf_net_dropout(const lf_net *n, int layer, size_t row, double p, float *keep) {
    unsigned limit = (unsigned)(p * 256);
    float factor = 256.0f / (float)(256 - limit);
    uint64_t stream = lf_stream(LF_STREAM_DROPOUT, layer, n->step);
    for (size_t b = 0; b < n->batch; b += 16) {
        uint32_t random[4];
        lf_philox(n->seed, stream, row * (n->batch / 16) + b / 16, random);
        for (size_t j = 0; j < 16; j++)
            keep[b + j] = (random[j / 4] >> 8 * (j % 4) & 255) < limit ? 0.0f : factor;
    }
}

/* -- forward ------------------------------------------------------------------------------------------------------- */

static void update_running(const lf_net *n, lf_net_layer *l, size_t row) {
    float rate = (float)n->recipe->norm.momentum, count = (float)n->batch;
    float variance = l->stats[row].variance * (count / (count - 1)); /* unbiased */
    l->mean[row] += rate * (l->stats[row].mean - l->mean[row]);
    l->variance[row] += rate * (variance - l->variance[row]);
}

static void forward_rows(void *arg, size_t index, int worker) {
    (void)worker;
    const job *j = arg;
    lf_net *n = j->net;
    lf_net_layer *l = &n->layer[j->layer];
    size_t first = index * LF_NET_BLOCK, rows = block_rows(l->out, first), batch = n->batch;
    lf_gemm(n->gemm, rows, batch, l->in, l->code + first, 1, l->pad, layer_input(n, j->layer), batch,
            l->x + first * batch, batch);
    for (size_t r = first; r < first + rows; r++) {
        float *keep = l->keep ? l->keep + r * batch : NULL;
        if (keep)
            lf_net_dropout(n, j->layer, r, n->recipe->regularize.dropout, keep);
        lf_row_unit u = lf_net_unit(n, j->layer, r);
        n->rows->forward(&u, l->x + r * batch, l->a + r * batch, keep, batch, &l->stats[r]);
        update_running(n, l, r);
    }
}

void lf_net_forward(lf_net *n) {
    for (int i = 0; i < n->layers; i++) {
        job j = {.net = n, .layer = i};
        lf_net_run(n, lf_blocks(n->layer[i].out), work_of(n, i), forward_rows, &j);
    }
}

/* -- backward ------------------------------------------------------------------------------------------------------ */

static void transpose_rows(const lf_net *n, lf_net_layer *l, size_t first, size_t rows) {
    for (size_t b = 0; b < n->batch; b++)
        for (size_t r = first; r < first + rows; r++)
            l->dt[b * l->pad + r] = l->d[r * n->batch + b];
}

/* One value by Adam; part: of the learning rate. */
static void adam_value(const lf_net *n, const lf_row_adam *a, double part, float *value, float g) {
    size_t at = (size_t)(value - n->value);
    float *m = &n->m[at], *v = &n->v[at];
    float rate = a->rate * (float)part;
    *m = a->beta1 * *m + (1.0f - a->beta1) * g;
    *v = a->beta2 * *v + (1.0f - a->beta2) * (g * g);
    *value -= rate * *m / (sqrtf(*v) + a->epsilon);
}

/* Through normalization and quantizer of rows of layer i whose d holds the gradient of their codes. */
static void backward_units(lf_net *n, int i, size_t first, size_t rows, const lf_row_adam *adam) {
    lf_net_layer *l = &n->layer[i];
    for (size_t r = first; r < first + rows; r++) {
        lf_row_unit u = lf_net_unit(n, i, r);
        lf_row_grads grads;
        float *keep = l->keep ? l->keep + r * n->batch : NULL;
        n->rows->backward(&u, &l->stats[r], l->x + r * n->batch, l->d + r * n->batch, keep, n->batch, &grads);
        l->a_step_part[r] = grads.log_step;
        if (l->norm)
            adam_value(n, adam, n->recipe->training.norm_rate, &l->gamma[r], grads.gamma);
        if (l->norm || !l->last)
            adam_value(n, adam, n->recipe->training.norm_rate, &l->beta[r], grads.beta);
    }
    transpose_rows(n, l, first, rows);
}

static void backward_rows(void *arg, size_t index, int worker) {
    (void)worker;
    const job *j = arg;
    lf_net *n = j->net;
    lf_net_layer *below = &n->layer[j->layer - 1], *l = &n->layer[j->layer];
    size_t first = index * LF_NET_BLOCK, rows = block_rows(below->out, first), batch = n->batch;
    lf_gemm(n->gemm, rows, batch, l->out, l->code + first * l->pad, l->pad, 1, l->d, batch, below->d + first * batch,
            batch);
    backward_units(n, j->layer - 1, first, rows, j->adam);
}

void lf_net_backward(lf_net *n, const lf_row_adam *adam) {
    backward_units(n, n->layers - 1, 0, n->layer[n->layers - 1].out, adam);
    for (int i = n->layers - 1; i > 0; i--) {
        job j = {.net = n, .layer = i, .adam = adam};
        lf_net_run(n, lf_blocks(n->layer[i - 1].out), work_of(n, i), backward_rows, &j);
    }
}

/* -- update -------------------------------------------------------------------------------------------------------- */

static void update_rows(lf_net *n, int i, size_t first, const lf_row_adam *adam, float *scratch) {
    lf_net_layer *l = &n->layer[i];
    size_t rows = block_rows(l->in, first), pad = l->pad;
    const float *input = layer_input(n, i) + first * n->batch;
    lf_gemm(n->gemm, rows, l->out, n->batch, input, n->batch, 1, l->dt, pad, scratch, pad);
    lf_row_quant now = lf_net_weight_quant(l, *l->code_step), next = lf_net_weight_quant(l, *l->w_step);
    for (size_t r = 0; r < rows; r++) {
        size_t at = (first + r) * pad, slot = (size_t)(l->w - n->value) + at;
        l->w_step_part[first + r] = n->rows->weights(&now, &next, adam, l->w + at, n->m + slot, n->v + slot,
                                                     scratch + r * pad, l->code + at, l->width);
    }
}

static void update_block(void *arg, size_t index, int worker) {
    const job *j = arg;
    lf_net *n = j->net;
    int i = 0;
    while (index >= lf_blocks(n->layer[i].in))
        index -= lf_blocks(n->layer[i++].in);
    update_rows(n, i, index * LF_NET_BLOCK, j->adam, n->scratch[worker]);
}

static float sum(const float *part, size_t count) {
    double s = 0;
    for (size_t i = 0; i < count; i++)
        s += (double)part[i];
    return (float)s;
}

/* Adam on the logarithm of a step, so that it stays positive. */
static void update_step(const lf_net *n, const lf_row_adam *adam, const lf_quantizer *q, float *step, float gradient) {
    if (q->scale_mode == LF_SCALE_FIXED || q->type == LF_QUANTIZER_BIPOLAR)
        return;
    float before = *step;
    adam_value(n, adam, n->recipe->training.step_rate, step, gradient);
    float change = *step - before;
    *step = before * (1.0f + (change < -0.5f ? -0.5f : change > 0.5f ? 0.5f : change));
}

void lf_net_update(lf_net *n, const lf_row_adam *adam) {
    size_t tasks = 0;
    double work = 0;
    for (int i = 0; i < n->layers; i++) {
        tasks += lf_blocks(n->layer[i].in);
        work += work_of(n, i);
    }
    job j = {.net = n, .adam = adam};
    lf_net_run(n, tasks, work, update_block, &j);
    for (int i = 0; i < n->layers; i++) {
        lf_net_layer *l = &n->layer[i];
        *l->code_step = *l->w_step; /* the new codes were made with it */
        update_step(n, adam, &l->weights, l->w_step, sum(l->w_step_part, l->in));
        if (!l->last)
            update_step(n, adam, &l->activations, l->a_step, sum(l->a_step_part, l->out));
    }
}

/* The bias corrections of Adam folded into rate and epsilon. */
static lf_row_adam adam_now(lf_net *n, double rate) {
    const lf_recipe_training *t = &n->recipe->training;
    n->step++;
    n->power1 *= t->beta1;
    n->power2 *= t->beta2;
    double root = sqrt(1 - n->power2);
    return (lf_row_adam){(float)(rate * root / (1 - n->power1)), (float)t->beta1, (float)t->beta2,
                         (float)(t->epsilon * root)};
}

void lf_net_train_step(lf_net *n, const uint8_t *labels, double rate) {
    lf_net_forward(n);
    lf_net_loss(n, labels);
    lf_row_adam adam = adam_now(n, rate);
    lf_net_backward(n, &adam);
    lf_net_update(n, &adam);
}
