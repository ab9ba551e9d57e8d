/* A network of sparse quantized neurons (LogicNets: Umuroglu et al., FPL 2020) while it is trained. Floor-internal.
 *
 * A neuron reads few codes of few bits: y = gamma * (w . codes - mean) / sqrt(variance + epsilon) + beta, rounded half to even and clamped to
 * its own codes 0 .. 2^bits - 1. Weights are real; when training is over every neuron becomes the table of all its 2^(fan_in * bits) inputs, computed
 * in double, and that is what the network is: accuracies are counted with these tables.
 *
 * Features are standardized, then codes of a signed quantizer. Codes lie [neuron][sample]. */
#ifndef LF_TRAIN_NEURON_NET_H
#define LF_TRAIN_NEURON_NET_H

#include "base/pool.h"
#include "ir/graph.h"
#include "kern/gemm_rows.h"
#include "train/code_feed.h"

typedef struct lf_neuron_layer {
    size_t in, neurons, fan_in; /* fan_in: when training is over */
    size_t most;                /* inputs a neuron can have meanwhile: `in` while masks are learned, else fan_in */
    int in_bits, bits;
    int lo;       /* lowest code it reads */
    size_t width; /* floats of a neuron: most weights, gamma, beta; padded */
    float *value; /* [neurons][width]: slice of lf_neuron_net.value */
    /* slices of kept */
    float *now;   /* [1]: inputs a neuron has now */
    float *input; /* [neurons][most]: which */
    float *mean, *variance;
    /* one batch */
    float *x, *code, *d; /* [neurons][batch] */
    lf_row_stats *stats;
    float *score;             /* mask regrow: [neurons][in], gradients of weights there are and are not */
    uint32_t *first, *reader; /* weights that read input i: reader[first[i] ..], as neuron * most + k */
    uint8_t *table;           /* [neurons][2^(fan_in * in_bits)], once settled */
} lf_neuron_layer;

typedef struct lf_neuron_net {
    lf_arena *arena;
    const lf_recipe *recipe;
    const lf_code_input *in;
    lf_neuron_layer *layer;
    int layers;
    size_t classes, batch;
    float *value, *m, *v, *gradient;
    size_t values;
    float *kept;
    size_t kepts;
    float *input; /* [features][batch]: codes */
    float *logits, *scores;
    uint8_t *labels;
    uint64_t seed, step;
    double power1, power2;
    const lf_rows *rows;
    lf_pool *pool;
    double exchange; /* mask regrow: part of a neuron's inputs that changes next */
    int watched;     /* steps until then, in which scores are summed; 0: it does not */
} lf_neuron_net;

lf_neuron_net *lf_neuron_net_new(const lf_recipe *r, const lf_code_input *in, size_t classes, uint64_t seed, lf_isa isa,
                                 lf_pool *pool);
void lf_neuron_net_free(lf_neuron_net *n);

void lf_neuron_net_readers(lf_neuron_net *n); /* after masks changed */
void lf_neuron_net_train_step(lf_neuron_net *n, const lf_feed *feed, const uint32_t *rows, double rate);
/* Masks that are learned: each neuron keeps the inputs of largest weights. */
void lf_neuron_net_prune(lf_neuron_net *n);
/* Masks that regrow (Evci et al., ICML 2020): after a few of the steps of an epoch each neuron exchanges this part of its inputs, those of the smallest weights for those
 * whose weights, now 0, would have the largest gradients. */
void lf_neuron_net_watch(lf_neuron_net *n, double exchange, size_t epoch_steps);
/* One of these steps: neuron j of layer i, once its d is known. */
void lf_neuron_net_score(lf_neuron_net *n, int i, size_t j);
/* After a step. */
void lf_neuron_net_regrow(lf_neuron_net *n);
/* The product of two rows of a batch. */
float lf_neuron_dot(const float *x, const float *y, size_t count);
const float *lf_neuron_codes_read(const lf_neuron_net *n, int i); /* by layer i: [in][batch] */
bool lf_neuron_net_is_sparse(const lf_neuron_net *n);

/* All tables, from the values as they are. */
void lf_neuron_net_tables(lf_neuron_net *n);
/* By the tables. */
size_t lf_neuron_net_count_right(lf_neuron_net *n, const lf_feed *feed, const uint32_t *rows, size_t count);
lf_graph *lf_neuron_net_freeze(lf_ctx *ctx, lf_neuron_net *n);

static inline size_t lf_neuron_entries(const lf_neuron_layer *l) {
    return (size_t)1 << (l->fan_in * (size_t)l->in_bits);
}

#endif
