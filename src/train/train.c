#include "train/train.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/rng.h"
#include "train/train_feed.h"
#include "train/train_freeze.h"
#include "train/train_net.h"
#include "train/train_schedule.h"
#include "train/train_state.h"

enum { VALUES_MAX = 1 << 27 };

typedef struct run {
    lf_ctx *ctx;
    lf_arena *arena;
    const lf_recipe *recipe;
    const lf_train_options *options;
    lf_feed train, test;
    uint32_t *split; /* rows of the training part: first those trained on, then those held out */
    size_t used, held;
    uint32_t *order; /* of one epoch, rows of the training part */
    uint8_t *labels; /* of one batch */
    lf_train_state state;
    double started, saved; /* clock */
} run;

lf_train_options lf_train_defaults(void) {
    return (lf_train_options){.seed = -1, .checkpoint_seconds = 10, .kernel = LF_ISA_COUNT};
}

static double clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* -- setting up ---------------------------------------------------------------------------------------------------- */

static void add_data(lf_text *text, const lf_train_data *d, size_t features) {
    char hex[65];
    size_t size = d->count * features;
    lf_sha256_hex(d->bytes ? (const void *)d->bytes : (const void *)d->reals, d->bytes ? size : size * sizeof(float),
                  hex);
    lf_text_addf(text, "%zu %s ", d->count, hex);
    lf_sha256_hex(d->labels, d->count, hex);
    lf_text_add(text, hex);
}

/* What the result depends on, hashed. Strings and lists of the recipe are pointers: their contents are added apart. */
static void identify(run *s, uint64_t seed) {
    lf_text text = {0};
    lf_text_addf(&text, "%s %llu %lld ", s->recipe->digest, (unsigned long long)seed, (long long)s->state.epochs);
    add_data(&text, &s->options->train, s->options->features);
    lf_sha256_hex(text.at, text.len, s->state.identity);
    lf_text_free(&text);
}

static lf_status make_feeds(run *s) {
    const lf_train_options *o = s->options;
    LF_TRY(lf_feed_make(s->ctx, s->arena, s->recipe, o->features, &o->train, "training part", &s->train));
    if (o->test.count)
        LF_TRY(lf_feed_make(s->ctx, s->arena, s->recipe, o->features, &o->test, "test part", &s->test));
    return LF_OK;
}

/* Which rows are held out does not depend on the seed, so that seeds can be compared. */
static lf_status split_rows(run *s) {
    size_t held = (size_t)s->recipe->training.validation, batch = (size_t)s->recipe->training.batch;
    if (s->train.count < held + batch)
        return lf_fail(s->ctx, LF_BAD_INPUT, NULL,
                       "the training part has %zu rows: too few for %zu held out and batches of %zu", s->train.count,
                       held, batch);
    s->held = held;
    s->used = s->train.count - held;
    s->split = LF_NEW_ARRAY(s->arena, uint32_t, s->train.count);
    s->order = LF_NEW_ARRAY(s->arena, uint32_t, s->train.count);
    s->labels = LF_NEW_ARRAY(s->arena, uint8_t, batch);
    lf_shuffle(s->split, s->train.count, 0, lf_stream(LF_STREAM_SPLIT, 0, 0));
    return LF_OK;
}

static double size_of(lf_picture p) {
    return (double)p.channels * (double)p.height * (double)p.width;
}

