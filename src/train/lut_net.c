#include "train/lut_net.h"

#include <string.h>

#include "base/rng.h"
#include "train/train_common.h"
#include "train/train_schedule.h"

enum { GROUP = 8 }; /* LUTs of one task */

/* -- memory -------------------------------------------------------------------------------------------------------- */

static void layer_sizes(lf_lut_net *n, int i) {
    lf_lut_layer *l = &n->layer[i];
    const lf_recipe_luts *r = &n->recipe->luts;
    l->in = i ? n->layer[i - 1].luts : n->thermometer->features * n->thermometer->levels;
    l->luts = (size_t)n->recipe->layer[i].units;
    l->pins = l->luts * n->fan_in;
    l->choices = (size_t)(r->method == LF_LUTS_SEARCH ? 1
                          : i && r->deep_candidates   ? r->deep_candidates
                                                      : r->candidates);
    n->values += l->luts * LF_LUT_ENTRIES + (l->choices > 1 ? l->pins * l->choices : 0);
    n->kepts += l->pins * l->choices;
}

static void layer_slices(lf_lut_net *n, int i, float **value, float **kept) {
    lf_lut_layer *l = &n->layer[i];
    l->table = *value;
    *value += l->luts * LF_LUT_ENTRIES;
    if (l->choices > 1) {
        l->score = *value;
        *value += l->pins * l->choices;
    }
    l->choice = *kept;
    *kept += l->pins * l->choices;
    l->pick = LF_NEW_ARRAY(n->arena, uint32_t, l->pins);
    l->truth = LF_NEW_ARRAY(n->arena, uint64_t, l->luts);
    l->bits = LF_NEW_ARRAY(n->arena, uint64_t, l->luts * n->words);
    l->address = LF_NEW_ARRAY(n->arena, uint8_t, l->luts * n->batch);
    if (i < n->layers - 1)
        l->d = LF_NEW_ARRAY(n->arena, float, l->luts * n->batch);
    if (i > 0)
        l->pin_d = LF_NEW_ARRAY(n->arena, float, l->pins * n->batch);
}

static void allocate(lf_lut_net *n) {
    size_t widest = 0;
    for (int i = 0; i < n->layers; i++) {
        layer_sizes(n, i);
        widest = n->layer[i].choices > widest ? n->layer[i].choices : widest;
    }
    n->value = LF_NEW_ARRAY(n->arena, float, n->values);
    n->m = LF_NEW_ARRAY(n->arena, float, n->values);
    n->v = LF_NEW_ARRAY(n->arena, float, n->values);
    n->kept = LF_NEW_ARRAY(n->arena, float, n->kepts);
    float *value = n->value, *kept = n->kept;
    for (int i = 0; i < n->layers; i++)
        layer_slices(n, i, &value, &kept);
    n->input = LF_NEW_ARRAY(n->arena, uint64_t, n->layer[0].in * n->words);
    n->features = LF_NEW_ARRAY(n->arena, float, n->thermometer->features * n->batch);
    n->logits = LF_NEW_ARRAY(n->arena, float, n->classes * n->batch);
    n->scores = LF_NEW_ARRAY(n->arena, float, n->classes * n->batch);
    n->labels = LF_NEW_ARRAY(n->arena, uint8_t, n->batch);
    n->batch_rows = LF_NEW_ARRAY(n->arena, uint32_t, n->batch);
    n->counts = LF_NEW_ARRAY(n->arena, uint16_t, n->classes * n->batch);
    n->scratch = LF_NEW_ARRAY(n->arena, float *, lf_pool_size(n->pool));
    for (int w = 0; w < lf_pool_size(n->pool); w++)
        n->scratch[w] = LF_NEW_ARRAY(n->arena, float, n->batch + 2 * widest);
}

/* -- first values --------------------------------------------------------------------------------------------------- */

/* A bit of the first layer's input is drawn as likely as it varies; bits of later layers all alike. */
typedef struct urn {
    lf_rng rng;
    const double *upto; /* sums of likely, or NULL */
    size_t count;
} urn;

static urn open_urn(lf_arena *scratch, const lf_lut_net *n, int i, const double *likely, lf_rng rng) {
    urn u = {.rng = rng, .count = n->layer[i].in};
    if (i)
        return u;
    double sum = 0, *upto = LF_NEW_ARRAY(scratch, double, u.count);
    for (size_t k = 0; k < u.count; k++)
        upto[k] = sum += likely[k];
    u.upto = sum > 0 ? upto : NULL;
    return u;
}

