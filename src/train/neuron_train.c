/* Networks of sparse neurons, for the training loop. */
#include "train/neuron_net.h"

enum { TABLE_BITS_MAX = 15, VALUES_MAX = 1 << 27 };

typedef struct neurons {
    lf_arena *arena;
    lf_neuron_net *net;
    lf_code_input input;
    lf_feed train, test;
    size_t epoch_steps;
} neurons;

static void step(void *self, const uint32_t *rows, double rate) {
    neurons *s = self;
    lf_neuron_net_train_step(s->net, &s->train, rows, rate);
}

/* The part of inputs exchanged falls to 0 at the end of `regrow_until`; nothing is known before the first epoch. */
static double exchange_in(const lf_recipe_neurons *r, int64_t epoch, int64_t epochs) {
    double part = (double)(epoch - 1) / (r->regrow_until * (double)epochs);
    return epoch > 1 && part < 1 ? r->regrow * (1 - part) : 0;
}

static void begin_epoch(void *self, int64_t epoch, int64_t epochs) {
    lf_neuron_net *n = ((neurons *)self)->net;
    if (n->recipe->neurons.mask == LF_MASK_REGROW)
        lf_neuron_net_watch(n, exchange_in(&n->recipe->neurons, epoch, epochs), ((neurons *)self)->epoch_steps);
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

/* -- the whole ------------------------------------------------------------------------------------------------------ */

static lf_status check_layer(const lf_training *t, int i, size_t in, int in_bits, double *values) {
    const lf_recipe_neurons *r = &t->recipe->neurons;
    bool last = i == t->recipe->layers - 1;
    int64_t special = last ? r->output_fan_in : i == 0 ? r->input_fan_in : 0, fan_in = special ? special : r->fan_in;
    bool wide = r->mask == LF_MASK_LEARNED || r->mask == LF_MASK_REGROW;
    double inputs = wide ? (double)in : (double)fan_in;
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
    const lf_recipe_neurons *r = &t->recipe->neurons;
    const lf_code_grid grid = {(int)(r->input_bits ? r->input_bits : r->bits), r->input_step, r->standardize};
    LF_TRY(lf_code_input_start(s->arena, t, grid, &s->input));
    LF_TRY(check_sizes(t, s, classes));
    return lf_code_feeds_make(s->arena, t, &s->input, *classes, &s->train, &s->test);
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
    s->epoch_steps = t->count / n->batch;
    lf_train_values values = {n->value, n->m, n->v, n->values, n->kept, n->kepts, &n->step, &n->power1, &n->power2};
    *out = (lf_trainee){.self = s, .values = values, .kernel = lf_isa_name(n->rows->isa), .free = free_neurons};
    out->step = step, out->begin_epoch = begin_epoch, out->count_right = count_right, out->sound = sound;
    out->settle = settle, out->freeze = freeze;
    return LF_OK;
}
