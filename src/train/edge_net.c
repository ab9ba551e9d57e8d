#include "train/edge_net.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "train/train_schedule.h"

typedef struct job {
    lf_edge_net *net;
    int layer;
} job;

/* -- memory and first values ---------------------------------------------------------------------------------------- */

static size_t pad16(size_t n) {
    return (n + 15) / 16 * 16;
}

static size_t table_count(const lf_edge_layer *l) {
    return l->out * l->in * l->entries;
}

static void layer_sizes(lf_edge_net *n, int i) {
    lf_edge_layer *l = &n->layer[i];
    l->in = i ? n->layer[i - 1].out : n->in->features;
    l->out = (size_t)n->recipe->layer[i].units;
    l->in_bits = i ? n->layer[i - 1].bits : n->in->bits;
    l->entries = (size_t)1 << l->in_bits;
    l->bits = (int)n->recipe->edges.bits;
    n->values += pad16(table_count(l)) + pad16(l->out);
    if (n->recipe->edges.lut_cost > 0)
        n->values += pad16(l->out * l->in);
}

static void layer_slices(lf_edge_net *n, int i, float **value) {
    lf_edge_layer *l = &n->layer[i];
    l->table = *value;
    l->bias = l->table + pad16(table_count(l));
    *value = l->bias + pad16(l->out);
    if (n->recipe->edges.lut_cost > 0) {
        l->width = *value;
        *value += pad16(l->out * l->in);
    }
    l->grid = LF_NEW_ARRAY(n->arena, float, table_count(l));
    l->index = LF_NEW_ARRAY(n->arena, uint8_t, l->in * n->batch);
    l->y = LF_NEW_ARRAY(n->arena, float, l->out * n->batch);
    l->d = LF_NEW_ARRAY(n->arena, float, l->out * n->batch);
}

/* Straight lines through the middle, so steep that sums deviate by a quarter of their range; logits by 1. */
static void first_values(lf_edge_net *n, int i) {
    lf_edge_layer *l = &n->layer[i];
    bool last = i == n->layers - 1;
    double range = last ? 4 : (double)(1 << l->bits), middle = (double)(l->entries - 1) / 2;
    double steep = 1.5 * range / (sqrt((double)l->in) * (double)l->entries);
    lf_rng rng = lf_rng_make(n->seed, lf_stream(LF_STREAM_INITIAL, i, 0));
    for (size_t e = 0; e < l->out * l->in; e++) {
        double slope = (2 * lf_rng_double(&rng) - 1) * steep;
        for (size_t c = 0; c < l->entries; c++)
            l->table[e * l->entries + c] = (float)(slope * ((double)c - middle));
    }
    for (size_t o = 0; o < l->out; o++)
        l->bias[o] = last ? 0 : (float)(range / 2);
    for (size_t e = 0; l->width && e < l->out * l->in; e++)
        l->width[e] = (float)l->in_bits;
}

lf_edge_net *lf_edge_net_new(const lf_recipe *r, const lf_code_input *in, uint64_t seed, lf_isa isa, lf_pool *pool) {
    lf_arena *a = lf_arena_new();
    lf_edge_net *n = LF_NEW(a, lf_edge_net);
    *n = (lf_edge_net){.arena = a, .recipe = r, .in = in, .layers = r->layers, .seed = seed, .pool = pool};
    n->layer = LF_NEW_ARRAY(a, lf_edge_layer, n->layers);
    n->classes = (size_t)r->layer[r->layers - 1].units;
    n->batch = (size_t)r->training.batch;
    n->power1 = n->power2 = 1;
    n->rows = lf_rows_for(isa == LF_ISA_COUNT ? lf_cpu_best() : isa);
    for (int i = 0; i < n->layers; i++)
        layer_sizes(n, i);
    n->value = LF_NEW_ARRAY(a, float, n->values);
    n->m = LF_NEW_ARRAY(a, float, n->values);
    n->v = LF_NEW_ARRAY(a, float, n->values);
    n->gradient = LF_NEW_ARRAY(a, float, n->values);
    n->labels = LF_NEW_ARRAY(a, uint8_t, n->batch);
    float *value = n->value;
    for (int i = 0; i < n->layers; i++)
        layer_slices(n, i, &value);
    for (int i = 0; i < n->layers; i++)
        first_values(n, i);
    lf_edge_net_round(n);
    return n;
}