static float draw(urn *u) {
    if (!u->upto)
        return (float)lf_rng_below(&u->rng, (uint32_t)u->count);
    double at = lf_rng_double(&u->rng) * u->upto[u->count - 1];
    size_t lo = 0, hi = u->count - 1;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        if (u->upto[middle] > at)
            hi = middle;
        else
            lo = middle + 1;
    }
    return (float)lo;
}

/* Every bit of a layer's input is read equally often by first candidates: they are permutations, one behind the other. */
static void balance(lf_arena *scratch, const lf_lut_layer *l, urn *u) {
    uint32_t *order = LF_NEW_ARRAY(scratch, uint32_t, l->in);
    for (size_t p = 0; p < l->pins; p++) {
        if (p % l->in == 0)
            lf_shuffle(order, l->in, lf_rng_u64(&u->rng), 0);
        l->choice[p * l->choices] = (float)order[p % l->in];
    }
}

static void first_values(lf_lut_net *n, int i, const double *likely) {
    lf_lut_layer *l = &n->layer[i];
    lf_arena *scratch = lf_arena_new();
    lf_rng rng = lf_rng_make(n->seed, lf_stream(LF_STREAM_INITIAL, i, 0));
    for (size_t k = 0; k < l->luts * LF_LUT_ENTRIES; k++)
        l->table[k] = (float)(2 * lf_rng_double(&rng) - 1);
    for (size_t k = 0; l->score && k < l->pins * l->choices; k++)
        l->score[k] = (float)(0.01 * lf_rng_double(&rng));
    urn u = open_urn(scratch, n, i, likely, rng);
    for (size_t k = 0; k < l->pins * l->choices; k++)
        l->choice[k] = draw(&u);
    if (i)
        balance(scratch, l, &u);
    lf_arena_free(scratch);
}

lf_lut_net *lf_lut_net_new(const lf_recipe *r, const lf_thermometer *t, size_t classes, uint64_t seed, lf_isa isa,
                           lf_pool *pool, const double *likely) {
    lf_arena *a = lf_arena_new();
    lf_lut_net *n = LF_NEW(a, lf_lut_net);
    isa = isa == LF_ISA_COUNT ? lf_cpu_best() : isa;
    *n = (lf_lut_net){.arena = a, .recipe = r, .thermometer = t, .classes = classes, .seed = seed, .pool = pool};
    n->layers = r->layers;
    n->layer = LF_NEW_ARRAY(a, lf_lut_layer, n->layers);
    n->fan_in = (size_t)r->luts.inputs;
    n->batch = (size_t)r->training.batch;
    n->words = n->batch / 64;
    n->power1 = n->power2 = 1;
    n->rows = lf_lut_rows_for(isa);
    n->dense = lf_rows_for(isa);
    allocate(n);
    for (int i = 0; i < n->layers; i++)
        first_values(n, i, likely);
    lf_lut_net_settle(n);
    return n;
}

void lf_lut_net_free(lf_lut_net *n) {
    if (n)
        lf_arena_free(n->arena);
}

/* -- forward -------------------------------------------------------------------------------------------------------- */

typedef struct job {
    lf_lut_net *net;
    int layer;
    lf_row_adam table, score;       /* one step */
    const uint32_t *first, *reader; /* pins that read each LUT of the layer before: reader[first[j] ..] */
    const lf_feed *feed;
    const uint32_t *rows;
    const lf_feed_change *change;
} job;

static void run_luts(const job *j, lf_task_fn *fn) {
    lf_pool_run(j->net->pool, lf_ceil_div(j->net->layer[j->layer].luts, GROUP), fn, (void *)(uintptr_t)j);
}

static size_t group_end(const lf_lut_layer *l, size_t group) {
    size_t end = (group + 1) * GROUP;
    return end < l->luts ? end : l->luts;
}

static size_t highest(const float *score, size_t count) {
    size_t best = 0;
    for (size_t k = 1; k < count; k++)
        if (score[k] > score[best])
            best = k;
    return best;
}

