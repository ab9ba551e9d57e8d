/* A network whose edges are tables (Kolmogorov-Arnold networks; KANELE, HGQ-LUT) while it is trained. Floor-internal.
 *
 * y[o] = bias[o] + sum over i of table[o][i][code of i], entries rounded to multiples of 2^-fraction (half away upwards). Between layers code =
 * floor(y), clamped to 0 .. 2^bits - 1. Entries are trained themselves. Gradients pass straight through both roundings; a code's is the slope of
 * its tables there: the difference between its two neighbours. `cost` shrinks every table towards its mean: edges whose
 * entries all round to the same number vanish into the bias.
 *
 * With `lut_cost` every edge learns how many bits it reads, the highest ones of the code (after HGQ: Sun et al. 2024, whose quantizers learn
 * theirs): entries of codes that it cannot tell apart count as their mean (edge_width.c). */
#ifndef LF_TRAIN_EDGE_NET_H
#define LF_TRAIN_EDGE_NET_H

#include "base/pool.h"
#include "kern/gemm_rows.h"
#include "train/code_feed.h"

typedef struct lf_edge_layer {
    size_t in, out, entries; /* entries of a table: 2^in_bits */
    int in_bits;             /* of the codes it reads */
    int bits;                /* of what it gives; the last layer: unused */
    /* slices of lf_edge_net.value */
    float *table; /* [out][in][entries] */
    float *bias;  /* [out], padded to 16 */
    float *width; /* [out][in], padded: bits an edge reads, rounded half up; NULL without lut_cost */
    float *grid;  /* [out][in][entries]: entries as they count, rounded */
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
    float lut_cost; /* of an estimated LUT now */
    bool settled;   /* widths stay as they are */
} lf_edge_net;

lf_edge_net *lf_edge_net_new(const lf_recipe *r, const lf_code_input *in, uint64_t seed, lf_isa isa, lf_pool *pool);
void lf_edge_net_free(lf_edge_net *n);
void lf_edge_net_round(lf_edge_net *n); /* grid, after the values changed */
void lf_edge_net_train_step(lf_edge_net *n, const lf_feed *feed, const uint32_t *rows, double rate);
size_t lf_edge_net_count_right(lf_edge_net *n, const lf_feed *feed, const uint32_t *rows, size_t count);
/* Before epoch `epoch` (from 1) of `epochs`: how dear LUTs are, and whether widths still change. */
void lf_edge_net_begin_epoch(lf_edge_net *n, int64_t epoch, int64_t epochs);

/* -- widths (edge_width.c) -- */

/* Bits that edge e = o * in + i reads, 0 .. in_bits. */
int lf_edge_width(const lf_edge_layer *l, size_t e);
/* Every entry becomes the mean of those that have the same highest `read` of `bits` bits. */
void lf_edge_means(const float *table, int bits, int read, float *mean);
/* LUTs of an edge that reads `read` bits and whose word has `word` bits: its table, and the adder behind it. */
double lf_edge_luts(int read, double word);
/* Gradients of edge e, from those of its entries in `g`, which become those of the entries that count: returns its width's. */
float lf_edge_width_gradient(const lf_edge_net *n, const lf_edge_layer *l, size_t e, float *g);
/* After a step. */
void lf_edge_width_clamp(lf_edge_net *n);

/* Edges that are not constant. */
size_t lf_edge_net_edges(const lf_edge_net *n);
lf_graph *lf_edge_net_freeze(lf_ctx *ctx, lf_edge_net *n);

#endif
