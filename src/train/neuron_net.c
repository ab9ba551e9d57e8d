#include "train/neuron_net.h"

#include <string.h>

#include "base/rng.h"
#include "train/train_schedule.h"

enum { LANES = 16 };

/* -- memory --------------------------------------------------------------------------------------------------------- */

static size_t pad16(size_t n) {
    return (n + 15) / 16 * 16;
}

static size_t pick_of(int64_t special, int64_t usual, bool is_special) {
    return (size_t)(is_special && special ? special : usual);
}

static void layer_sizes(lf_neuron_net *n, int i) {
    const lf_recipe_neurons *r = &n->recipe->neurons;
    lf_neuron_layer *l = &n->layer[i];
    bool first = i == 0, last = i == n->layers - 1;
    l->in = first ? n->in->features : n->layer[i - 1].neurons;
    l->neurons = (size_t)n->recipe->layer[i].units;
    l->fan_in = last ? pick_of(r->output_fan_in, r->fan_in, true) : pick_of(r->input_fan_in, r->fan_in, first);
    l->fan_in = l->fan_in < l->in ? l->fan_in : l->in;
    l->most = r->mask == LF_MASK_LEARNED ? l->in : l->fan_in;
    l->bits = (int)pick_of(r->output_bits, r->bits, last);
    l->in_bits = first ? n->in->bits : n->layer[i - 1].bits;
    l->lo = first ? n->in->lo : 0;
    l->width = pad16(l->most + 2);
    n->values += l->neurons * l->width;
    n->kepts += 1 + l->neurons * (l->most + 2);
}

static void layer_slices(lf_neuron_net *n, int i, float **value, float **kept) {
    lf_neuron_layer *l = &n->layer[i];
    l->value = *value;
    *value += l->neurons * l->width;
    l->now = *kept;
    l->input = l->now + 1;
    l->mean = l->input + l->neurons * l->most;
    l->variance = l->mean + l->neurons;
    *kept = l->variance + l->neurons;
    l->x = LF_NEW_ARRAY(n->arena, float, l->neurons * n->batch);
    l->code = LF_NEW_ARRAY(n->arena, float, l->neurons * n->batch);
    l->d = LF_NEW_ARRAY(n->arena, float, l->neurons * n->batch);
    l->stats = LF_NEW_ARRAY(n->arena, lf_row_stats, l->neurons);
    l->first = LF_NEW_ARRAY(n->arena, uint32_t, l->in + 2);
    l->reader = LF_NEW_ARRAY(n->arena, uint32_t, l->neurons * l->most);
    if (n->recipe->neurons.mask == LF_MASK_REGROW)
        l->score = LF_NEW_ARRAY(n->arena, float, l->neurons * l->in);
    l->table = LF_NEW_ARRAY(n->arena, uint8_t, l->neurons * lf_neuron_entries(l));
}

static void allocate(lf_neuron_net *n) {
    for (int i = 0; i < n->layers; i++)
        layer_sizes(n, i);
    n->value = LF_NEW_ARRAY(n->arena, float, n->values);
    n->m = LF_NEW_ARRAY(n->arena, float, n->values);
    n->v = LF_NEW_ARRAY(n->arena, float, n->values);
    n->gradient = LF_NEW_ARRAY(n->arena, float, n->values);
    n->kept = LF_NEW_ARRAY(n->arena, float, n->kepts);
    float *value = n->value, *kept = n->kept;
    for (int i = 0; i < n->layers; i++)
        layer_slices(n, i, &value, &kept);
    n->input = LF_NEW_ARRAY(n->arena, float, n->in->features * n->batch);
    n->logits = LF_NEW_ARRAY(n->arena, float, n->classes * n->batch);
    n->scores = LF_NEW_ARRAY(n->arena, float, n->classes * n->batch);
    n->labels = LF_NEW_ARRAY(n->arena, uint8_t, n->batch);
}

/* -- first values --------------------------------------------------------------------------------------------------- */

static bool has_input(const float *input, size_t count, float i) {
    for (size_t k = 0; k < count; k++)
        if (input[k] >= i && input[k] <= i)
            return true;
    return false;
}

