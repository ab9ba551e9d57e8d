/* From the weights of a trained network of sparse neurons to truth tables and to Verilog text: milliseconds of one core.
 *
 *   bench_text [ROUNDS, default 9]
 *
 * The networks have the shapes of LogicNets' jet classifiers (recipes jsc-s, jsc-m and jsc-l) and random weights. `tables`: every neuron at every address, in double;
 * `graph`: constants, nodes and exact ranges; `circuit`: words, a table for each neuron; `text`: a module with each bit of each table as a constant. Nothing is
 * minimized (for that: `lutfisk opt -p circuits`). Medians of thread CPU time, and the best of the whole. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "bench_time.h"
#include "ir/attr_access.h"
#include "ops/circuit_region.h"
#include "ops/ops.h"
#include "train/neuron_net.h"
#include "train/recipe.h"
#include "vlog/vlog.h"
#include "vlog/vlog_model.h"

enum { LAYERS_MOST = 6, ROUNDS_MOST = 99, PHASES = 4 };

typedef struct shape {
    const char *name;
    int layers;
    size_t width[LAYERS_MOST + 1];
    int fan_in[LAYERS_MOST], bits[LAYERS_MOST + 1]; /* bits[i]: read by layer i */
} shape;

static lf_rng rng;

static lf_neuron_layer layer_of(lf_arena *a, const shape *s, int i) {
    size_t neurons = s->width[i + 1], fan_in = (size_t)s->fan_in[i];
    lf_neuron_layer l = {.in = s->width[i], .neurons = neurons, .fan_in = fan_in, .most = fan_in};
    l.in_bits = s->bits[i];
    l.bits = s->bits[i + 1];
    l.lo = i ? 0 : -(1 << (l.in_bits - 1));
    l.width = fan_in + 2;
    l.value = LF_NEW_ARRAY(a, float, neurons *l.width);
    l.input = LF_NEW_ARRAY(a, float, neurons *fan_in);
    l.mean = LF_NEW_ARRAY(a, float, neurons);
    l.variance = LF_NEW_ARRAY(a, float, neurons);
    l.table = LF_NEW_ARRAY(a, uint8_t, neurons * lf_neuron_entries(&l));
    for (size_t k = 0; k < neurons * l.width; k++)
        l.value[k] = (float)lf_rng_normal(&rng);
    for (size_t k = 0; k < neurons * fan_in; k++)
        l.input[k] = (float)lf_rng_below(&rng, (uint32_t)l.in);
    for (size_t j = 0; j < neurons; j++) {
        l.variance[j] = 1;
        l.value[j * l.width + fan_in + 1] = 2;
    }
    return l;
}

static lf_neuron_net *network(lf_ctx *ctx, lf_arena *a, const shape *s) {
    lf_neuron_net *n = LF_NEW(a, lf_neuron_net);
    lf_recipe *r = LF_NEW(a, lf_recipe);
    r->norm.epsilon = 1e-5;
    *n = (lf_neuron_net){.arena = a, .recipe = r, .layers = s->layers, .pool = lf_ctx_pool(ctx)};
    n->layer = LF_NEW_ARRAY(a, lf_neuron_layer, s->layers);
    for (int i = 0; i < s->layers; i++)
        n->layer[i] = layer_of(a, s, i);
    return n;
}

/* -- the ways ------------------------------------------------------------------------------------------------------------- */

static lf_shape matrix_of(size_t rows, size_t columns) {
    return lf_shape_make(2, (const int64_t[]){(int64_t)rows, (int64_t)columns});
}

static lf_id add_layer(lf_graph *g, const lf_neuron_layer *l, lf_id at) {
    size_t entries = lf_neuron_entries(l);
    int64_t *inputs = LF_NEW_ARRAY(g->arena, int64_t, l->neurons * l->fan_in);
    for (size_t k = 0; k < l->neurons * l->fan_in; k++)
        inputs[k] = (int64_t)l->input[k];
    lf_id in[] = {at, lf_const_codes(g, "inputs", matrix_of(l->neurons, l->fan_in), inputs)->id,
                  lf_const_bytes(g, "tables", matrix_of(l->neurons, entries), l->table)->id};
    lf_id out = lf_tensor_new(g, "out", matrix_of(1, l->neurons), LF_FLOAT32)->id;
    lf_node *n = lf_node_new(g, lf_op_find("table_neurons"), "layer", in, 3, &out, 1, NULL);
    lf_attr_set_int(n, "bits", l->in_bits);
    lf_attr_set_int(n, "lo", l->lo);
    return out;
}