void lf_edge_net_free(lf_edge_net *n) {
    if (n)
        lf_arena_free(n->arena);
}

static void round_output(void *arg, size_t o, int worker);

void lf_edge_net_round(lf_edge_net *n) {
    for (int i = 0; i < n->layers; i++)
        lf_pool_run(n->pool, n->layer[i].out, round_output, &(job){.net = n, .layer = i});
}

static void round_output(void *arg, size_t o, int worker) {
    (void)worker;
    const job *t = arg;
    const lf_edge_layer *l = &t->net->layer[t->layer];
    double unit = (double)((int64_t)1 << t->net->recipe->edges.fraction);
    for (size_t e = o * l->in; e < (o + 1) * l->in; e++) {
        float *grid = l->grid + e * l->entries;
        lf_edge_means(l->table + e * l->entries, l->in_bits, lf_edge_width(l, e), grid);
        for (size_t c = 0; c < l->entries; c++)
            grid[c] = (float)(floor((double)grid[c] * unit + 0.5) / unit);
    }
}

/* Biases are rounded alike, once. */
static float rounded_bias(const lf_edge_net *n, const lf_edge_layer *l, size_t o) {
    double unit = (double)((int64_t)1 << n->recipe->edges.fraction);
    return (float)(floor((double)l->bias[o] * unit + 0.5) / unit);
}

/* -- one step ------------------------------------------------------------------------------------------------------- */

static void forward_output(void *arg, size_t o, int worker) {
    (void)worker;
    const job *t = arg;
    const lf_edge_net *n = t->net;
    const lf_edge_layer *l = &n->layer[t->layer];
    float *y = l->y + o * n->batch, bias = rounded_bias(n, l, o);
    for (size_t b = 0; b < n->batch; b++)
        y[b] = bias;
    for (size_t i = 0; i < l->in; i++) {
        const float *table = l->grid + (o * l->in + i) * l->entries;
        const uint8_t *index = l->index + i * n->batch;
        for (size_t b = 0; b < n->batch; b++)
            y[b] += table[index[b]];
    }
    if (t->layer == n->layers - 1)
        return;
    float top = (float)((1 << l->bits) - 1);
    uint8_t *next = n->layer[t->layer + 1].index + o * n->batch;
    for (size_t b = 0; b < n->batch; b++)
        next[b] = (uint8_t)(y[b] <= 0 ? 0 : y[b] >= top ? top : y[b]);
}

static void forward(lf_edge_net *n) {
    for (int i = 0; i < n->layers; i++)
        lf_pool_run(n->pool, n->layer[i].out, forward_output, &(job){.net = n, .layer = i});
}

static void load(lf_edge_net *n, const lf_feed *feed, const uint32_t *rows, size_t count) {
    for (size_t b = 0; b < n->batch; b++) {
        uint32_t row = rows[b < count ? b : 0];
        n->labels[b] = feed->labels[row];
        for (size_t k = 0; k < feed->features; k++)
            n->layer[0].index[k * n->batch + b] = feed->index[row * feed->features + k];
    }
}

static void gather_output(void *arg, size_t o, int worker) {
    (void)worker;
    const job *t = arg;
    lf_edge_net *n = t->net;
    const lf_edge_layer *l = &n->layer[t->layer];
    const float *d = l->d + o * n->batch;
    float *g = n->gradient + (l->table - n->value) + o * l->in * l->entries;
    float *bias = n->gradient + (l->bias - n->value) + o;
    memset(g, 0, l->in * l->entries * sizeof *g);
    for (size_t i = 0; i < l->in; i++)
        for (size_t b = 0; b < n->batch; b++)
            g[i * l->entries + l->index[i * n->batch + b]] += d[b];
    for (size_t i = 0; l->width && i < l->in; i++)
        n->gradient[l->width - n->value + (ptrdiff_t)(o * l->in + i)] =
            lf_edge_width_gradient(n, l, o * l->in + i, g + i * l->entries);
    *bias = 0;
    for (size_t b = 0; b < n->batch; b++)
        *bias += d[b];
}

/* The slope at an entry: half the difference of its neighbours; at the ends the whole one to the next. `reach` entries are one. */
static float slope_at(const float *table, size_t entries, size_t reach, size_t c) {
    size_t low = c >= reach ? c - reach : c, high = c + reach < entries ? c + reach : c;
    return high > low ? (table[high] - table[low]) / (float)(high - low) : 0;
}