/* Different inputs for each neuron, in random order. */
static void random_mask(const lf_neuron_layer *l, lf_rng *rng) {
    for (size_t j = 0; j < l->neurons; j++)
        for (size_t k = 0; k < l->most; k++) {
            float *input = l->input + j * l->most;
            do
                input[k] = (float)lf_rng_below(rng, (uint32_t)l->in);
            while (has_input(input, k, input[k]));
        }
}

/* Every input is read equally often: permutations one behind the other; an input that the neuron has already goes to a later place of its
 * permutation. */
static void balanced_mask(const lf_neuron_layer *l, lf_rng *rng) {
    lf_arena *scratch = lf_arena_new();
    uint32_t *order = LF_NEW_ARRAY(scratch, uint32_t, l->in);
    size_t at = l->in;
    for (size_t w = 0; w < l->neurons * l->most; w++, at++) {
        float *input = l->input + w / l->most * l->most;
        if (at >= l->in) {
            lf_shuffle(order, l->in, lf_rng_u64(rng), 0);
            at = 0;
        }
        for (size_t other = at + 1; other < l->in && has_input(input, w % l->most, (float)order[at]); other++) {
            uint32_t t = order[at];
            order[at] = order[other];
            order[other] = t;
        }
        while (has_input(input, w % l->most, (float)order[at]))
            order[at] = lf_rng_below(rng, (uint32_t)l->in); /* at the end of a permutation */
        l->input[w] = (float)order[at];
    }
    lf_arena_free(scratch);
}

/* Two deviations on either side of the middle use all codes. */
static void first_values(lf_neuron_net *n, int i) {
    lf_neuron_layer *l = &n->layer[i];
    lf_rng rng = lf_rng_make(n->seed, lf_stream(LF_STREAM_INITIAL, i, 0));
    double top = (double)(1 << l->bits);
    for (size_t j = 0; j < l->neurons; j++) {
        float *w = l->value + j * l->width;
        for (size_t k = 0; k < l->most; k++)
            w[k] = (float)((2 * lf_rng_double(&rng) - 1) * n->recipe->training.initial);
        w[l->most] = (float)(top / 4);
        w[l->most + 1] = (float)((top - 1) / 2);
        l->variance[j] = 1;
    }
    *l->now = (float)l->most;
    if (n->recipe->neurons.mask == LF_MASK_RANDOM)
        random_mask(l, &rng);
    else if (n->recipe->neurons.mask == LF_MASK_BALANCED || n->recipe->neurons.mask == LF_MASK_REGROW)
        balanced_mask(l, &rng);
    for (size_t w = 0; n->recipe->neurons.mask == LF_MASK_LEARNED && w < l->neurons * l->most; w++)
        l->input[w] = (float)(w % l->most);
}

lf_neuron_net *lf_neuron_net_new(const lf_recipe *r, const lf_code_input *in, size_t classes, uint64_t seed, lf_isa isa,
                                 lf_pool *pool) {
    lf_arena *a = lf_arena_new();
    lf_neuron_net *n = LF_NEW(a, lf_neuron_net);
    *n = (lf_neuron_net){.arena = a, .recipe = r, .in = in, .classes = classes, .seed = seed, .pool = pool};
    n->layers = r->layers;
    n->layer = LF_NEW_ARRAY(a, lf_neuron_layer, n->layers);
    n->batch = (size_t)r->training.batch;
    n->power1 = n->power2 = 1;
    n->rows = lf_rows_for(isa == LF_ISA_COUNT ? lf_cpu_best() : isa);
    allocate(n);
    for (int i = 0; i < n->layers; i++)
        first_values(n, i);
    lf_neuron_net_readers(n);
    return n;
}

void lf_neuron_net_free(lf_neuron_net *n) {
    if (n)
        lf_arena_free(n->arena);
}

/* -- masks ---------------------------------------------------------------------------------------------------------- */

static size_t inputs_now(const lf_neuron_layer *l) {
    return (size_t)*l->now;
}

void lf_neuron_net_readers(lf_neuron_net *n) {
    for (int i = 0; i < n->layers; i++) {
        lf_neuron_layer *l = &n->layer[i];
        memset(l->first, 0, (l->in + 2) * sizeof *l->first);
        for (size_t j = 0; j < l->neurons; j++)
            for (size_t k = 0; k < inputs_now(l) && i > 0; k++)
                l->first[(size_t)l->input[j * l->most + k] + 2]++;
        for (size_t k = 2; k < l->in + 2; k++)
            l->first[k] += l->first[k - 1];
        for (size_t j = 0; j < l->neurons; j++)
            for (size_t k = 0; k < inputs_now(l) && i > 0; k++)
                l->reader[l->first[(size_t)l->input[j * l->most + k] + 1]++] = (uint32_t)(j * l->most + k);
    }
}

