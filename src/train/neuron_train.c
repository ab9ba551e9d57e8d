/* Networks of sparse neurons, for the training loop. */
#include <math.h>

#include "train/neuron_net.h"

enum { TABLE_BITS_MAX = 15, VALUES_MAX = 1 << 27 };

typedef struct neurons {
    lf_arena *arena;
    lf_neuron_net *net;
    lf_neuron_input input;
    lf_feed train, test;
} neurons;

static void step(void *self, const uint32_t *rows, double rate) {
    neurons *s = self;
    lf_neuron_net_train_step(s->net, &s->train, rows, rate);
}

static void begin_epoch(void *self, int64_t epoch, int64_t epochs) {
    lf_neuron_net *n = ((neurons *)self)->net;
    int64_t dense = n->recipe->neurons.dense_epochs;
    dense = dense < epochs ? dense : epochs - 1; /* the last epoch is sparse */
    if (epoch > dense && !lf_neuron_net_is_sparse(n))
        lf_neuron_net_prune(n);
}

static size_t count_right(void *self, bool test, const uint32_t *rows, size_t count) {
    neurons *s = self;
    return lf_neuron_net_count_right(s->net, test ? &s->test : &s->train, rows, count);
}

static bool sound(const void *self, const float *value, const float *kept) {
    const lf_neuron_net *n = ((const neurons *)self)->net;
    (void)value;
    for (int i = 0; i < n->layers; i++) {
        const lf_neuron_layer *l = &n->layer[i];
        float now = kept[l->now - n->kept];
        if (!(now >= (float)l->fan_in && now <= (float)l->most))
            return false;
        for (size_t w = 0; w < l->neurons * l->most; w++)
            if (!(kept[l->input - n->kept + (ptrdiff_t)w] >= 0 &&
                  kept[l->input - n->kept + (ptrdiff_t)w] < (float)l->in))
                return false;
        for (size_t j = 0; j < l->neurons; j++)
            if (!(kept[l->variance - n->kept + (ptrdiff_t)j] >= 0))
                return false;
    }
    return true;
}

static void settle(void *self) {
    lf_neuron_net_readers(((neurons *)self)->net);
}

static lf_graph *freeze(lf_ctx *ctx, void *self) {
    return lf_neuron_net_freeze(ctx, ((neurons *)self)->net);
}

static void free_neurons(void *self) {
    neurons *s = self;
    lf_neuron_net_free(s->net);
    lf_arena_free(s->arena);
}

/* -- the input ------------------------------------------------------------------------------------------------------ */

static double value_of(const lf_training *t, const lf_train_data *d, size_t at) {
    return d->bytes ? (double)((float)d->bytes[at] / (float)t->recipe->input.divisor) : (double)d->reals[at];
}

/* Mean and deviation of every feature over the rows trained on. */
static void fit_input(const lf_training *t, neurons *s) {
    size_t features = t->options->features;
    float *mean = LF_NEW_ARRAY(s->arena, float, features), *factor = LF_NEW_ARRAY(s->arena, float, features);
    for (size_t k = 0; k < features; k++) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < t->count; i++)
            sum += value_of(t, &t->options->train, t->rows[i] * features + k) / (double)t->count;
        for (size_t i = 0; i < t->count; i++) {
            double d = value_of(t, &t->options->train, t->rows[i] * features + k) - sum;
            square += d * d / (double)t->count;
        }
        mean[k] = (float)sum;
        factor[k] = square > 0 && isfinite((float)(1 / sqrt(square))) ? (float)(1 / sqrt(square)) : 1.0f;
    }
    const lf_recipe_neurons *r = &t->recipe->neurons;
    int bits = (int)(r->input_bits ? r->input_bits : r->bits);
    double width = r->input_step > 0 ? r->input_step : 4.0 / (double)(1 << bits);
    s->input = (lf_neuron_input){features, bits, (double)(float)width, mean, factor};
}