/* d of what input i of the layer is made of: nothing passes where it was clamped. */
static void backward_input(void *arg, size_t i, int worker) {
    (void)worker;
    const job *t = arg;
    const lf_edge_net *n = t->net;
    const lf_edge_layer *l = &n->layer[t->layer], *below = l - 1;
    float *d = below->d + i * n->batch, slope[256], top = (float)((1 << below->bits) - 1);
    memset(d, 0, n->batch * sizeof *d);
    for (size_t o = 0; o < l->out; o++) {
        size_t e = o * l->in + i, reach = l->entries >> lf_edge_width(l, e);
        for (size_t c = 0; c < l->entries; c++)
            slope[c] = slope_at(l->grid + e * l->entries, l->entries, reach, c);
        for (size_t b = 0; b < n->batch; b++)
            d[b] += l->d[o * n->batch + b] * slope[l->index[i * n->batch + b]];
    }
    for (size_t b = 0; b < n->batch; b++) {
        float y = below->y[i * n->batch + b];
        d[b] = y >= 0 && y <= top ? d[b] : 0;
    }
}

/* Towards the mean by `by` in root mean square. */
static void shrink_table(float *table, size_t entries, float by) {
    float mean = 0, square = 0;
    for (size_t c = 0; c < entries; c++)
        mean += table[c] / (float)entries;
    for (size_t c = 0; c < entries; c++)
        square += (table[c] - mean) * (table[c] - mean) / (float)entries;
    float size = sqrtf(square), keep = size > by ? 1 - by / size : 0;
    for (size_t c = 0; c < entries; c++)
        table[c] = mean + keep * (table[c] - mean);
}

static void update(lf_edge_net *n, const lf_row_adam *adam, double rate) {
    lf_row_quant real = {.kind = LF_ROW_BIPOLAR, .step = 1, .clip = 1e30f}; /* no clipping: codes are not used */
    n->rows->weights(&real, &real, adam, n->value, n->m, n->v, n->gradient, n->gradient, n->values);
    memset(n->gradient, 0, n->values * sizeof *n->gradient);
    float by = (float)(rate * n->recipe->edges.cost);
    for (int i = 0; by > 0 && i < n->layers; i++)
        for (size_t e = 0; e < n->layer[i].out * n->layer[i].in; e++)
            shrink_table(n->layer[i].table + e * n->layer[i].entries, n->layer[i].entries, by);
    lf_edge_width_clamp(n);
    lf_edge_net_round(n);
}

void lf_edge_net_train_step(lf_edge_net *n, const lf_feed *feed, const uint32_t *rows, double rate) {
    const lf_recipe_training *t = &n->recipe->training;
    lf_edge_layer *last = &n->layer[n->layers - 1];
    n->step++;
    n->power1 *= t->beta1;
    n->power2 *= t->beta2;
    load(n, feed, rows, n->batch);
    forward(n);
    lf_loss_gradients(&n->recipe->loss, &(lf_loss_rows){last->y, last->d, n->classes, n->batch}, n->labels);
    for (int i = n->layers - 1; i >= 0; i--) {
        job j = {.net = n, .layer = i};
        lf_pool_run(n->pool, n->layer[i].out, gather_output, &j);
        if (i)
            lf_pool_run(n->pool, n->layer[i].in, backward_input, &j);
    }
    lf_row_adam adam = lf_schedule_adam(t, rate, n->power1, n->power2);
    update(n, &adam, rate);
}

/* -- evaluation ----------------------------------------------------------------------------------------------------- */

/* Sums of multiples of 2^-fraction are exact in float32 below 2^24 of them: check_sizes (edge_train.c) sees to it. */
size_t lf_edge_net_count_right(lf_edge_net *n, const lf_feed *feed, const uint32_t *rows, size_t count) {
    const lf_edge_layer *last = &n->layer[n->layers - 1];
    size_t right = 0;
    for (size_t at = 0; at < count; at += n->batch) {
        size_t now = count - at < n->batch ? count - at : n->batch;
        load(n, feed, rows + at, now);
        forward(n);
        for (size_t b = 0; b < now; b++) {
            size_t best = 0;
            for (size_t c = 1; c < n->classes; c++)
                best = last->y[c * n->batch + b] > last->y[best * n->batch + b] ? c : best;
            right += best == n->labels[b];
        }
    }
    return right;
}