static float size_of(float w) {
    return w < 0 ? -w : w;
}

/* The `fan_in` largest weights to the front, the largest first; the moments of all begin anew. */
static void prune_neuron(const lf_neuron_net *n, const lf_neuron_layer *l, size_t j) {
    float *w = l->value + j * l->width, *input = l->input + j * l->most;
    for (size_t k = 0; k < l->fan_in; k++) {
        size_t best = k;
        for (size_t other = k + 1; other < l->most; other++)
            best = size_of(w[other]) > size_of(w[best]) ? other : best;
        float t = w[k], u = input[k];
        w[k] = w[best], input[k] = input[best];
        w[best] = t, input[best] = u;
    }
    size_t at = (size_t)(w - n->value);
    memset(w + l->fan_in, 0, (l->most - l->fan_in) * sizeof *w);
    memset(n->m + at, 0, l->width * sizeof *w);
    memset(n->v + at, 0, l->width * sizeof *w);
}

void lf_neuron_net_prune(lf_neuron_net *n) {
    for (int i = 0; i < n->layers; i++) {
        for (size_t j = 0; j < n->layer[i].neurons; j++)
            prune_neuron(n, &n->layer[i], j);
        *n->layer[i].now = (float)n->layer[i].fan_in;
    }
    lf_neuron_net_readers(n);
}

bool lf_neuron_net_is_sparse(const lf_neuron_net *n) {
    for (int i = 0; i < n->layers; i++)
        if (inputs_now(&n->layer[i]) != n->layer[i].fan_in)
            return false;
    return true;
}

/* -- one step ------------------------------------------------------------------------------------------------------- */

typedef struct job {
    lf_neuron_net *net;
    int layer;
    const lf_row_adam *adam;
} job;

const float *lf_neuron_codes_read(const lf_neuron_net *n, int i) {
    return i ? n->layer[i - 1].code : n->input;
}

static lf_row_unit unit_of(const lf_neuron_net *n, const lf_neuron_layer *l, size_t j) {
    const float *w = l->value + j * l->width;
    lf_row_unit u = {.scale = 1, .norm = true, .epsilon = (float)n->recipe->norm.epsilon};
    u.gamma = w[l->most], u.beta = w[l->most + 1];
    u.quant = (lf_row_quant){.kind = LF_ROW_INTEGER, .step = 1, .lo = 0, .hi = (float)((1 << l->bits) - 1)};
    return u;
}

/* y += a * x */
static void add_scaled(float *restrict y, float a, const float *restrict x, size_t count) {
    for (size_t b = 0; b < count; b++)
        y[b] += a * x[b];
}

float lf_neuron_dot(const float *x, const float *y, size_t count) {
    float s[LANES] = {0};
    for (size_t b = 0; b < count; b += LANES)
        for (size_t j = 0; j < LANES; j++)
            s[j] += x[b + j] * y[b + j];
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++)
            s[j] += s[j + half];
    return s[0];
}

static void run_average(float *running, float momentum, float now) {
    *running = (1 - momentum) * *running + momentum * now;
}

static void forward_neuron(void *arg, size_t j, int worker) {
    (void)worker;
    const job *t = arg;
    lf_neuron_net *n = t->net;
    lf_neuron_layer *l = &n->layer[t->layer];
    float *x = l->x + j * n->batch, momentum = (float)n->recipe->norm.momentum;
    lf_row_unit u = unit_of(n, l, j);
    memset(x, 0, n->batch * sizeof *x);
    for (size_t k = 0; k < inputs_now(l); k++)
        add_scaled(x, l->value[j * l->width + k],
                   lf_neuron_codes_read(n, t->layer) + (size_t)l->input[j * l->most + k] * n->batch, n->batch);
    n->rows->forward(&u, x, l->code + j * n->batch, NULL, n->batch, &l->stats[j]);
    run_average(&l->mean[j], momentum, l->stats[j].mean);
    run_average(&l->variance[j], momentum, l->stats[j].variance);
}