/* Sizes come from a recipe: refuse before memory runs out. */
static lf_status check_size(const run *s) {
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

static void make_state(run *s) {
    const lf_train_options *o = s->options;
    uint64_t seed = (uint64_t)(o->seed >= 0 ? o->seed : s->recipe->training.seed);
    lf_net *n = lf_net_new(s->recipe, o->features, seed, o->kernel, lf_ctx_pool(s->ctx));
    s->state = (lf_train_state){.net = n, .epochs = o->epochs > 0 ? o->epochs : s->recipe->training.epochs};
    s->state.best_value = LF_NEW_ARRAY(n->arena, float, n->values);
    s->state.best_kept = LF_NEW_ARRAY(n->arena, float, n->kepts);
    identify(s, seed);
    lf_net_init(n);
}

static lf_status resume(run *s) {
    const lf_train_options *o = s->options;
    if (!o->resume || !o->checkpoint || !lf_path_exists(o->checkpoint))
        return LF_OK;
    return lf_checkpoint_read(s->ctx, o->checkpoint, &s->state);
}

/* -- one epoch ----------------------------------------------------------------------------------------------------- */

typedef struct feeding {
    run *run;
    const uint32_t *rows;
} feeding;

static void feed_columns(void *arg, size_t index, int worker) {
    (void)worker;
    const feeding *f = arg;
    lf_net *n = f->run->state.net;
    const lf_recipe_regularize *r = &f->run->recipe->regularize;
    lf_feed_change change = {r->shift, r->flip, n->seed, lf_stream(LF_STREAM_SHIFT, 0, n->step)};
    lf_feed_columns(&f->run->train, f->rows, index * 16, n->input, n->batch, &change);
}

static void drop_inputs(void *arg, size_t row, int worker) {
    (void)worker;
    lf_net *n = ((const feeding *)arg)->run->state.net;
    float *keep = n->input_keep + row * n->batch, *input = n->input + row * n->batch;
    lf_net_dropout(n, 255, row, n->batch, n->recipe->regularize.input_dropout, keep);
    for (size_t b = 0; b < n->batch; b++)
        input[b] *= keep[b];
}

static void load_batch(run *s, const uint32_t *rows) {
    lf_net *n = s->state.net;
    feeding f = {s, rows};
    double work = 8 * (double)n->features * (double)n->batch; /* a look-up costs as much as some 8 multiplications */
    lf_net_run(n, n->batch / 16, work, feed_columns, &f);
    if (n->input_keep)
        lf_net_run(n, n->features, work, drop_inputs, &f);
    for (size_t b = 0; b < n->batch; b++)
        s->labels[b] = s->train.labels[rows[b]];
}

static void shuffle_epoch(run *s) {
    lf_shuffle(s->order, s->used, s->state.net->seed, lf_stream(LF_STREAM_ORDER, 0, (uint64_t)s->state.epoch));
    for (size_t i = 0; i < s->used; i++)
        s->order[i] = s->split[s->order[i]];
}

static void train_epoch(run *s) {
    lf_net *n = s->state.net;
    size_t steps = s->used / n->batch;
    shuffle_epoch(s);
    for (size_t i = 0; i < steps; i++) {
        load_batch(s, s->order + i * n->batch);
        lf_net_train_step(n, s->labels, lf_schedule_rate(&s->recipe->training, s->state.epochs, steps, n->step));
        lf_progress(s->ctx, s->recipe->name, (uint64_t)s->state.epoch * steps + i + 1,
                    (uint64_t)s->state.epochs * steps);
    }
    s->state.epoch++;
}

/* Of two epochs that are equally good the later one: its rate was lower. */
static void judge_epoch(run *s) {
    size_t right = lf_net_count_right(s->state.net, &s->train, s->split + s->used, s->held);
    if (s->state.best_epoch == 0 || right >= s->state.best_right)
        lf_train_state_keep(&s->state, right);
}

static lf_status save(run *s) {
    double now = clock_now();
    bool due = s->state.epoch == s->state.epochs || now - s->saved >= s->options->checkpoint_seconds;
    if (!s->options->checkpoint || !due)
        return LF_OK;
    lf_train_state state = s->state;
    state.seconds += now - s->started;
    LF_TRY(lf_checkpoint_write(s->ctx, s->options->checkpoint, &state));
    s->saved = clock_now();
    return LF_OK;
}

static lf_status check_sound(run *s) {
    if (lf_train_state_sound(&s->state))
        return LF_OK;
    lf_status status =
        lf_fail(s->ctx, LF_FAILED, NULL, "the training of %s diverged in epoch %lld: weights are no longer finite",
                s->recipe->name, (long long)s->state.epoch);
    lf_hint(s->ctx, "lower the rate in training: {...}, or use batch_norm");
    return status;
}

static lf_status train_all(run *s) {
    s->started = s->saved = clock_now();
    while (s->state.epoch < s->state.epochs) {
        train_epoch(s);
        LF_TRY(check_sound(s));
        judge_epoch(s);
        LF_TRY(save(s));
    }
    return LF_OK;
}

/* -- the end ------------------------------------------------------------------------------------------------------- */

static double test_accuracy(run *s) {
    if (!s->test.count)
        return -1;
    uint32_t *rows = LF_NEW_ARRAY(s->arena, uint32_t, s->test.count);
    for (size_t i = 0; i < s->test.count; i++)
        rows[i] = (uint32_t)i;
    return (double)lf_net_count_right(s->state.net, &s->test, rows, s->test.count) / (double)s->test.count;
}

static void fill_report(run *s, lf_train_report *r) {
    const lf_train_state *t = &s->state;
    *r = (lf_train_report){.epochs = t->epochs, .best_epoch = t->best_epoch, .kernel = lf_isa_name(t->net->gemm->isa)};
    r->valid_accuracy = (double)t->best_right / (double)s->held;
    r->test_accuracy = test_accuracy(s);
    r->seconds = t->seconds + (clock_now() - s->started);
}

static lf_status train_run(run *s, lf_train_report *report, lf_graph **frozen) {
    LF_TRY(make_feeds(s));
    LF_TRY(split_rows(s));
    LF_TRY(check_size(s));
    make_state(s);
    LF_TRY(resume(s));
    LF_TRY(train_all(s));
    lf_train_state_restore_best(&s->state);
    fill_report(s, report);
    *frozen = lf_net_freeze(s->ctx, s->state.net);
    return *frozen ? LF_OK : LF_BAD_INPUT;
}

lf_status lf_train(lf_ctx *ctx, const lf_recipe *recipe, const lf_train_options *options, lf_train_report *report,
                   lf_graph **frozen) {
    *frozen = NULL;
    run s = {.ctx = ctx, .arena = lf_arena_new(), .recipe = recipe, .options = options};
    lf_status status = train_run(&s, report, frozen);
    lf_net_free(s.state.net);
    lf_arena_free(s.arena);
    return status;
}
