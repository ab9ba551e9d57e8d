/* Networks of table edges: gradients against finite differences of a surrogate, same bits for any number of threads and any kernel, the
 * frozen graph is what the report speaks of, edges vanish, wrong recipes are refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "train/edge_net.h"
#include "train_checks.h"

#define CASE_EDGES "data: digits\nfamily: edges\n"

static const char deep[] = CASE_EDGES "layers: [12, 10]\nedges: {bits: 4, input_bits: 2, fraction: 3}\n"
                                      "training: {epochs: 3, batch: 48, validation: 300, rate: 0.02}\n";
static const char cheap[] = CASE_EDGES "layers: [8, 9, 10]\nedges: {bits: 3, input_bits: 3, fraction: 1, cost: 0.2}\n"
                                       "training: {epochs: 3, batch: 48, validation: 300, rate: 0.02}\n";

static void test_same_bits(void **state) {
    same_for_threads_and_kernels(*state, deep);
    same_for_threads_and_kernels(*state, cheap);
}

static void test_frozen(void **state) {
    check_frozen(*state, deep, 0.6);
    check_frozen(*state, cheap, 0.3);
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

enum { BATCH = 32, FEATURES = 6, CLASSES = 3, WIDEST = 8, LAYERS_MAX = 3 };

/* Around the point: an edge gives its rounded entry, plus how far the entry has moved, plus its slope times how far the code has moved;
 * a code moves with its sum, unless that is clamped. */
typedef struct surrogate {
    const lf_edge_net *net;
    double *value, *point;
    double moved[LAYERS_MAX][WIDEST][BATCH]; /* of the codes a layer gives */
    double y[LAYERS_MAX][WIDEST][BATCH];
} surrogate;

static double moved(const surrogate *s, const float *p) {
    return s->value[p - s->net->value] - s->point[p - s->net->value];
}

static double slope(const float *grid, size_t entries, size_t c) {
    if (c == 0)
        return (double)grid[1] - (double)grid[0];
    if (c == entries - 1)
        return (double)grid[c] - (double)grid[c - 1];
    return ((double)grid[c + 1] - (double)grid[c - 1]) / 2;
}

/* grid: entries rounded at the point, before the step. */
static double edge(const surrogate *s, const float *grid, int i, size_t o, size_t in, size_t b) {
    const lf_edge_layer *l = &s->net->layer[i];
    size_t c = l->index[in * BATCH + b], at = (o * l->in + in) * l->entries;
    double by = i ? s->moved[i - 1][in][b] : 0;
    return (double)grid[at + c] + moved(s, l->table + at + c) + slope(grid + at, l->entries, c) * by;
}

static double run_surrogate(surrogate *s, float *const grid[]) {
    const lf_edge_net *n = s->net;
    double loss = 0;
    for (int i = 0; i < n->layers; i++)
        for (size_t o = 0; o < n->layer[i].out; o++)
            for (size_t b = 0; b < BATCH; b++) {
                const lf_edge_layer *l = &n->layer[i];
                double unit = ldexp(1, (int)n->recipe->edges.fraction);
                double y = floor(s->point[l->bias + o - n->value] * unit + 0.5) / unit + moved(s, l->bias + o);
                for (size_t in = 0; in < l->in; in++)
                    y += edge(s, grid[i], i, o, in, b);
                bool inside = l->y[o * BATCH + b] >= 0 && l->y[o * BATCH + b] <= (float)((1 << l->bits) - 1);
                s->y[i][o][b] = y;
                s->moved[i][o][b] = inside ? y - (double)l->y[o * BATCH + b] : 0;
            }
    for (size_t b = 0; b < BATCH; b++) {
        double total = 0;
        for (int c = 0; c < CLASSES; c++)
            total += exp(s->y[n->layers - 1][c][b]);
        loss -= (s->y[n->layers - 1][n->labels[b]][b] - log(total)) / BATCH;
    }
    return loss;
}

static bool check_value(surrogate *s, float *const grid[], size_t at) {
    const lf_edge_net *n = s->net;
    double have = (double)n->m[at] / (double)(1.0f - (float)n->recipe->training.beta1), was = s->value[at],
           delta = 1e-5;
    s->value[at] = was + delta;
    double up = run_surrogate(s, grid);
    s->value[at] = was - delta;
    double down = run_surrogate(s, grid);
    s->value[at] = was;
    double want = (up - down) / (2 * delta);
    if (fabs(have - want) > 1e-6 + 2e-4 * fabs(want))
        fail_msg("value %zu: gradient %.9g, differences give %.9g", at, have, want);
    return fabs(want) > 1e-6;
}

