#include "train/train.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/rng.h"
#include "train/train_feed.h"
#include "train/train_schedule.h"
#include "train/train_state.h"

typedef struct run {
    lf_ctx *ctx;
    lf_arena *arena;
    const lf_recipe *recipe;
    const lf_train_options *options;
    uint64_t seed;
    uint32_t *split; /* rows of the training part: first those trained on, then those held out */
    size_t used, held;
    uint32_t *order; /* of one epoch, rows of the training part */
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

/* What the result depends on. */
static void identify(run *s, uint64_t seed) {
    lf_train_identity *id = &s->state.identity;
    lf_text text = {0};
    memcpy(id->recipe, s->recipe->digest, sizeof id->recipe);
    id->seed = (int64_t)seed;
    add_data(&text, &s->options->train, s->options->features);
    lf_sha256_hex(text.at, text.len, id->data);
    lf_text_free(&text);
}

/* Which rows are held out does not depend on the seed, so that seeds can be compared. */
static lf_status split_rows(run *s) {
    size_t held = (size_t)s->recipe->training.validation, batch = (size_t)s->recipe->training.batch;
    if (s->options->train.count < held + batch)
        return lf_fail(s->ctx, LF_BAD_INPUT, NULL,
                       "the training part has %zu rows: too few for %zu held out and batches of %zu",
                       s->options->train.count, held, batch);
    s->held = held;
    s->used = s->options->train.count - held;
    s->split = LF_NEW_ARRAY(s->arena, uint32_t, s->options->train.count);
    s->order = LF_NEW_ARRAY(s->arena, uint32_t, s->options->train.count);
    lf_shuffle(s->split, s->options->train.count, 0, lf_stream(LF_STREAM_SPLIT, 0, 0));
    return LF_OK;
}

static lf_status make_family(const lf_training *t, lf_trainee *out) {
    switch ((lf_family)t->recipe->family) {
    case LF_FAMILY_PRODUCTS: return lf_train_products(t, out);
    case LF_FAMILY_LUTS: return lf_train_luts(t, out);
    case LF_FAMILY_NEURONS: return lf_train_neurons(t, out);
    case LF_FAMILY_EDGES: return lf_train_edges(t, out);
    }
    return LF_BAD_INPUT;
}

static lf_status make_network(run *s) {
    const lf_train_options *o = s->options;
    uint64_t seed = (uint64_t)(o->seed >= 0 ? o->seed : s->recipe->training.seed);
    lf_training t = {s->ctx, s->recipe, o, seed, s->split, s->used};
    s->seed = seed;
    s->state.epochs = o->epochs > 0 ? o->epochs : s->recipe->training.epochs;
    LF_TRY(make_family(&t, &s->state.net));
    s->state.best_value = LF_NEW_ARRAY(s->arena, float, s->state.net.values.values);
    s->state.best_kept = LF_NEW_ARRAY(s->arena, float, s->state.net.values.kepts);
    identify(s, seed);
    return LF_OK;
}

static lf_status resume(run *s) {
    const lf_train_options *o = s->options;
    if (!o->resume || !o->checkpoint || !lf_path_exists(o->checkpoint))
        return LF_OK;
    return lf_checkpoint_read(s->ctx, o->checkpoint, &s->state);
}

/* -- one epoch ----------------------------------------------------------------------------------------------------- */

static void shuffle_epoch(run *s) {
    lf_shuffle(s->order, s->used, s->seed, lf_stream(LF_STREAM_ORDER, 0, (uint64_t)s->state.epoch));
    for (size_t i = 0; i < s->used; i++)
        s->order[i] = s->split[s->order[i]];
}

static void train_epoch(run *s) {
    const lf_trainee *n = &s->state.net;
    const lf_recipe_training *t = &s->recipe->training;
    size_t batch = (size_t)t->batch, steps = s->used / batch;
    shuffle_epoch(s);
    if (n->begin_epoch)
        n->begin_epoch(n->self, s->state.epoch + 1, s->state.epochs);
    for (size_t i = 0; i < steps; i++) {
        n->step(n->self, s->order + i * batch, lf_schedule_rate(t, s->state.epochs, steps, *n->values.step));
        lf_progress(s->ctx, s->recipe->name, (uint64_t)s->state.epoch * steps + i + 1,
                    (uint64_t)s->state.epochs * steps);
    }
    s->state.epoch++;
}

/* Of two epochs that are equally good the later one: its rate was lower. */
static void judge_epoch(run *s) {
    const lf_trainee *n = &s->state.net;
    size_t right = n->count_right(n->self, false, s->split + s->used, s->held);
    if (s->state.best_epoch == 0 || right >= s->state.best_right)
        lf_train_state_keep(&s->state, right);
    if (n->end_epoch)
        n->end_epoch(n->self, s->state.epoch, s->state.epochs);
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
    size_t count = s->options->test.count;
    if (!count)
        return -1;
    uint32_t *rows = LF_NEW_ARRAY(s->arena, uint32_t, count);
    for (size_t i = 0; i < count; i++)
        rows[i] = (uint32_t)i;
    return (double)s->state.net.count_right(s->state.net.self, true, rows, count) / (double)count;
}

static void fill_report(run *s, lf_train_report *r) {
    const lf_train_state *t = &s->state;
    *r = (lf_train_report){.epochs = t->epochs, .best_epoch = t->best_epoch, .kernel = t->net.kernel};
    r->valid_accuracy = (double)t->best_right / (double)s->held;
    r->test_accuracy = test_accuracy(s);
    r->seconds = t->seconds + (clock_now() - s->started);
}

static lf_status train_run(run *s, lf_train_report *report, lf_graph **frozen) {
    LF_TRY(split_rows(s));
    LF_TRY(make_network(s));
    LF_TRY(resume(s));
    LF_TRY(train_all(s));
    lf_train_state_restore_best(&s->state);
    fill_report(s, report);
    *frozen = s->state.net.freeze(s->ctx, s->state.net.self);
    return *frozen ? LF_OK : LF_BAD_INPUT;
}

lf_status lf_train(lf_ctx *ctx, const lf_recipe *recipe, const lf_train_options *options, lf_train_report *report,
                   lf_graph **frozen) {
    *frozen = NULL;
    run s = {.ctx = ctx, .arena = lf_arena_new(), .recipe = recipe, .options = options};
    lf_status status = train_run(&s, report, frozen);
    if (s.state.net.free)
        s.state.net.free(s.state.net.self);
    lf_arena_free(s.arena);
    return status;
}