static void settle_lut(const lf_lut_net *n, lf_lut_layer *l, size_t lut) {
    uint64_t truth = 0;
    const float *table = l->table + lut * LF_LUT_ENTRIES;
    for (size_t a = 0; a < LF_LUT_ENTRIES; a++)
        truth |= (uint64_t)(table[a] > 0) << a;
    l->truth[lut] = truth;
    for (size_t p = lut * n->fan_in; p < (lut + 1) * n->fan_in; p++) {
        size_t best = l->score ? highest(l->score + p * l->choices, l->choices) : 0;
        l->pick[p] = (uint32_t)l->choice[p * l->choices + best];
    }
}

void lf_lut_net_settle(lf_lut_net *n) {
    for (int i = 0; i < n->layers; i++)
        for (size_t lut = 0; lut < n->layer[i].luts; lut++)
            settle_lut(n, &n->layer[i], lut);
}

static const uint64_t *bits_read_by(const lf_lut_net *n, int layer) {
    return layer ? n->layer[layer - 1].bits : n->input;
}

static void forward_luts(void *arg, size_t group, int worker) {
    (void)worker;
    const job *j = arg;
    const lf_lut_net *n = j->net;
    lf_lut_layer *l = &n->layer[j->layer];
    const uint64_t *source = bits_read_by(n, j->layer), *in[6] = {0};
    for (size_t lut = group * GROUP; lut < group_end(l, group); lut++) {
        for (size_t k = 0; k < n->fan_in; k++)
            in[k] = source + l->pick[lut * n->fan_in + k] * n->words;
        n->rows->address(in, (int)n->fan_in, n->batch, l->address + lut * n->batch);
        n->rows->look_up(l->truth[lut], l->address + lut * n->batch, n->batch, l->bits + lut * n->words);
    }
}

static void count_votes(lf_lut_net *n) {
    const lf_lut_layer *l = &n->layer[n->layers - 1];
    float scale = (float)(1 / n->recipe->luts.temperature);
    memset(n->counts, 0, n->classes * n->batch * sizeof *n->counts);
    for (size_t lut = 0; lut < l->luts; lut++)
        n->rows->count(l->bits + lut * n->words, n->batch, n->counts + lf_lut_class(n, lut) * n->batch);
    for (size_t k = 0; k < n->classes * n->batch; k++)
        n->logits[k] = (float)n->counts[k] * scale;
}

void lf_lut_net_forward(lf_lut_net *n) {
    for (int i = 0; i < n->layers; i++)
        run_luts(&(job){.net = n, .layer = i}, forward_luts);
    count_votes(n);
}

/* -- backward ------------------------------------------------------------------------------------------------------- */

/* Smoothing along all pins, that of the difference included, only multiplies the difference by 1 - spread. */
void lf_lut_differences(const float *table, size_t fan_in, float spread, float out[][LF_LUT_ENTRIES]) {
    size_t entries = (size_t)1 << fan_in;
    float smooth[LF_LUT_ENTRIES], scale = 1 / (1 - spread);
    memcpy(smooth, table, entries * sizeof *smooth);
    for (size_t bit = 1; bit < entries; bit *= 2)
        for (size_t a = 0; a < entries; a++)
            if (!(a & bit)) {
                float low = smooth[a], high = smooth[a | bit];
                smooth[a] = low + spread * high;
                smooth[a | bit] = high + spread * low;
            }
    for (size_t k = 0; k < fan_in; k++)
        for (size_t a = 0; a < entries; a++)
            out[k][a] = (smooth[a | (size_t)1 << k] - smooth[a & ~((size_t)1 << k)]) * scale;
}

/* Latent numbers of any size, or those of tables, which stay in [-1, 1]. */
static void adam(const lf_lut_net *n, const lf_row_adam *a, const float *g, float *value, size_t count, float clip,
                 float *code) {
    lf_row_quant q = {.kind = LF_ROW_BIPOLAR, .step = 1, .clip = clip};
    size_t at = (size_t)(value - n->value);
    n->dense->weights(&q, &q, a, value, n->m + at, n->v + at, g, code, count);
}

static void move_scores(const job *j, size_t pin, const float *d, float *scratch) {
    const lf_lut_net *n = j->net;
    lf_lut_layer *l = &n->layer[j->layer];
    const uint64_t *source = bits_read_by(n, j->layer);
    for (size_t k = 0; k < l->choices; k++)
        scratch[k] = n->rows->dot(source + (size_t)l->choice[pin * l->choices + k] * n->words, d, n->batch);
    adam(n, &j->score, scratch, l->score + pin * l->choices, l->choices, 1e30f, scratch + l->choices);
}