/* d of the codes becomes d of the sum; gradients of the neuron's values. */
static void backward_neuron(void *arg, size_t j, int worker) {
    (void)worker;
    const job *t = arg;
    lf_neuron_net *n = t->net;
    lf_neuron_layer *l = &n->layer[t->layer];
    float *d = l->d + j * n->batch, *g = n->gradient + (l->value - n->value) + j * l->width;
    lf_row_unit u = unit_of(n, l, j);
    lf_row_grads grads;
    n->rows->backward(&u, &l->stats[j], l->x + j * n->batch, d, NULL, n->batch, &grads);
    memset(g, 0, l->width * sizeof *g);
    for (size_t k = 0; k < inputs_now(l); k++)
        g[k] = lf_neuron_dot(d, lf_neuron_codes_read(n, t->layer) + (size_t)l->input[j * l->most + k] * n->batch,
                             n->batch);
    if (n->watched)
        lf_neuron_net_score(n, t->layer, j);
    g[l->most] = grads.gamma;
    g[l->most + 1] = grads.beta;
}

/* d of what input i of the layer gives. */
static void backward_input(void *arg, size_t i, int worker) {
    (void)worker;
    const job *t = arg;
    const lf_neuron_net *n = t->net;
    const lf_neuron_layer *l = &n->layer[t->layer];
    float *d = n->layer[t->layer - 1].d + i * n->batch;
    memset(d, 0, n->batch * sizeof *d);
    for (uint32_t k = l->first[i]; k < l->first[i + 1]; k++) {
        size_t j = l->reader[k] / l->most;
        add_scaled(d, l->value[j * l->width + l->reader[k] % l->most], l->d + j * n->batch, n->batch);
    }
}

static void update_neuron(void *arg, size_t j, int worker) {
    (void)worker;
    const job *t = arg;
    lf_neuron_net *n = t->net;
    lf_neuron_layer *l = &n->layer[t->layer];
    lf_row_quant real = {.kind = LF_ROW_BIPOLAR, .step = 1, .clip = 1e30f}; /* no clipping: codes are not used */
    size_t at = (size_t)(l->value - n->value) + j * l->width;
    n->rows->weights(&real, &real, t->adam, n->value + at, n->m + at, n->v + at, n->gradient + at, n->gradient + at,
                     l->width);
}

/* Logits are the last codes, whose whole range stands for `logits` of the recipe. */
static void loss(lf_neuron_net *n) {
    lf_neuron_layer *l = &n->layer[n->layers - 1];
    float scale = (float)(n->recipe->neurons.logits / (double)((1 << l->bits) - 1));
    size_t count = n->classes * n->batch;
    for (size_t k = 0; k < count; k++)
        n->logits[k] = l->code[k] * scale;
    lf_loss_gradients(&n->recipe->loss, &(lf_loss_rows){n->logits, n->scores, n->classes, n->batch}, n->labels);
    for (size_t k = 0; k < count; k++)
        l->d[k] = n->scores[k] * scale;
}

static void backward(lf_neuron_net *n, const lf_row_adam *adam) {
    for (int i = n->layers - 1; i >= 0; i--) {
        job j = {n, i, adam};
        lf_pool_run(n->pool, n->layer[i].neurons, backward_neuron, &j);
        if (i)
            lf_pool_run(n->pool, n->layer[i].in, backward_input, &j);
        lf_pool_run(n->pool, n->layer[i].neurons, update_neuron, &j);
    }
}

void lf_neuron_net_train_step(lf_neuron_net *n, const lf_feed *feed, const uint32_t *rows, double rate) {
    const lf_recipe_training *t = &n->recipe->training;
    n->step++;
    n->power1 *= t->beta1;
    n->power2 *= t->beta2;
    for (size_t b = 0; b < n->batch; b += 16)
        lf_feed_columns(feed, rows, b, n->input, n->batch, NULL);
    for (size_t b = 0; b < n->batch; b++)
        n->labels[b] = feed->labels[rows[b]];
    for (int i = 0; i < n->layers; i++)
        lf_pool_run(n->pool, n->layer[i].neurons, forward_neuron, &(job){.net = n, .layer = i});
    loss(n);
    lf_row_adam adam = lf_schedule_adam(t, rate, n->power1, n->power2);
    backward(n, &adam);
    if (n->watched)
        lf_neuron_net_regrow(n);
}
