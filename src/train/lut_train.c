/* Networks of trained LUTs, for the training loop. */
#include "train/lut_search.h"
#include "train/trainee.h"

enum { VALUES_MAX = 1 << 27 };

typedef struct luts {
    lf_arena *arena;
    lf_lut_net *net;
    lf_thermometer thermometer;
    lf_feed train, test;
    double *likely;        /* of input bits to be drawn */
    lf_lut_search *search; /* or NULL: gradients */
} luts;

/* A search does an epoch's work when it begins; the loop's steps are only counted, as a checkpoint of any family holds them. */
static void count_step(lf_lut_net *n) {
    n->step++;
    n->power1 *= n->recipe->training.beta1;
    n->power2 *= n->recipe->training.beta2;
}

static void step(void *self, const uint32_t *rows, double rate) {
    luts *s = self;
    if (s->search)
        count_step(s->net);
    else
        lf_lut_net_train_step(s->net, &s->train, rows, rate);
}

static void begin_epoch(void *self, int64_t epoch, int64_t epochs) {
    luts *s = self;
    lf_lut_net *n = s->net;
    if (s->search)
        lf_lut_search_epoch(s->search, epoch, epochs);
    n->calm = (double)epoch > n->recipe->regularize.until * (double)epochs;
    n->settled = (double)epoch > (1 - n->recipe->luts.settle) * (double)epochs;
}

static void end_epoch(void *self, int64_t epoch, int64_t epochs) {
    luts *s = self;
    if (!s->search && (double)epoch < s->net->recipe->luts.renew_until * (double)epochs)
        lf_lut_net_renew(s->net, s->likely, (uint64_t)epoch);
}

static size_t count_right(void *self, bool test, const uint32_t *rows, size_t count) {
    luts *s = self;
    return lf_lut_net_count_right(s->net, test ? &s->test : &s->train, rows, count);
}

static void settle(void *self) {
    lf_lut_net_settle(((luts *)self)->net);
}

static lf_graph *freeze(lf_ctx *ctx, void *self) {
    return lf_lut_net_freeze(ctx, ((luts *)self)->net);
}

static void free_luts(void *self) {
    luts *s = self;
    lf_lut_search_free(s->search);
    lf_lut_net_free(s->net);
    lf_arena_free(s->arena);
}

static size_t count_classes(const lf_train_options *o) {
    size_t highest = 1;
    for (size_t i = 0; i < o->train.count; i++)
        highest = o->train.labels[i] > highest ? o->train.labels[i] : highest;
    return o->classes > 0 ? (size_t)o->classes : highest + 1;
}

static lf_status check_sizes(const lf_training *t, size_t classes) {
    const lf_recipe *r = t->recipe;
    const lf_recipe_layer *last = &r->layer[r->layers - 1];
    double values = 0, candidates = (double)r->luts.candidates;
    for (int i = 0; i < r->layers; i++)
        values += (double)r->layer[i].units * (64 + 6 * (candidates + (double)r->training.batch));
    bool alone = last->units == 1 && classes == 2 && r->luts.method == LF_LUTS_SEARCH;
    if ((size_t)last->units % classes && !alone)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL,
                       "the last layer of %s has %lld LUTs, which is no multiple of the %zu classes", r->name,
                       (long long)last->units, classes);
    if ((size_t)last->units / classes > UINT16_MAX || values > VALUES_MAX)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "%s has too many LUTs, or candidates for its LUTs", r->name);
    if (t->options->features == 0 || t->options->features > 65536)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "rows of %zu values are out of range", t->options->features);
    return LF_OK;
}

static lf_status make_feeds(const lf_training *t, size_t classes, luts *s) {
    const lf_train_options *o = t->options;
    LF_TRY(check_sizes(t, classes));
    LF_TRY(lf_thermometer_fit(t->ctx, s->arena, t->recipe, o->features, &o->train, t->rows, t->count, &s->thermometer));
    LF_TRY(
        lf_lut_feed_make(t->ctx, s->arena, t->recipe, &s->thermometer, &o->train, classes, "training part", &s->train));
    if (o->test.count)
        LF_TRY(
            lf_lut_feed_make(t->ctx, s->arena, t->recipe, &s->thermometer, &o->test, classes, "test part", &s->test));
    s->likely = lf_lut_feed_likely(s->arena, &s->train, &s->thermometer, t->rows, t->count);
    return LF_OK;
}

lf_status lf_train_luts(const lf_training *t, lf_trainee *out) {
    lf_arena *a = lf_arena_new();
    luts *s = LF_NEW(a, luts);
    size_t classes = count_classes(t->options);
    s->arena = a;
    lf_status status = make_feeds(t, classes, s);
    if (status != LF_OK) {
        lf_arena_free(a);
        return status;
    }
    lf_lut_net *n = lf_lut_net_new(t->recipe, &s->thermometer, classes, t->seed, t->options->kernel,
                                   lf_ctx_pool(t->ctx), s->likely);
    s->net = n;
    if (t->recipe->luts.method == LF_LUTS_SEARCH &&
        !(s->search = lf_lut_search_new(t->ctx, n, &s->train, t->rows, t->count))) {
        free_luts(s);
        return LF_BAD_INPUT;
    }
    lf_train_values values = {n->value, n->m, n->v, n->values, n->kept, n->kepts, &n->step, &n->power1, &n->power2};
    *out = (lf_trainee){.self = s, .values = values, .kernel = lf_isa_name(n->rows->isa), .free = free_luts};
    out->step = step, out->begin_epoch = begin_epoch, out->end_epoch = end_epoch, out->count_right = count_right,
    out->settle = settle;
    out->freeze = freeze;
    return LF_OK;
}