static void backward_pins(const job *j, size_t lut, const float *g, float *scratch) {
    const lf_lut_net *n = j->net;
    lf_lut_layer *l = &n->layer[j->layer];
    float differences[6][LF_LUT_ENTRIES];
    lf_lut_differences(l->table + lut * LF_LUT_ENTRIES, n->fan_in, (float)n->recipe->luts.spread, differences);
    for (size_t k = 0; k < n->fan_in; k++) {
        size_t pin = lut * n->fan_in + k;
        float *d = l->pin_d ? l->pin_d + pin * n->batch : scratch;
        n->rows->scale(differences[k], l->address + lut * n->batch, g, n->batch, d);
        if (l->score && !n->settled)
            move_scores(j, pin, d, scratch + n->batch);
    }
}

static void backward_lut(const job *j, size_t lut, const float *g, float *scratch) {
    const lf_lut_net *n = j->net;
    lf_lut_layer *l = &n->layer[j->layer];
    float sum[LF_LUT_ENTRIES] = {0}, code[LF_LUT_ENTRIES];
    if (l->pin_d || (l->score && !n->settled))
        backward_pins(j, lut, g, scratch);
    n->rows->gather(l->address + lut * n->batch, g, n->batch, sum);
    adam(n, &j->table, sum, l->table + lut * LF_LUT_ENTRIES, LF_LUT_ENTRIES, 1, code);
    settle_lut(n, l, lut);
}

static void backward_luts(void *arg, size_t group, int worker) {
    const job *j = arg;
    const lf_lut_net *n = j->net;
    lf_lut_layer *l = &n->layer[j->layer];
    for (size_t lut = group * GROUP; lut < group_end(l, group); lut++)
        backward_lut(j, lut, l->d ? l->d + lut * n->batch : n->scores + lf_lut_class(n, lut) * n->batch,
                     n->scratch[worker]);
}

/* Which pins of layer i, as they were wired for this batch, read each LUT before it. */
static void find_readers(lf_arena *a, const lf_lut_net *n, int i, job *j) {
    const lf_lut_layer *l = &n->layer[i];
    uint32_t *first = LF_NEW_ARRAY(a, uint32_t, l->in + 2), *reader = LF_NEW_ARRAY(a, uint32_t, l->pins);
    for (size_t p = 0; p < l->pins; p++)
        first[l->pick[p] + 2]++;
    for (size_t k = 2; k < l->in + 2; k++)
        first[k] += first[k - 1];
    for (size_t p = 0; p < l->pins; p++)
        reader[first[l->pick[p] + 1]++] = (uint32_t)p;
    j->first = first;
    j->reader = reader;
}

/* d of a LUT is the sum over the pins that read it. */
static void join_readers(void *arg, size_t group, int worker) {
    (void)worker;
    const job *j = arg;
    const lf_lut_net *n = j->net;
    lf_lut_layer *l = &n->layer[j->layer];
    const float *pin_d = n->layer[j->layer + 1].pin_d;
    for (size_t lut = group * GROUP; lut < group_end(l, group); lut++) {
        memset(l->d + lut * n->batch, 0, n->batch * sizeof *l->d);
        for (uint32_t k = j->first[lut]; k < j->first[lut + 1]; k++)
            n->dense->add(l->d + lut * n->batch, pin_d + j->reader[k] * n->batch, n->batch);
    }
}

void lf_lut_net_backward(lf_lut_net *n, double rate) {
    const lf_recipe_training *t = &n->recipe->training;
    n->power1 *= t->beta1;
    n->power2 *= t->beta2;
    n->step++;
    job j = {.net = n, .table = lf_schedule_adam(t, rate, n->power1, n->power2)};
    j.score = lf_schedule_adam(t, rate * n->recipe->luts.wire_rate, n->power1, n->power2);
    lf_arena *scratch = n->layers > 1 ? lf_arena_new() : NULL;
    for (j.layer = n->layers - 1; j.layer >= 0; j.layer--) {
        job readers = {.net = n, .layer = j.layer - 1};
        if (j.layer)
            find_readers(scratch, n, j.layer, &readers);
        run_luts(&j, backward_luts);
        if (j.layer)
            run_luts(&readers, join_readers);
    }
    lf_arena_free(scratch);
}