static lf_status make_feed(const lf_training *t, neurons *s, const lf_train_data *d, size_t classes, const char *what,
                           lf_feed *f) {
    *f = (lf_feed){.labels = d->labels, .count = d->count, .features = s->input.features};
    uint8_t *index = lf_alloc_try(s->arena, d->count, f->features);
    int lo = -(1 << (s->input.bits - 1)), hi = -lo - 1;
    if (!index)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "%s: no memory for %zu rows", what, d->count);
    LF_TRY(lf_feed_labels(t->ctx, d, (int64_t)classes, what));
    for (size_t i = 0; i < d->count * f->features; i++) {
        double x = value_of(t, d, i);
        if (!isfinite(x))
            return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "%s: row %zu holds NaN or infinity", what, i / f->features);
        double c =
            (x - (double)s->input.mean[i % f->features]) * (double)s->input.factor[i % f->features] / s->input.step;
        c = c < lo ? lo : c > hi ? hi : c;
        index[i] = (uint8_t)(lf_round_to_int(c, LF_ROUND_HALF_EVEN) - lo);
    }
    for (int c = lo; c <= hi; c++)
        f->code[c - lo] = (float)c;
    f->index = index;
    return LF_OK;
}

/* -- the whole ------------------------------------------------------------------------------------------------------ */

static lf_status check_layer(const lf_training *t, int i, size_t in, int in_bits, double *values) {
    const lf_recipe_neurons *r = &t->recipe->neurons;
    bool last = i == t->recipe->layers - 1;
    int64_t special = last ? r->output_fan_in : i == 0 ? r->input_fan_in : 0, fan_in = special ? special : r->fan_in;
    double inputs = r->mask == LF_MASK_LEARNED ? (double)in : (double)fan_in;
    *values += (double)t->recipe->layer[i].units * (inputs + (double)t->recipe->training.batch + 32768.0 / 4);
    if (fan_in * in_bits > TABLE_BITS_MAX)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL,
                       "layer %d of %s: %lld inputs of %d bits make tables of more than %d address bits", i + 1,
                       t->recipe->name, (long long)fan_in, in_bits, TABLE_BITS_MAX);
    return LF_OK;
}

static lf_status check_sizes(const lf_training *t, const neurons *s, size_t *classes) {
    const lf_recipe *r = t->recipe;
    double values = 0;
    *classes = (size_t)r->layer[r->layers - 1].units;
    for (int i = 0; i < r->layers; i++)
        LF_TRY(check_layer(t, i, i ? (size_t)r->layer[i - 1].units : s->input.features,
                           i ? (int)r->neurons.bits : s->input.bits, &values));
    return values <= VALUES_MAX
               ? LF_OK
               : lf_fail(t->ctx, LF_BAD_INPUT, NULL, "%s has too many neurons, or inputs of its neurons", r->name);
}

static lf_status make_feeds(const lf_training *t, neurons *s, size_t *classes) {
    const lf_train_options *o = t->options;
    if (o->features == 0 || o->features > 65536)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "rows of %zu values are out of range", o->features);
    fit_input(t, s);
    LF_TRY(check_sizes(t, s, classes));
    LF_TRY(make_feed(t, s, &o->train, *classes, "training part", &s->train));
    return o->test.count ? make_feed(t, s, &o->test, *classes, "test part", &s->test) : LF_OK;
}

lf_status lf_train_neurons(const lf_training *t, lf_trainee *out) {
    lf_arena *a = lf_arena_new();
    neurons *s = LF_NEW(a, neurons);
    size_t classes = 0;
    s->arena = a;
    lf_status status = make_feeds(t, s, &classes);
    if (status != LF_OK) {
        lf_arena_free(a);
        return status;
    }
    lf_neuron_net *n =
        lf_neuron_net_new(t->recipe, &s->input, classes, t->seed, t->options->kernel, lf_ctx_pool(t->ctx));
    s->net = n;
    lf_train_values values = {n->value, n->m, n->v, n->values, n->kept, n->kepts, &n->step, &n->power1, &n->power2};
    *out = (lf_trainee){.self = s, .values = values, .kernel = lf_isa_name(n->rows->isa), .free = free_neurons};
    out->step = step, out->begin_epoch = begin_epoch, out->count_right = count_right, out->sound = sound;
    out->settle = settle, out->freeze = freeze;
    return LF_OK;
}
