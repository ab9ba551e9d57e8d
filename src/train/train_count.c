/* Evaluation as the frozen graph does it: products of integer codes (exact in float32 below 2^24; longer sums in parts that are,
 * added in double), everything behind them in double with the formulas and the order of the ops' definitions. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "num/dtype.h"
#include "train/train_net.h"

enum { CHUNK = 64 }; /* values evaluated at a time */

typedef struct job {
    lf_net *net;
    const lf_feed *feed;
    const uint32_t *rows;
    int layer;
    double **exact; /* per worker: sums of one tile, where a layer needs them */
    double *logits; /* [classes][batch] */
} job;

/* -- sums ---------------------------------------------------------------------------------------------------------- */

static void exact_sum(const lf_net *n, int i, const lf_tile *t, double *sum, int worker) {
    const lf_net_layer *l = &n->layer[i];
    size_t columns = t->windows * n->batch, terms = lf_net_exact_terms(n, l);
    float *part = l->x + t->row * l->columns + t->window * n->batch;
    memset(sum, 0, t->rows * columns * sizeof *sum);
    for (size_t k = 0; k < l->in; k += terms) {
        lf_net_product(n, i, t, k, l->in - k < terms ? l->in : k + terms, part, l->columns, worker);
        for (size_t r = 0; r < t->rows; r++)
            for (size_t b = 0; b < columns; b++)
                sum[r * columns + b] += (double)part[r * l->columns + b];
    }
}

/* -- what the frozen graph computes from the integers -------------------------------------------------------------- */

static void row_values(const lf_net *n, int i, size_t row, double y[CHUNK]) {
    const lf_net_layer *l = &n->layer[i];
    double scale = lf_net_scale(n, i), beta = l->weighted ? (double)l->beta[row] : 0;
    if (!l->norm) {
        for (size_t b = 0; b < CHUNK; b++)
            y[b] = l->last || !l->weighted ? y[b] * scale : y[b] * scale + beta;
        return;
    }
    double root = sqrt((double)l->variance[row] + (double)(float)n->recipe->norm.epsilon);
    double mean = (double)l->mean[row], gamma = (double)l->gamma[row];
    for (size_t b = 0; b < CHUNK; b++)
        y[b] = (y[b] * scale - mean) / root * gamma + beta;
}

static void row_codes(const lf_quantizer *q, double step, const double y[CHUNK], float *out, size_t count) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    for (size_t b = 0; b < count; b++) {
        double c = y[b] / step;
        c = c < lo ? lo : c > hi ? hi : c;
        out[b] = q->type == LF_QUANTIZER_BIPOLAR ? (y[b] >= 0 ? 1.0f : -1.0f)
                                                 : (float)lf_round_to_int(c, LF_ROUND_HALF_EVEN);
    }
}

/* `count` values of a row from the one at `at` on; exact: their sums, or NULL where those in x are exact. */
static void evaluate(const job *j, size_t row, size_t at, size_t count, const double *exact) {
    const lf_net *n = j->net;
    const lf_net_layer *l = &n->layer[j->layer];
    double step = l->last ? 1 : (double)lf_net_step(&l->activations, *l->a_step), y[CHUNK] = {0};
    for (size_t b = 0; b < count; b++)
        y[b] = exact ? exact[b] : (double)l->x[row * l->columns + at + b];
    row_values(n, j->layer, row, y);
    if (l->last)
        memcpy(j->logits + row * l->columns + at, y, count * sizeof *y);
    else
        row_codes(&l->activations, step, y, l->a + row * l->columns + at, count);
}

static void count_tile(void *arg, size_t index, int worker) {
    const job *j = arg;
    const lf_net *n = j->net;
    const lf_net_layer *l = &n->layer[j->layer];
    lf_tile t = lf_net_tile(l, index);
    size_t columns = t.windows * n->batch;
    double *exact = l->weighted && lf_net_exact_terms(n, l) < l->in ? j->exact[worker] : NULL;
    if (exact)
        exact_sum(n, j->layer, &t, exact, worker);
    else
        lf_net_sum(n, j->layer, &t, worker);
    for (size_t r = 0; l->units && r < t.rows; r++)
        for (size_t b = 0; b < columns; b += CHUNK)
            evaluate(j, t.row + r, t.window * n->batch + b, columns - b < CHUNK ? columns - b : CHUNK,
                     exact ? exact + r * columns + b : NULL);
}

/* -- counting ------------------------------------------------------------------------------------------------------ */

static void feed_columns(void *arg, size_t index, int worker) {
    (void)worker;
    const job *j = arg;
    lf_feed_columns(j->feed, j->rows, index * LF_GEMM_LANES, j->net->input, j->net->batch, NULL);
}

static size_t right_ones(const job *j, size_t count) {
    size_t right = 0, batch = j->net->batch, classes = j->net->layer[j->net->layers - 1].out;
    for (size_t b = 0; b < count; b++) {
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            if (j->logits[c * batch + b] > j->logits[best * batch + b])
                best = c;
        right += best == j->feed->labels[j->rows[b]];
    }
    return right;
}

static size_t count_batch(job *j, size_t count) {
    lf_net *n = j->net;
    lf_net_run(n, n->batch / LF_GEMM_LANES, 8 * (double)n->features * (double)n->batch, feed_columns, j);
    for (j->layer = 0; j->layer < n->layers; j->layer++) {
        const lf_net_layer *l = &n->layer[j->layer];
        lf_net_run(n, lf_net_tiles(l), lf_net_work(l), count_tile, j);
    }
    return right_ones(j, count);
}

static void exact_buffers(job *j, lf_arena *a) {
    size_t size = 0;
    for (int i = 0; i < j->net->layers; i++) {
        const lf_net_layer *l = &j->net->layer[i];
        size_t tile = l->tile_rows * l->tile_windows * j->net->batch;
        if (l->weighted && lf_net_exact_terms(j->net, l) < l->in && tile > size)
            size = tile;
    }
    j->exact = LF_NEW_ARRAY(a, double *, lf_pool_size(j->net->pool));
    for (int w = 0; size && w < lf_pool_size(j->net->pool); w++)
        j->exact[w] = LF_NEW_ARRAY(a, double, size);
}

size_t lf_net_count_right(lf_net *n, const lf_feed *feed, const uint32_t *rows, size_t count) {
    lf_arena *a = lf_arena_new();
    uint32_t *batch = LF_NEW_ARRAY(a, uint32_t, n->batch);
    job j = {.net = n, .feed = feed, .rows = batch};
    j.logits = LF_NEW_ARRAY(a, double, n->layer[n->layers - 1].out * n->batch);
    exact_buffers(&j, a);
    lf_net_pack(n);
    size_t right = 0;
    for (size_t first = 0; first < count; first += n->batch) {
        size_t now = count - first < n->batch ? count - first : n->batch;
        for (size_t b = 0; b < n->batch; b++)
            batch[b] = rows[first + (b < now ? b : 0)];
        right += count_batch(&j, now);
    }
    lf_arena_free(a);
    return right;
}
