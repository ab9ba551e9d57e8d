/* One step: forward, loss, backward, update. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "train/train_net.h"
#include "train/train_schedule.h"

typedef struct job {
    lf_net *net;
    int layer, operand;
    const lf_row_adam *adam;
} job;

static size_t part_of(size_t rows, size_t first, size_t most) {
    return rows - first < most ? rows - first : most;
}

/* -- dropout ------------------------------------------------------------------------------------------------------- */

/* The probability is a multiple of 1/256: one random byte per value. */
void lf_net_dropout(const lf_net *n, int layer, size_t row, size_t columns, double p, float *keep) {
    unsigned limit = (unsigned)(p * 256);
    float factor = 256.0f / (float)(256 - limit);
    uint64_t stream = lf_stream(LF_STREAM_DROPOUT, layer, n->step);
    for (size_t b = 0; b < columns; b += 16) {
        uint32_t random[4];
        lf_philox(n->seed, stream, row * (columns / 16) + b / 16, random);
        for (size_t j = 0; j < 16; j++)
            keep[b + j] = (random[j / 4] >> 8 * (j % 4) & 255) < limit ? 0.0f : factor;
    }
}

/* -- forward ------------------------------------------------------------------------------------------------------- */

static void update_running(const lf_net *n, lf_net_layer *l, size_t row) {
    float rate = (float)n->recipe->norm.momentum, count = (float)l->columns;
    float variance = l->stats[row].variance * (count / (count - 1)); /* unbiased */
    l->mean[row] += rate * (l->stats[row].mean - l->mean[row]);
    l->variance[row] += rate * (variance - l->variance[row]);
}

static void forward_units(lf_net *n, int i, size_t first, size_t rows) {
    lf_net_layer *l = &n->layer[i];
    for (size_t r = first; r < first + rows; r++) {
        float *keep = l->keep ? l->keep + r * l->columns : NULL;
        if (keep)
            lf_net_dropout(n, i, r, l->columns, n->recipe->regularize.dropout, keep);
        lf_row_unit u = lf_net_unit(n, i, r);
        n->rows->forward(&u, l->x + r * l->columns, l->a + r * l->columns, keep, l->columns, &l->stats[r]);
        if (l->weighted)
            update_running(n, l, r);
    }
}

static void forward_tile(void *arg, size_t index, int worker) {
    const job *j = arg;
    lf_net_layer *l = &j->net->layer[j->layer];
    lf_tile t = lf_net_tile(l, index);
    lf_net_sum(j->net, j->layer, &t, worker);
    if (l->units && lf_tile_is_wide(l, &t))
        forward_units(j->net, j->layer, t.row, t.rows);
}

static void forward_row(void *arg, size_t index, int worker) {
    (void)worker;
    const job *j = arg;
    forward_units(j->net, j->layer, index, 1);
}

void lf_net_forward(lf_net *n) {
    lf_net_pack(n);
    for (int i = 0; i < n->layers; i++) {
        lf_net_layer *l = &n->layer[i];
        job j = {.net = n, .layer = i};
        lf_tile t = lf_net_tile(l, 0);
        lf_net_run(n, lf_net_tiles(l), lf_net_work(l), forward_tile, &j);
        if (l->units && !lf_tile_is_wide(l, &t))
            lf_net_run(n, l->out, lf_net_work(l), forward_row, &j);
    }
}

/* -- backward ------------------------------------------------------------------------------------------------------ */

static void transpose(const lf_net_layer *l, size_t row, size_t rows, size_t column, size_t columns) {
    for (size_t b = column; b < column + columns; b++)
        for (size_t r = row; r < row + rows; r++)
            l->dt[b * l->pad + r] = l->d[r * l->columns + b];
}

static bool is_vector(const lf_net *n, const lf_net_layer *l) {
    return l->columns == n->batch;
}

enum { TRANSPOSED = 1024 }; /* columns of one task */

