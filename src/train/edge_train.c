/* Networks of table edges, for the training loop. */
#include <math.h>
#include <string.h>

#include "train/edge_net.h"

enum { VALUES_MAX = 1 << 26 };

typedef struct edges {
    lf_arena *arena;
    lf_edge_net *net;
    lf_code_input input;
    lf_feed train, test;
} edges;

static void step(void *self, const uint32_t *rows, double rate) {
    edges *s = self;
    lf_edge_net_train_step(s->net, &s->train, rows, rate);
}

static void begin_epoch(void *self, int64_t epoch, int64_t epochs) {
    lf_edge_net_begin_epoch(((edges *)self)->net, epoch, epochs);
}

/* While widths change networks are larger than the one that is wanted: of equal epochs the last one counts. */
static size_t count_right(void *self, bool test, const uint32_t *rows, size_t count) {
    edges *s = self;
    if (!test && s->net->recipe->edges.lut_cost > 0 && !s->net->settled)
        return 0;
    return lf_edge_net_count_right(s->net, test ? &s->test : &s->train, rows, count);
}

static bool all_below(const float *value, size_t count, double limit) {
    for (size_t k = 0; k < count; k++)
        if (!((double)value[k] < limit && (double)value[k] > -limit))
            return false;
    return true;
}

/* Entries and biases so small that sums of them are exact in float32. */
static bool sound(const void *self, const float *value, const float *kept) {
    const lf_edge_net *n = ((const edges *)self)->net;
    double widest = 1, unit = (double)((int64_t)1 << n->recipe->edges.fraction);
    (void)kept;
    for (int i = 0; i < n->layers; i++)
        widest = (double)n->layer[i].in > widest ? (double)n->layer[i].in : widest;
    for (int i = 0; i < n->layers; i++) {
        const lf_edge_layer *l = &n->layer[i];
        double limit = 0x1p24 / (unit * (widest + 1));
        if (!all_below(value + (l->table - n->value), l->out * l->in * l->entries, limit) ||
            !all_below(value + (l->bias - n->value), l->out, limit))
            return false;
    }
    return all_below(value, n->values, INFINITY);
}

static void settle(void *self) {
    lf_edge_net_round(((edges *)self)->net);
}

static lf_graph *freeze(lf_ctx *ctx, void *self) {
    return lf_edge_net_freeze(ctx, ((edges *)self)->net);
}

static void free_edges(void *self) {
    edges *s = self;
    lf_edge_net_free(s->net);
    lf_arena_free(s->arena);
}

static lf_status check_sizes(const lf_training *t, const edges *s) {
    const lf_recipe *r = t->recipe;
    double values = 0, in = (double)s->input.features, entries = (double)(1 << s->input.bits);
    for (int i = 0; i < r->layers; i++) {
        values +=
            in * entries * (double)r->layer[i].units + (in + (double)r->layer[i].units) * (double)r->training.batch;
        in = (double)r->layer[i].units;
        entries = (double)(1 << r->edges.bits);
    }
    return values <= VALUES_MAX ? LF_OK
                                : lf_fail(t->ctx, LF_BAD_INPUT, NULL, "the tables of %s have %.0f entries: at most %d",
                                          r->name, values, VALUES_MAX);
}

static lf_status make_feeds(const lf_training *t, edges *s) {
    const lf_recipe *r = t->recipe;
    const lf_code_grid grid = {(int)r->edges.input_bits, r->edges.input_step, r->edges.standardize};
    LF_TRY(lf_code_input_start(s->arena, t, grid, &s->input));
    LF_TRY(check_sizes(t, s));
    return lf_code_feeds_make(s->arena, t, &s->input, (size_t)r->layer[r->layers - 1].units, &s->train, &s->test);
}

lf_status lf_train_edges(const lf_training *t, lf_trainee *out) {
    lf_arena *a = lf_arena_new();
    edges *s = LF_NEW(a, edges);
    s->arena = a;
    lf_status status = make_feeds(t, s);
    if (status != LF_OK) {
        lf_arena_free(a);
        return status;
    }
    lf_edge_net *n = lf_edge_net_new(t->recipe, &s->input, t->seed, t->options->kernel, lf_ctx_pool(t->ctx));
    s->net = n;
    lf_train_values values = {n->value, n->m, n->v, n->values, n->value, 0, &n->step, &n->power1, &n->power2};
    *out = (lf_trainee){.self = s, .values = values, .kernel = lf_isa_name(n->rows->isa), .free = free_edges};
    out->step = step, out->begin_epoch = begin_epoch, out->count_right = count_right, out->sound = sound,
    out->settle = settle, out->freeze = freeze;
    return LF_OK;
}