static void check_gradients(const char *text) {
    lf_ctx *ctx = lf_ctx_new(2);
    lf_recipe *r = lf_recipe_parse(ctx, "g.yaml", text, strlen(text));
    assert_non_null(r);
    lf_rng rng = lf_rng_make(3, 3);
    uint8_t index[BATCH * FEATURES], labels[BATCH];
    uint32_t rows[BATCH];
    lf_code_input in = {.features = FEATURES, .bits = (int)r->edges.input_bits, .step = 1};
    for (uint32_t b = 0; b < BATCH; b++)
        rows[b] = b, labels[b] = (uint8_t)lf_rng_below(&rng, CLASSES);
    for (size_t k = 0; k < sizeof index; k++)
        index[k] = (uint8_t)lf_rng_below(&rng, 1u << in.bits);
    lf_feed feed = {.index = index, .labels = labels, .count = BATCH, .features = FEATURES};
    lf_edge_net *n = lf_edge_net_new(r, &in, 7, LF_ISA_COUNT, lf_ctx_pool(ctx));
    surrogate *s = calloc(1, sizeof *s);
    float *grid[LAYERS_MAX] = {0};
    s->net = n;
    s->value = calloc(n->values, sizeof *s->value);
    s->point = calloc(n->values, sizeof *s->point);
    for (size_t i = 0; i < n->values; i++) /* not on straight lines */
        n->value[i] += 0.3f * (float)lf_rng_normal(&rng);
    lf_edge_net_round(n);
    for (size_t i = 0; i < n->values; i++)
        s->value[i] = s->point[i] = (double)n->value[i];
    for (int i = 0; i < n->layers; i++) {
        size_t count = n->layer[i].out * n->layer[i].in * n->layer[i].entries;
        grid[i] = malloc(count * sizeof(float));
        memcpy(grid[i], n->layer[i].grid, count * sizeof(float));
    }
    lf_edge_net_train_step(n, &feed, rows, 1e-12);
    int nonzero = 0;
    for (size_t i = 0; i < n->values; i++)
        nonzero += check_value(s, grid, i);
    printf("%d of %zu gradients are not zero\n", nonzero, n->values);
    assert_true((size_t)nonzero > n->values / 4);
    for (int i = 0; i < n->layers; i++)
        free(grid[i]);
    free(s->value);
    free(s->point);
    free(s);
    lf_edge_net_free(n);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
}

static void test_gradients(void **state) {
    (void)state;
    check_gradients("data: x\nfamily: edges\nlayers: [3]\nedges: {input_bits: 3}\ntraining: {batch: 32}\n");
    check_gradients("data: x\nfamily: edges\nlayers: [8, 3]\nedges: {bits: 4, input_bits: 2, fraction: 3}\n"
                    "training: {batch: 32}\n");
    check_gradients("data: x\nfamily: edges\nlayers: [7, 6, 3]\nedges: {bits: 3, input_bits: 2, fraction: 1}\n"
                    "training: {batch: 32}\n");
}

/* The dearer edges are, the fewer remain. */
static void test_cost(void **state) {
    train_case *c = *state;
    static const char *const costs[] = {"0", "0.02", "0.1"};
    size_t before = SIZE_MAX;
    for (int cost = 0; cost < 3; cost++) {
        char text[400];
        snprintf(text, sizeof text,
                 CASE_EDGES "layers: [10]\nedges: {input_bits: 2, cost: %s}\n"
                            "training: {epochs: 2, batch: 48, validation: 300, rate: 0.02}\n",
                 costs[cost]);
        lf_ctx *ctx = lf_ctx_new(1);
        lf_recipe *r = lf_recipe_parse(ctx, "c.yaml", text, strlen(text));
        lf_train_report report;
        lf_graph *g = NULL;
        assert_int_equal(lf_train(ctx, r, &c->options, &report, &g), LF_OK);
        size_t edges = (size_t)lf_tensor_at(g, lf_find_node(g, "layer0")->in[1])->shape.dim[0];
        printf("cost %s: %zu edges, %.3f\n", costs[cost], edges, report.test_accuracy);
        assert_true(edges < before);
        before = edges;
        lf_graph_free(g);
        lf_recipe_free(r);
        lf_ctx_free(ctx);
    }
}

static void test_refusals(void **state) {
    train_case *c = *state;
    lf_ctx *ctx = lf_ctx_new(1);
    static const char text[] = CASE_EDGES "layers: [10]\nedges: {input_step: 0.3}\n";
    assert_null(lf_recipe_parse(ctx, "case.yaml", text, strlen(text)));
    assert_non_null(strstr(lf_diag_at(ctx, 0)->text, "power of two"));
    lf_ctx_free(ctx);
    refused_recipe(CASE_EDGES "layers: [65536, 10]\ntraining: {validation: 300}\n", &c->options, LF_BAD_INPUT,
                   "at most");
    refused_recipe(CASE_EDGES "layers: [9]\ntraining: {validation: 300}\n", &c->options, LF_BAD_INPUT,
                   "there are 9 classes");
    refused_recipe(CASE_EDGES "layers: [10]\nedges: {input_bits: 2, cost: 100}\n"
                              "training: {epochs: 1, batch: 48, validation: 300}\n",
                   &c->options, LF_BAD_INPUT, "no edge of layer 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_frozen),   cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_cost),      cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