static void transpose_columns(void *arg, size_t index, int worker) {
    (void)worker;
    const job *j = arg;
    const lf_net_layer *l = &j->net->layer[j->layer];
    size_t first = index * TRANSPOSED, end = first + part_of(l->columns, first, TRANSPOSED);
    for (size_t at = first; at < end; at += 16)
        for (size_t row = 0; row < l->out; row += 16)
            transpose(l, row, part_of(l->out, row, 16), at, 16);
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
static void update_norm(lf_net *n, lf_net_layer *l, size_t r, const lf_row_grads *grads, const lf_row_adam *adam) {
    if (l->norm)
        adam_value(n, adam, n->recipe->training.norm_rate, &l->gamma[r], grads->gamma);
    if (l->weighted && (l->norm || !l->last))
        adam_value(n, adam, n->recipe->training.norm_rate, &l->beta[r], grads->beta);
}

/* Through normalization and quantizer of rows of layer i whose d holds the gradient of their codes. */
static void backward_units(lf_net *n, int i, size_t first, size_t rows, const lf_row_adam *adam) {
    lf_net_layer *l = &n->layer[i];
    for (size_t r = first; r < first + rows; r++) {
        lf_row_unit u = lf_net_unit(n, i, r);
        lf_row_grads grads;
        float *keep = l->keep ? l->keep + r * l->columns : NULL;
        n->rows->backward(&u, &l->stats[r], l->x + r * l->columns, l->d + r * l->columns, keep, l->columns, &grads);
        l->a_step_part[r] = grads.log_step;
        update_norm(n, l, r, &grads, adam);
    }
    if (l->weighted && is_vector(n, l))
        transpose(l, first, rows, 0, l->columns);
}

static void backward_block(void *arg, size_t index, int worker) {
    const job *j = arg;
    lf_net *n = j->net;
    const lf_net_layer *l = &n->layer[j->layer];
    int below = l->from[j->operand];
    size_t first = index * l->block, count = part_of(l->view.channels, first, l->block);
    lf_net_gradient(n, j->layer, j->operand, first, count, worker);
    if (l->last_gradient[j->operand] && n->layer[below].units)
        backward_units(n, below, first, count, j->adam);
}

/* d of layer i is whole: to its operands. */
static void backward_layer(lf_net *n, int i, const lf_row_adam *adam) {
    const lf_net_layer *l = &n->layer[i];
    job j = {.net = n, .layer = i, .adam = adam};
    if (l->weighted && !is_vector(n, l))
        lf_net_run(n, lf_ceil_div(l->columns, TRANSPOSED), (double)l->columns * (double)l->pad, transpose_columns, &j);
    for (j.operand = 0; j.operand < l->operands; j.operand++)
        if (l->from[j.operand] != LF_FROM_INPUT)
            lf_net_run(n, lf_ceil_div(l->view.channels, l->block), lf_net_work(l), backward_block, &j);
}

void lf_net_backward(lf_net *n, const lf_row_adam *adam) {
    backward_units(n, n->layers - 1, 0, n->layer[n->layers - 1].out, adam);
    for (int i = n->layers - 1; i >= 0; i--)
        backward_layer(n, i, adam);
}

/* -- update -------------------------------------------------------------------------------------------------------- */

static void update_rows(lf_net *n, int i, size_t index, const lf_row_adam *adam, int worker) {
    lf_net_layer *l = &n->layer[i];
    size_t first = index * l->block, count = part_of(l->view.channels, first, l->block);
    size_t taps = lf_patches_taps(&l->view), pad = l->pad;
    float *gradient = n->scratch[worker];
    lf_net_weight_gradient(n, i, first, count, gradient, worker);
    lf_row_quant now = lf_net_weight_quant(l, *l->code_step), next = lf_net_weight_quant(l, *l->w_step);
    for (size_t r = first * taps; r < (first + count) * taps; r++, gradient += pad) {
        size_t at = r * pad, slot = (size_t)(l->w - n->value) + at;
        l->w_step_part[r] =
            n->rows->weights(&now, &next, adam, l->w + at, n->m + slot, n->v + slot, gradient, l->code + at, l->width);
    }
}

static size_t update_tasks(const lf_net_layer *l) {
    return l->weighted ? lf_ceil_div(l->view.channels, l->block) : 0;
}

static void update_block(void *arg, size_t index, int worker) {
    const job *j = arg;
    lf_net *n = j->net;
    int i = 0;
    while (index >= update_tasks(&n->layer[i]))
        index -= update_tasks(&n->layer[i++]);
    update_rows(n, i, index, j->adam, worker);
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

/* Of all layers that share the step of layer i. */
static float step_gradient(const lf_net *n, int i) {
    float total = 0;
    for (int k = i; k < n->layers; k++)
        if (n->layer[k].units && n->layer[k].step_of == i)
            total += sum(n->layer[k].a_step_part, n->layer[k].out);
    return total;
}

void lf_net_update(lf_net *n, const lf_row_adam *adam) {
    size_t tasks = 0;
    double work = 0;
    for (int i = 0; i < n->layers; i++) {
        tasks += update_tasks(&n->layer[i]);
        work += lf_net_work(&n->layer[i]);
    }
    job j = {.net = n, .adam = adam};
    lf_net_run(n, tasks, work, update_block, &j);
    for (int i = 0; i < n->layers; i++) {
        lf_net_layer *l = &n->layer[i];
        if (l->weighted) {
            *l->code_step = *l->w_step; /* the new codes were made with it */
            update_step(n, adam, &l->weights, l->w_step, sum(l->w_step_part, l->in));
        }
        if (l->units && !l->last && l->step_of == i)
            update_step(n, adam, &l->activations, l->a_step, step_gradient(n, i));
    }
}

static lf_row_adam adam_now(lf_net *n, double rate) {
    const lf_recipe_training *t = &n->recipe->training;
    n->step++;
    n->power1 *= t->beta1;
    n->power2 *= t->beta2;
    return lf_schedule_adam(t, rate, n->power1, n->power2);
}

void lf_net_train_step(lf_net *n, const uint8_t *labels, double rate) {
    lf_net_forward(n);
    lf_net_loss(n, labels);
    lf_row_adam adam = adam_now(n, rate);
    lf_net_backward(n, &adam);
    lf_net_update(n, &adam);
}
