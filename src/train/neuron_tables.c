/* Neurons as tables: what they are once training is over. */
#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ops/ops.h"
#include "train/net_graph.h"
#include "train/neuron_net.h"

/* -- tables --------------------------------------------------------------------------------------------------------- */

/* sum[a] = w . codes of address a; the first input lowest. Each input multiplies the part that is done. */
static void sums(const lf_neuron_layer *l, const float *w, double *sum) {
    size_t done = 1, codes = (size_t)1 << l->in_bits;
    sum[0] = 0;
    for (size_t k = 0; k < l->fan_in; k++, done *= codes)
        for (size_t c = codes; c-- > 0;) { /* the lowest code last: it overwrites what the others begin with */
            double add = (double)w[k] * (double)(l->lo + (int)c);
            for (size_t a = 0; a < done; a++)
                sum[c * done + a] = sum[a] + add;
        }
}

/* Adding and taking away 1.5 * 2^52 rounds half to even. */
static void round_all(const double *sum, size_t count, const double unit[4], int top, uint8_t *table) {
    const double magic = 6755399441055744.0;
    for (size_t a = 0; a < count; a++) {
        double y = (sum[a] - unit[0]) / unit[1] * unit[2] + unit[3];
        y = y < 0 ? 0 : y > top ? top : y;
        table[a] = (uint8_t)((y + magic) - magic);
    }
}

typedef struct job {
    const lf_neuron_net *net;
    int layer;
    double **scratch; /* per worker */
} job;

static void make_table(void *arg, size_t j, int worker) {
    const job *t = arg;
    const lf_neuron_layer *l = &t->net->layer[t->layer];
    const float *w = l->value + j * l->width;
    double epsilon = (double)(float)t->net->recipe->norm.epsilon;
    double unit[4] = {(double)l->mean[j], sqrt((double)l->variance[j] + epsilon), (double)w[l->most],
                      (double)w[l->most + 1]};
    sums(l, w, t->scratch[worker]);
    round_all(t->scratch[worker], lf_neuron_entries(l), unit, (1 << l->bits) - 1, l->table + j * lf_neuron_entries(l));
}

void lf_neuron_net_tables(lf_neuron_net *n) {
    size_t most = 0;
    for (int i = 0; i < n->layers; i++)
        most = lf_neuron_entries(&n->layer[i]) > most ? lf_neuron_entries(&n->layer[i]) : most;
    lf_arena *a = lf_arena_new();
    job j = {.net = n, .scratch = LF_NEW_ARRAY(a, double *, lf_pool_size(n->pool))};
    for (int w = 0; w < lf_pool_size(n->pool); w++)
        j.scratch[w] = LF_NEW_ARRAY(a, double, most);
    for (j.layer = 0; j.layer < n->layers; j.layer++)
        lf_pool_run(n->pool, n->layer[j.layer].neurons, make_table, &j);
    lf_arena_free(a);
}

/* -- evaluation ----------------------------------------------------------------------------------------------------- */

/* codes of a layer's input, counted from its lowest, to those of its output. */
static void look_up(const lf_neuron_layer *l, const uint8_t *in, uint8_t *out) {
    for (size_t j = 0; j < l->neurons; j++) {
        size_t address = 0;
        for (size_t k = 0; k < l->fan_in; k++)
            address |= (size_t)in[(size_t)l->input[j * l->most + k]] << (k * (size_t)l->in_bits);
        out[j] = l->table[j * lf_neuron_entries(l) + address];
    }
}

size_t lf_neuron_net_count_right(lf_neuron_net *n, const lf_feed *feed, const uint32_t *rows, size_t count) {
    if (!lf_neuron_net_is_sparse(n))
        return 0; /* too many inputs for tables; of equal epochs the last one counts */
    lf_neuron_net_tables(n);
    size_t widest = 0, right = 0;
    for (int i = 0; i < n->layers; i++)
        widest = n->layer[i].neurons > widest ? n->layer[i].neurons : widest;
    lf_arena *a = lf_arena_new();
    uint8_t *codes[2] = {LF_NEW_ARRAY(a, uint8_t, widest), LF_NEW_ARRAY(a, uint8_t, widest)};
    for (size_t r = 0; r < count; r++) {
        const uint8_t *in = feed->index + rows[r] * feed->features;
        for (int i = 0; i < n->layers; i++, in = codes[(i + 1) & 1])
            look_up(&n->layer[i], in, codes[i & 1]);
        size_t best = 0;
        for (size_t c = 1; c < n->classes; c++)
            best = in[c] > in[best] ? c : best;
        right += best == feed->labels[rows[r]];
    }
    lf_arena_free(a);
    return right;
}

/* -- the graph ------------------------------------------------------------------------------------------------------ */

typedef struct freezer {
    lf_net_graph chain;
    const lf_neuron_net *net;
} freezer;

static void layer(freezer *f, int i) {
    const lf_neuron_layer *l = &f->net->layer[i];
    lf_arena *a = f->chain.graph->arena;
    size_t entries = lf_neuron_entries(l);
    int64_t *inputs = LF_NEW_ARRAY(a, int64_t, l->neurons * l->fan_in);
    for (size_t w = 0; w < l->neurons * l->fan_in; w++)
        inputs[w] = (int64_t)l->input[w / l->fan_in * l->most + w % l->fan_in];
    lf_id c[2] = {lf_const_codes(f->chain.graph, lf_format(a, "layer%d_inputs", i),
                                 lf_matrix_shape(l->neurons, l->fan_in), inputs)
                      ->id,
                  lf_const_bytes(f->chain.graph, lf_format(a, "layer%d_tables", i),
                                 lf_matrix_shape(l->neurons, entries), l->table)
                      ->id};
    lf_node *n =
        lf_net_graph_add(&f->chain, "table_neurons", lf_format(a, "layer%d", i), lf_matrix_shape(1, l->neurons), c, 2);
    lf_attr_set_int(n, "bits", l->in_bits);
    lf_attr_set_int(n, "lo", l->lo);
}

lf_graph *lf_neuron_net_freeze(lf_ctx *ctx, lf_neuron_net *n) {
    lf_graph *g = lf_graph_new(ctx, n->recipe->name);
    freezer f = {.chain = {.graph = g}, .net = n};
    lf_code_input_freeze(&f.chain, n->in);
    lf_neuron_net_tables(n);
    for (int i = 0; i < n->layers; i++)
        layer(&f, i);
    return lf_net_graph_done(&f.chain, "scores");
}
