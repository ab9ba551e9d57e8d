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

static const char narrow[] =
    CASE_EDGES "layers: [9, 10]\nedges: {bits: 4, input_bits: 2, fraction: 1, standardize: false, cost: 0.02,"
               " lut_cost: 0.0001}\ntraining: {epochs: 4, batch: 48, validation: 300, rate: 0.02}\n";

static void test_same_bits(void **state) {
    same_for_threads_and_kernels(*state, deep);
    same_for_threads_and_kernels(*state, narrow);
    same_for_threads_and_kernels(*state, cheap);
}

static void test_frozen(void **state) {
    check_frozen(*state, deep, 0.6);
    check_frozen(*state, cheap, 0.3);
    check_frozen(*state, narrow, 0.5);
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

enum { BATCH = 32, FEATURES = 6, CLASSES = 3, WIDEST = 8, LAYERS_MAX = 3 };

/* Around the point: an edge gives its rounded entry, plus how far the entry has moved, plus its slope times how far the code has moved;
 * a code moves with its sum, unless that is clamped. An entry moves by the mean of those that count as one; a width moves it along the line between the
 * means with one bit more and one bit less, and LUTs cost alike. */
typedef struct surrogate {
    const lf_edge_net *net;
    double *value, *point;
    double moved[LAYERS_MAX][WIDEST][BATCH]; /* of the codes a layer gives */
    double y[LAYERS_MAX][WIDEST][BATCH];
} surrogate;

static double moved(const surrogate *s, const float *p) {
    return s->value[p - s->net->value] - s->point[p - s->net->value];
}

static double slope(const float *grid, size_t entries, size_t block, size_t c) {
    size_t low = c < block ? c : c - block, high = c + block < entries ? c + block : c;
    return high > low ? ((double)grid[high] - (double)grid[low]) / (double)(high - low) : 0;
}

/* What a width adds per bit to an entry, at the point. */
static double width_step(const surrogate *s, const lf_edge_layer *l, size_t e, size_t c) {
    float table[256], more[256], less[256];
    int read = lf_edge_width(l, e), up = read < l->in_bits ? read + 1 : read, down = read ? read - 1 : 0;
    for (size_t k = 0; k < l->entries; k++)
        table[k] = (float)s->point[l->table + e * l->entries + k - s->net->value];
    lf_edge_means(table, l->in_bits, up, more);
    lf_edge_means(table, l->in_bits, down, less);
    return ((double)more[c] - (double)less[c]) / (up - down);
}

static double mean_moved(const surrogate *s, const lf_edge_layer *l, size_t e, size_t block, size_t c) {
    double sum = 0;
    for (size_t k = 0; k < block; k++)
        sum += moved(s, l->table + e * l->entries + c / block * block + k) / (double)block;
    return sum;
}

static double span(const double *v, size_t count) {
    double low = v[0], high = v[0];
    for (size_t k = 1; k < count; k++)
        low = v[k] < low ? v[k] : low, high = v[k] > high ? v[k] : high;
    return high - low;
}

/* Cost of edge e at the point, and how it changes with its words and its width. */
static double cost(const surrogate *s, const lf_edge_layer *l, size_t e) {
    int read = lf_edge_width(l, e), up = read < l->in_bits ? read + 1 : read, down = read ? read - 1 : 0;
    double now[256] = {0}, wide[256] = {0}, unit = ldexp(1, (int)s->net->recipe->edges.fraction);
    float table[256], mean[256], more[256];
    for (size_t k = 0; k < l->entries; k++)
        table[k] = (float)s->point[l->table + e * l->entries + k - s->net->value];
    lf_edge_means(table, l->in_bits, read, mean);
    lf_edge_means(table, l->in_bits, up, more);
    for (size_t c = 0; c < l->entries; c++) {
        now[c] = (double)mean[c] + mean_moved(s, l, e, l->entries >> read, c);
        wide[c] = (double)more[c];
    }
    double word = log2(1 + span(wide, l->entries) * unit);
    return lf_edge_luts(read, log2(1 + span(now, l->entries) * unit)) +
           moved(s, l->width + e) * (lf_edge_luts(up, word) - lf_edge_luts(down, word)) / (up - down);
}

/* grid: entries rounded at the point, before the step. */
static double edge(const surrogate *s, const float *grid, int i, size_t o, size_t in, size_t b) {
    const lf_edge_layer *l = &s->net->layer[i];
    size_t c = l->index[in * BATCH + b], at = (o * l->in + in) * l->entries;
    size_t e = o * l->in + in, block = l->entries >> lf_edge_width(l, e);
    double by = i ? s->moved[i - 1][in][b] : 0, width = 0;
    if (l->width && moved(s, l->width + e) != 0)
        width = moved(s, l->width + e) * width_step(s, l, e, c);
    return (double)grid[at + c] + mean_moved(s, l, e, block, c) + slope(grid + at, l->entries, block, c) * by + width;
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
    for (int i = 0; i < n->layers; i++)
        for (size_t e = 0; n->layer[i].width && e < n->layer[i].out * n->layer[i].in; e++)
            loss += (double)n->lut_cost * cost(s, &n->layer[i], e);
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

/* All widths there are. */
static void spread_widths(lf_edge_net *n) {
    for (int i = 0; i < n->layers; i++) {
        const lf_edge_layer *l = &n->layer[i];
        for (size_t e = 0; l->width && e < l->out * l->in; e++)
            l->width[e] = (float)(e % (size_t)(l->in_bits + 1));
    }
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
    spread_widths(n);
    lf_edge_net_begin_epoch(n, 10, 20);
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
    check_gradients("data: x\nfamily: edges\nlayers: [7, 3]\n"
                    "edges: {bits: 3, input_bits: 3, fraction: 2, lut_cost: 0.01}\ntraining: {batch: 32}\n");
}

/* -- widths --------------------------------------------------------------------------------------------------------- */

static void test_means(void **state) {
    (void)state;
    const float table[8] = {1, 3, 5, 7, 2, 2, 0, 4};
    float mean[8];
    static const float want[4][8] = {
        {3, 3, 3, 3, 3, 3, 3, 3}, {4, 4, 4, 4, 2, 2, 2, 2}, {2, 2, 6, 6, 2, 2, 2, 2}, {1, 3, 5, 7, 2, 2, 0, 4}};
    for (int read = 0; read <= 3; read++) {
        lf_edge_means(table, 3, read, mean);
        assert_memory_equal(mean, want[read], sizeof mean);
    }
    assert_true(lf_edge_luts(0, 5) == 0 && lf_edge_luts(1, 5) == 5 && lf_edge_luts(6, 5) == 10);
    assert_true(lf_edge_luts(7, 5) == 15 && lf_edge_luts(8, 5) == 25);
}

/* Codes that the tables of layer 0 tell apart, and whether their blocks are those of a width. */
static size_t told_apart(const lf_graph *g, size_t entries, bool *blocks) {
    const lf_tensor *tables = lf_tensor_at(g, lf_find_node(g, "layer0")->in[2]);
    size_t count = (size_t)lf_shape_count(tables->shape) / entries, apart = 0;
    for (size_t e = 0; e < count; e++) {
        size_t changes = 0, odd = 0;
        for (size_t c = 1; c < entries; c++) {
            bool differ = lf_tensor_code(tables, e * entries + c) != lf_tensor_code(tables, e * entries + c - 1);
            changes += differ;
            odd += differ && c % 2;
        }
        apart += changes + 1;
        *blocks |= odd == 0;
    }
    return apart;
}

static lf_graph *trained(lf_ctx *ctx, const train_case *c, const char *text, lf_train_report *report) {
    lf_recipe *r = lf_recipe_parse(ctx, "c.yaml", text, strlen(text));
    lf_graph *g = NULL;
    assert_int_equal(lf_train(ctx, r, &c->options, report, &g), LF_OK);
    lf_recipe_free(r);
    return g;
}

/* The dearer LUTs are, the fewer codes are told apart; the epoch that is kept is one in which widths were fixed. */
static void test_lut_cost(void **state) {
    train_case *c = *state;
    static const char *const costs[] = {"1e-9", "0.00003", "0.0003"};
    size_t before = SIZE_MAX, left = 0;
    for (int i = 0; i < 3; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 CASE_EDGES "layers: [10]\nedges: {input_bits: 3, fraction: 3, lut_cost: %s, settle: 0.4}\n"
                            "training: {epochs: 6, batch: 48, validation: 300, rate: 0.02}\n",
                 costs[i]);
        lf_ctx *ctx = lf_ctx_new(1);
        lf_train_report report;
        lf_graph *g = trained(ctx, c, text, &report);
        bool blocks = false;
        size_t apart = told_apart(g, 8, &blocks);
        size_t edges = (size_t)lf_tensor_at(g, lf_find_node(g, "layer0")->in[1])->shape.dim[0];
        assert_true(edges < (i ? left : (size_t)LF_DIGIT_PIXELS * 10 + 1)); /* those of no bits have vanished */
        left = edges;
        printf("LUT cost %s: %zu edges, %zu codes, %.3f, epoch %d\n", costs[i], edges, apart, report.test_accuracy,
               (int)report.best_epoch);
        assert_true(apart < before && report.best_epoch >= 4);
        assert_true(i == 0 || blocks);
        assert_true(report.test_accuracy > 0.7);
        before = apart;
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
}

/* Widths are no entries: that sums of entries are exact does not depend on them. */
static void test_wide_and_fine(void **state) {
    check_frozen(*state,
                 CASE_EDGES "layers: [10]\nedges: {input_bits: 8, fraction: 12, lut_cost: 1e-9}\n"
                            "training: {epochs: 1, batch: 48, validation: 300, rate: 0.01}\n",
                 0.2);
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
        lf_train_report report;
        lf_graph *g = trained(ctx, c, text, &report);
        size_t edges = (size_t)lf_tensor_at(g, lf_find_node(g, "layer0")->in[1])->shape.dim[0];
        printf("cost %s: %zu edges, %.3f\n", costs[cost], edges, report.test_accuracy);
        assert_true(edges < before);
        before = edges;
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
}

static void test_refusals(void **state) {
    train_case *c = *state;
    refused_text(CASE_EDGES "layers: [10]\nedges: {input_step: 0.3}\n", "power of two");
    refused_recipe(CASE_EDGES "layers: [65536, 10]\ntraining: {validation: 300}\n", &c->options, LF_BAD_INPUT,
                   "at most");
    refused_recipe(CASE_EDGES "layers: [65536, 10]\nedges: {lut_cost: 1}\ntraining: {validation: 300}\n", &c->options,
                   LF_BAD_INPUT, "at most");
    refused_recipe(CASE_EDGES "layers: [9]\ntraining: {validation: 300}\n", &c->options, LF_BAD_INPUT,
                   "there are 9 classes");
    refused_recipe(CASE_EDGES "layers: [10]\nedges: {input_bits: 2, cost: 100}\n"
                              "training: {epochs: 1, batch: 48, validation: 300}\n",
                   &c->options, LF_BAD_INPUT, "no edge of layer 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),     cmocka_unit_test(test_frozen),   cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_means),         cmocka_unit_test(test_lut_cost), cmocka_unit_test(test_cost),
        cmocka_unit_test(test_wide_and_fine), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
