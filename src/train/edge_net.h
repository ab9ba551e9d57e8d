/* A network whose edges are tables (Kolmogorov-Arnold networks; KANELE, HGQ-LUT) while it is trained. Floor-internal.
 *
 * y[o] = bias[o] + sum over i of table[o][i][code of i], entries rounded to multiples of 2^-fraction (half away upwards). Between layers code =
 * floor(y + 1/2), clamped to 0 .. 2^bits - 1. Entries are trained themselves. Gradients pass straight through both roundings; a code's is the slope of
 * its tables there: the difference between its two neighbours. `cost` shrinks every table towards its mean: edges whose
 * entries all round to the same number vanish into the bias. */
#ifndef LF_TRAIN_EDGE_NET_H
#define LF_TRAIN_EDGE_NET_H

#include "base/pool.h"
#include "kern/gemm_rows.h"
#include "train/code_feed.h"

typedef struct lf_edge_layer {
    size_t in, out, entries; /* entries of a table: 2^(bits of what it reads) */
    int bits;                /* of what it gives; the last layer: unused */
    /* slices of lf_edge_net.value */
    float *table; /* [out][in][entries] */
    float *bias;  /* [out], padded to 16 */
    float *grid;  /* [out][in][entries]: entries rounded */
    /* one batch */
    uint8_t *index; /* [in][batch]: what it reads */
    float *y, *d;   /* [out][batch]: sums; their gradients */
} lf_edge_layer;

typedef struct lf_edge_net {
    lf_arena *arena;
    const lf_recipe *recipe;
    const lf_code_input *in;
    lf_edge_layer *layer;
    int layers;
    size_t classes, batch;
    float *value, *m, *v, *gradient;
    size_t values;
    uint8_t *labels;
    uint64_t seed, step;
    double power1, power2;
    const lf_rows *rows;
    lf_pool *pool;
} lf_edge_net;

lf_edge_net *lf_edge_net_new(const lf_recipe *r, const lf_code_input *in, uint64_t seed, lf_isa isa, lf_pool *pool);
void lf_edge_net_free(lf_edge_net *n);
void lf_edge_net_round(lf_edge_net *n); /* grid, after the values changed */
void lf_edge_net_train_step(lf_edge_net *n, const lf_feed *feed, const uint32_t *rows, double rate);
size_t lf_edge_net_count_right(lf_edge_net *n, const lf_feed *feed, const uint32_t *rows, size_t count);
/* Edges that are not constant. */
size_t lf_edge_net_edges(const lf_edge_net *n);
lf_graph *lf_edge_net_freeze(lf_ctx *ctx, lf_edge_net *n);

#endif