static lf_graph *graph_of(lf_ctx *ctx, const lf_neuron_net *n) {
    lf_graph *g = lf_graph_new(ctx, "net");
    lf_tensor *x = lf_tensor_new(g, "x", matrix_of(1, n->layer[0].in), LF_FLOAT32);
    int64_t lo = n->layer[0].lo;
    lf_set_codes(g, x, (lf_range){lo, lo + (1 << n->layer[0].in_bits) - 1, 1});
    LF_PUSH(g->arena, &g->inputs, (lf_port){"x", x->id, NULL});
    lf_id at = x->id;
    for (int i = 0; i < n->layers; i++)
        at = add_layer(g, &n->layer[i], at);
    LF_PUSH(g->arena, &g->outputs, (lf_port){"y", at, NULL});
    return lf_infer(g) == LF_OK ? g : NULL;
}

static lf_circuit *circuit_of(const lf_graph *g) {
    lf_arena *a = lf_arena_new();
    lf_circuit_region r = {0};
    lf_circuit *c = NULL;
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(a, &r.nodes, g->order.at[i]);
    lf_circuit_region_ends(g, a, &r);
    lf_status status = lf_circuit_of_region(g, &r, &c);
    lf_arena_free(a);
    return status == LF_OK ? c : NULL;
}

static size_t text_of(lf_ctx *ctx, const lf_circuit *c) {
    lf_arena *a = lf_arena_new();
    lf_vlog *v = lf_vlog_new(ctx, a, "top");
    size_t bytes = lf_vlog_circuit(v, "net", c, NULL, NULL) == LF_OK ? v->modules.at[0]->text.len : 0;
    lf_vlog_free(v);
    lf_arena_free(a);
    return bytes;
}

static double median(double *x, int count) {
    qsort(x, (size_t)count, sizeof *x, bench_by_size);
    return 1e3 * x[count / 2];
}

static void measure(const shape *s, int rounds) {
    double seconds[PHASES + 1][ROUNDS_MOST];
    size_t bytes = 0, words = 0;
    for (int k = 0; k < rounds; k++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_arena *a = lf_arena_new();
        rng = lf_rng_make(1, 0);
        lf_neuron_net *n = network(ctx, a, s);
        double at[PHASES + 1] = {bench_now(CLOCK_THREAD_CPUTIME_ID)};
        lf_neuron_net_tables(n);
        at[1] = bench_now(CLOCK_THREAD_CPUTIME_ID);
        lf_graph *g = graph_of(ctx, n);
        at[2] = bench_now(CLOCK_THREAD_CPUTIME_ID);
        lf_circuit *c = circuit_of(g);
        at[3] = bench_now(CLOCK_THREAD_CPUTIME_ID);
        bytes = text_of(ctx, c);
        at[4] = bench_now(CLOCK_THREAD_CPUTIME_ID);
        for (int p = 0; p < PHASES; p++)
            seconds[p][k] = at[p + 1] - at[p];
        seconds[PHASES][k] = at[PHASES] - at[0];
        words = c->words.count;
        lf_circuit_free(c);
        lf_graph_free(g);
        lf_arena_free(a);
        lf_ctx_free(ctx);
    }
    double ms[PHASES + 1];
    for (int p = 0; p <= PHASES; p++)
        ms[p] = median(seconds[p], rounds); /* sorts */
    printf("%s: tables %.2f ms, graph %.2f ms, circuit %.2f ms, text %.2f ms, all %.2f ms, best %.2f ms; %zu words, "
           "%zu bytes of Verilog\n",
           s->name, ms[0], ms[1], ms[2], ms[3], ms[PHASES], 1e3 * seconds[PHASES][0], words, bytes);
}

int main(int argc, char **argv) {
    static const shape shapes[] = {
        {"jsc-s", 5, {16, 64, 32, 32, 32, 5}, {3, 3, 3, 3, 3}, {2, 2, 2, 2, 2, 2}},
        {"jsc-m", 5, {16, 64, 32, 32, 32, 5}, {4, 4, 4, 4, 4}, {3, 3, 3, 3, 3, 3}},
        {"jsc-l", 6, {16, 32, 64, 192, 192, 16, 5}, {3, 4, 4, 4, 4, 5}, {4, 3, 3, 3, 3, 3, 7}},
    };
    int rounds = argc > 1 ? atoi(argv[1]) : 9;
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MOST ? ROUNDS_MOST : rounds;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        measure(&shapes[i], rounds);
    return 0;
}
