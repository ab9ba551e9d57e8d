/* Evaluation as the frozen graph does it: products of integer codes (exact in float32 below 2^24, else in double),
 * everything behind them in double with the formulas and the order of the ops' definitions. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "num/dtype.h"
#include "train/train_net.h"

enum { CHUNK = 64 }; /* samples of one task */

typedef struct job {
    const lf_net *net;
    const lf_feed *feed;
    const uint32_t *rows;
    size_t count, widest;
    size_t *right;   /* per task */
    float **scratch; /* per worker: two blocks of codes and one of products */
} job;

static bool exact_in_float(const lf_net_layer *l, double highest_code) {
    int lo, hi;
    lf_quantizer_range(&l->weights, &lo, &hi);
    return (double)l->in * highest_code * (double)(-lo > hi ? -lo : hi) < 0x1p24;
}

static double highest_code(const lf_quantizer *q) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    return -lo > hi ? -lo : hi;
}

/* z[row][CHUNK] = codes of one output row, summed in double: exact for every legal width. */
static void product_in_double(const lf_net_layer *l, const float *in, double *z, size_t row) {
    memset(z, 0, CHUNK * sizeof *z);
    for (size_t k = 0; k < l->in; k++)
        for (size_t b = 0; b < CHUNK; b++)
            z[b] += (double)l->code[k * l->pad + row] * (double)in[k * CHUNK + b];
}

/* What the frozen graph computes from the integers of one row of the product. */
static void row_values(const lf_net *n, int i, size_t row, const double z[CHUNK], double y[CHUNK]) {
    const lf_net_layer *l = &n->layer[i];
    double scale = lf_net_scale(n, i), beta = (double)l->beta[row];
    if (!l->norm) {
        for (size_t b = 0; b < CHUNK; b++)
            y[b] = l->last ? z[b] * scale : z[b] * scale + beta;
        return;
    }
    double root = sqrt((double)l->variance[row] + (double)(float)n->recipe->norm.epsilon);
    double mean = (double)l->mean[row], gamma = (double)l->gamma[row];
    for (size_t b = 0; b < CHUNK; b++)
        y[b] = (z[b] * scale - mean) / root * gamma + beta;
}

static void row_codes(const lf_quantizer *q, double step, const double y[CHUNK], float *out) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    for (size_t b = 0; b < CHUNK; b++) {
        double c = y[b] / step;
        c = c < lo ? lo : c > hi ? hi : c;
        out[b] = q->type == LF_QUANTIZER_BIPOLAR ? (y[b] >= 0 ? 1.0f : -1.0f)
                                                 : (float)lf_round_to_int(c, LF_ROUND_HALF_EVEN);
    }
}

static void one_layer(const lf_net *n, int i, double in_highest, const float *in, float *product, float *out,
                      double *logits) {
    const lf_net_layer *l = &n->layer[i];
    bool fast = exact_in_float(l, in_highest);
    double step = l->last ? 1 : (double)lf_net_step(&l->activations, *l->a_step), z[CHUNK], y[CHUNK];
    if (fast)
        lf_gemm(n->gemm, l->out, CHUNK, l->in, l->code, 1, l->pad, in, CHUNK, product, CHUNK);
    for (size_t row = 0; row < l->out; row++) {
        if (fast)
            for (size_t b = 0; b < CHUNK; b++)
                z[b] = (double)product[row * CHUNK + b];
        else
            product_in_double(l, in, z, row);
        row_values(n, i, row, z, y);
        if (l->last)
            memcpy(logits + row * CHUNK, y, sizeof y);
        else
            row_codes(&l->activations, step, y, out + row * CHUNK);
    }
}

static size_t right_ones(const double *logits, size_t classes, const lf_feed *feed, const uint32_t *rows,
                         size_t count) {
    size_t right = 0;
    for (size_t b = 0; b < count; b++) {
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            if (logits[c * CHUNK + b] > logits[best * CHUNK + b])
                best = c;
        right += best == feed->labels[rows[b]];
    }
    return right;
}

static void count_chunk(void *arg, size_t index, int worker) {
    const job *j = arg;
    const lf_net *n = j->net;
    size_t first = index * CHUNK, count = j->count - first < CHUNK ? j->count - first : CHUNK;
    uint32_t rows[CHUNK];
    for (size_t b = 0; b < CHUNK; b++)
        rows[b] = j->rows[first + (b < count ? b : 0)];
    float *in = j->scratch[worker], *out = in + j->widest * CHUNK, *product = out + j->widest * CHUNK;
    double *logits = (double *)(void *)(product + j->widest * CHUNK);
    for (size_t b = 0; b < CHUNK; b += 16)
        lf_feed_columns(j->feed, rows, b, in, CHUNK, 0, 0, 0);
    double highest = highest_code(&n->recipe->input_quantizer);
    for (int i = 0; i < n->layers; i++) {
        one_layer(n, i, highest, in, product, out, logits);
        highest = n->layer[i].last ? 0 : highest_code(&n->layer[i].activations);
        float *t = in;
        in = out;
        out = t;
    }
    j->right[index] = right_ones(logits, n->layer[n->layers - 1].out, j->feed, rows, count);
}

size_t lf_net_count_right(const lf_net *n, const lf_feed *feed, const uint32_t *rows, size_t count) {
    lf_arena *a = lf_arena_new();
    size_t tasks = (count + CHUNK - 1) / CHUNK, right = 0, workers = (size_t)lf_pool_size(n->pool);
    job j = {.net = n, .feed = feed, .rows = rows, .count = count, .widest = n->features};
    for (int i = 0; i < n->layers; i++)
        j.widest = n->layer[i].pad > j.widest ? n->layer[i].pad : j.widest;
    j.right = LF_NEW_ARRAY(a, size_t, tasks + 1);
    j.scratch = LF_NEW_ARRAY(a, float *, workers);
    for (size_t w = 0; w < workers; w++)
        j.scratch[w] = LF_NEW_ARRAY(a, float, 5 * j.widest * CHUNK);
    lf_pool_run(n->pool, tasks, count_chunk, &j);
    for (size_t t = 0; t < tasks; t++)
        right += j.right[t];
    lf_arena_free(a);
    return right;
}
