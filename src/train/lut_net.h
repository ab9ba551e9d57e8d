/* A network of trained LUTs (differentiable weightless networks: Bacellar et al., ICML 2024) while it is trained. Floor-internal.
 *
 * Thermometer bits of the input, layers of LUTs of up to 6 inputs, and for each class the number of its LUTs that give 1. The
 * forward pass is the circuit itself: an entry of a table gives 1 where its trained real number is positive, a pin reads the bit whose
 * score is highest among its candidates. Gradients: an entry's is the sum over the samples that read it; a pin's is the difference the pin makes,
 * at this address and, weighted by `spread` to the power of the distance, at all others (extended finite differences);
 * a candidate's is what the pin's loss would have been with that bit.
 *
 * Bits lie packed [bit][batch / 64], see kern/lut_rows.h. Work is cut by LUTs; every sum is made by one task in a fixed order. */
#ifndef LF_TRAIN_LUT_NET_H
#define LF_TRAIN_LUT_NET_H

#include "base/pool.h"
#include "ir/graph.h"
#include "kern/gemm_rows.h"
#include "kern/lut_rows.h"
#include "train/lut_feed.h"
#include "train/recipe.h"

typedef struct lf_lut_layer {
    size_t in, luts, pins; /* bits it reads; LUTs; luts * fan_in */
    size_t choices;        /* candidates of each pin; 1: wiring is fixed */
    /* trained: slices of lf_lut_net.value */
    float *table; /* [luts][64] */
    float *score; /* [pins][choices]; NULL when choices is 1 */
    /* slice of lf_lut_net.kept */
    float *choice; /* [pins][choices]: number of a bit of the input */
    /* from these, before a forward pass */
    uint32_t *pick;  /* [pins] */
    uint64_t *truth; /* [luts] */
    /* one batch */
    uint64_t *bits;   /* [luts][words] */
    uint8_t *address; /* [luts][batch] */
    float *d;         /* [luts][batch]: gradient of a LUT's bit; NULL in the last layer, which takes its class's */
    float *pin_d;     /* [pins][batch]; NULL in the first layer */
} lf_lut_layer;

typedef struct lf_lut_net {
    lf_arena *arena;
    const lf_recipe *recipe;
    const lf_thermometer *thermometer;
    lf_lut_layer *layer;
    int layers;
    size_t fan_in, classes, batch, words;
    float *value, *m, *v;
    size_t values;
    float *kept;
    size_t kepts;
    uint64_t *input;        /* [thermometer bits][words] */
    float *features;        /* [features][batch] */
    float *logits, *scores; /* [classes][batch]; scores: gradients of the logits */
    uint16_t *counts;       /* [classes][batch] */
    uint8_t *labels;        /* [batch] */
    uint32_t *batch_rows;   /* [batch] */
    bool settled;           /* wiring stays as it is */
    bool calm;              /* pictures are taken as they are */
    uint64_t seed, step;
    double power1, power2;
    const lf_lut_rows *rows;
    const lf_rows *dense;
    lf_pool *pool;
    float **scratch; /* per worker */
} lf_lut_net;

/* Whose vote a LUT of the last layer is. One LUT alone, for two classes, is the class itself. */
static inline size_t lf_lut_class(const lf_lut_net *n, size_t lut) {
    size_t luts = n->layer[n->layers - 1].luts;
    return luts == 1 ? 1 : lut / (luts / n->classes);
}

/* Wires, tables and scores from the seed; likely[bit]: how much an input bit varies, which is how likely it is drawn. */
lf_lut_net *lf_lut_net_new(const lf_recipe *r, const lf_thermometer *t, size_t classes, uint64_t seed, lf_isa isa,
                           lf_pool *pool, const double *likely);
void lf_lut_net_free(lf_lut_net *n);

/* Picks and truth tables from scores and tables. */
void lf_lut_net_settle(lf_lut_net *n);
/* From bits in `input` to logits. */
void lf_lut_net_forward(lf_lut_net *n);
/* Gradients of the logits in `scores`, all values one step of Adam further. */
void lf_lut_net_backward(lf_lut_net *n, double rate);
/* Loads rows, forward, loss, backward. */
void lf_lut_net_train_step(lf_lut_net *n, const lf_feed *feed, const uint32_t *rows, double rate);
/* Replaces the candidates with the lowest scores by others; after epoch `epoch` (from 1). */
void lf_lut_net_renew(lf_lut_net *n, const double *likely, uint64_t epoch);
size_t lf_lut_net_count_right(lf_lut_net *n, const lf_feed *feed, const uint32_t *rows, size_t count);

/* How a LUT's bit differs with each pin at each address: [fan_in]. */
void lf_lut_differences(const float *table, size_t fan_in, float spread, float out[][LF_LUT_ENTRIES]);

lf_graph *lf_lut_net_freeze(lf_ctx *ctx, lf_lut_net *n);

#endif