/* -- training ------------------------------------------------------------------------------------------------------- */

static void load_columns(void *arg, size_t index, int worker) {
    (void)worker;
    const job *j = arg;
    lf_feed_columns(j->feed, j->rows, index * 16, j->net->features, j->net->batch, j->change);
}

static void load_levels(void *arg, size_t feature, int worker) {
    (void)worker;
    const lf_lut_net *n = ((const job *)arg)->net;
    const lf_thermometer *t = n->thermometer;
    n->rows->levels(n->features + feature * n->batch, n->batch, t->index + feature * t->levels, t->levels,
                    n->input + feature * t->levels * n->words, n->words);
}

static void load_batch(lf_lut_net *n, const lf_feed *feed, const uint32_t *rows, const lf_feed_change *change) {
    job j = {.net = n, .feed = feed, .rows = rows, .change = change};
    lf_pool_run(n->pool, n->batch / 16, load_columns, &j);
    lf_pool_run(n->pool, n->thermometer->features, load_levels, &j);
}

void lf_lut_net_train_step(lf_lut_net *n, const lf_feed *feed, const uint32_t *rows, double rate) {
    const lf_recipe_regularize *r = &n->recipe->regularize;
    lf_feed_change change = {r->shift, r->flip, n->seed, lf_stream(LF_STREAM_SHIFT, 0, n->step), r->distort};
    uint8_t *labels = n->labels;
    load_batch(n, feed, rows, n->calm ? NULL : &change);
    for (size_t b = 0; b < n->batch; b++)
        labels[b] = feed->labels[rows[b]];
    lf_lut_net_forward(n);
    lf_loss_gradients(&n->recipe->loss, &(lf_loss_rows){n->logits, n->scores, n->classes, n->batch}, labels);
    lf_lut_net_backward(n, rate);
}

/* The candidate of lowest score, if it is below the mean. */
static size_t weakest(const float *score, size_t count, float mean) {
    size_t low = count;
    for (size_t k = 0; k < count; k++)
        if (score[k] < mean && (low == count || score[k] < score[low]))
            low = k;
    return low;
}

static void renew_pin(const lf_lut_net *n, lf_lut_layer *l, size_t pin, urn *u) {
    float *score = l->score + pin * l->choices, *choice = l->choice + pin * l->choices, mean = 0;
    size_t most = (size_t)(n->recipe->luts.renew * (double)l->choices), at = (size_t)(score - n->value);
    for (size_t k = 0; k < l->choices; k++)
        mean += score[k] / (float)l->choices;
    for (size_t i = 0, k; i < most && (k = weakest(score, l->choices, mean)) < l->choices; i++) {
        choice[k] = draw(u);
        score[k] = mean;
        n->m[at + k] = n->v[at + k] = 0;
    }
}

void lf_lut_net_renew(lf_lut_net *n, const double *likely, uint64_t epoch) {
    for (int i = 0; i < n->layers; i++) {
        lf_lut_layer *l = &n->layer[i];
        lf_arena *scratch = lf_arena_new();
        urn u = open_urn(scratch, n, i, likely, lf_rng_make(n->seed, lf_stream(LF_STREAM_RENEW, i, epoch)));
        for (size_t p = 0; l->score && p < l->pins; p++)
            renew_pin(n, l, p, &u);
        lf_arena_free(scratch);
    }
}

static bool is_right(const lf_lut_net *n, size_t b, size_t label) {
    size_t best = 0;
    for (size_t c = 1; c < n->classes; c++)
        if (n->counts[c * n->batch + b] > n->counts[best * n->batch + b])
            best = c;
    return best == label;
}

size_t lf_lut_net_count_right(lf_lut_net *n, const lf_feed *feed, const uint32_t *rows, size_t count) {
    uint32_t *batch = n->batch_rows;
    size_t right = 0;
    for (size_t first = 0; first < count; first += n->batch) {
        size_t now = count - first < n->batch ? count - first : n->batch;
        for (size_t b = 0; b < n->batch; b++)
            batch[b] = rows[first + (b < now ? b : 0)];
        load_batch(n, feed, batch, NULL);
        lf_lut_net_forward(n);
        for (size_t b = 0; b < now; b++)
            right += is_right(n, b, feed->labels[batch[b]]);
    }
    return right;
}
