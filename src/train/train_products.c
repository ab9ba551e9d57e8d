/* Networks of products of codes, for the training loop. */
#include <string.h>

#include "train/train_feed.h"
#include "train/train_freeze.h"
#include "train/train_net.h"
#include "train/trainee.h"

enum { VALUES_MAX = 1 << 27 };

typedef struct products {
    lf_arena *arena;
    lf_net *net;
    lf_feed train, test;
    uint8_t *labels; /* of one batch */
} products;

static double size_of(lf_picture p) {
    return (double)p.channels * (double)p.height * (double)p.width;
}

/* Sizes come from a recipe: refuse before memory runs out. */
static lf_status check_size(const lf_training *s) {
    const lf_recipe *r = s->recipe;
    double values = 0, numbers = (double)s->options->features;
    for (int i = 0; i < r->layers; i++) {
        const lf_recipe_layer *l = &r->layer[i];
        lf_picture in = lf_recipe_picture(r, l->from[0], s->options->features);
        double fan_in = l->kind == LF_LAYER_CONV ? (double)(in.channels * l->kernel * l->kernel) : size_of(in);
        values += lf_has_weights(l) ? fan_in * (double)(l->units + 16) : 0;
        numbers += size_of(lf_recipe_picture(r, i, s->options->features));
    }
    numbers *= (double)r->training.batch;
    if (values <= VALUES_MAX && numbers <= VALUES_MAX)
        return LF_OK;
    lf_status status =
        lf_fail(s->ctx, LF_BAD_INPUT, NULL,
                "the network of %s has %.0f weights, its layers give %.0f numbers per batch: at most %d of either",
                r->name, values, numbers, VALUES_MAX);
    if (values <= VALUES_MAX)
        lf_hint(s->ctx, "take a smaller batch in training: {...}");
    return status;
}

/* -- one step ------------------------------------------------------------------------------------------------------ */

typedef struct feeding {
    products *products;
    const uint32_t *rows;
} feeding;

static void feed_columns(void *arg, size_t index, int worker) {
    (void)worker;
    const feeding *f = arg;
    lf_net *n = f->products->net;
    const lf_recipe_regularize *r = &n->recipe->regularize;
    lf_feed_change change = {r->shift, r->flip, n->seed, lf_stream(LF_STREAM_SHIFT, 0, n->step), r->distort};
    lf_feed_columns(&f->products->train, f->rows, index * 16, n->input, n->batch, &change);
}

static void drop_inputs(void *arg, size_t row, int worker) {
    (void)worker;
    lf_net *n = ((const feeding *)arg)->products->net;
    float *keep = n->input_keep + row * n->batch, *input = n->input + row * n->batch;
    lf_net_dropout(n, 255, row, n->batch, n->recipe->regularize.input_dropout, keep);
    for (size_t b = 0; b < n->batch; b++)
        input[b] *= keep[b];
}

static void load_batch(products *s, const uint32_t *rows) {
    lf_net *n = s->net;
    feeding f = {s, rows};
    double work = 8 * (double)n->features * (double)n->batch; /* a look-up costs as much as some 8 multiplications */
    lf_net_run(n, n->batch / 16, work, feed_columns, &f);
    if (n->input_keep)
        lf_net_run(n, n->features, work, drop_inputs, &f);
    for (size_t b = 0; b < n->batch; b++)
        s->labels[b] = s->train.labels[rows[b]];
}

static void step(void *self, const uint32_t *rows, double rate) {
    products *s = self;
    load_batch(s, rows);
    lf_net_train_step(s->net, s->labels, rate);
}

static size_t count_right(void *self, bool test, const uint32_t *rows, size_t count) {
    products *s = self;
    return lf_net_count_right(s->net, test ? &s->test : &s->train, rows, count);
}

/* -- soundness ----------------------------------------------------------------------------------------------------- */

/* The same place in another copy of a block. */
static float in_copy(const float *p, const float *block, const float *copy) {
    return copy[p - block];
}

static bool layer_sound(const lf_net *n, const lf_net_layer *l, const float *value, const float *kept) {
    if (l->units && !(in_copy(l->a_step, n->value, value) > 0))
        return false;
    if (!l->weighted)
        return true;
    if (!(in_copy(l->w_step, n->value, value) > 0 && in_copy(l->code_step, n->kept, kept) > 0))
        return false;
    for (size_t r = 0; r < l->out; r++)
        if (!(in_copy(l->variance + r, n->kept, kept) >= 0))
            return false;
    return true;
}

static bool sound(const void *self, const float *value, const float *kept) {
    const lf_net *n = ((const products *)self)->net;
    bool sound = true;
    for (int i = 0; sound && i < n->layers; i++)
        sound = layer_sound(n, &n->layer[i], value, kept);
    return sound;
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

static void settle(void *self) {
    lf_net_codes(((products *)self)->net);
}

static lf_graph *freeze(lf_ctx *ctx, void *self) {
    return lf_net_freeze(ctx, ((products *)self)->net);
}

static void free_products(void *self) {
    products *s = self;
    lf_net_free(s->net);
    lf_arena_free(s->arena);
}

static lf_status make_feeds(const lf_training *t, products *s) {
    const lf_train_options *o = t->options;
    LF_TRY(lf_feed_make(t->ctx, s->arena, t->recipe, o->features, &o->train, "training part", &s->train));
    if (o->test.count)
        LF_TRY(lf_feed_make(t->ctx, s->arena, t->recipe, o->features, &o->test, "test part", &s->test));
    return check_size(t);
}

lf_status lf_train_products(const lf_training *t, lf_trainee *out) {
    lf_arena *a = lf_arena_new();
    products *s = LF_NEW(a, products);
    s->arena = a;
    lf_status status = make_feeds(t, s);
    if (status != LF_OK) {
        lf_arena_free(a);
        return status;
    }
    lf_net *n = lf_net_new(t->recipe, t->options->features, t->seed, t->options->kernel, lf_ctx_pool(t->ctx));
    s->net = n;
    s->labels = LF_NEW_ARRAY(a, uint8_t, n->batch);
    lf_net_init(n);
    lf_train_values values = {n->value, n->m, n->v, n->values, n->kept, n->kepts, &n->step, &n->power1, &n->power2};
    *out = (lf_trainee){.self = s, .values = values, .kernel = lf_isa_name(n->gemm->isa), .free = free_products};
    out->step = step, out->count_right = count_right, out->sound = sound, out->settle = settle, out->freeze = freeze;
    return LF_OK;
}
