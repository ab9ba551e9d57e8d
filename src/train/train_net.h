/* The network while it is trained. Floor-internal.
 *
 * Activations lie feature-major: [feature][sample], a row is one feature over the batch. Weights lie [in][pad], pad
 * = out rounded up to 16. All trained values of a network are one block of floats, Adam's two moments are two more
 * of the same shape. */
#ifndef LF_TRAIN_TRAIN_NET_H
#define LF_TRAIN_TRAIN_NET_H

#include "base/pool.h"
#include "kern/gemm.h"
#include "kern/gemm_rows.h"
#include "train/recipe.h"
#include "train/train_feed.h"

typedef struct lf_net_layer {
    size_t in, out;
    size_t width, pad;     /* out rounded up to 16; the length of a row of weights: an odd number of 16s */
    lf_quantizer weights, activations;
    bool norm; /* batch normalization behind the product; otherwise a bias (none behind an output scale) */
    bool last;
    double factor; /* of the product besides the steps: the output scale, else 1 */
    /* trained: slices of lf_net.value */
    float *w, *gamma, *beta, *w_step, *a_step;
    /* slices of lf_net.kept */
    float *mean, *variance; /* running, for evaluation */
    float *code_step;       /* the weight step that made `code` */
    float *code;            /* codes of w, [in][pad] */
    /* one batch */
    float *x, *a, *d;    /* [out][batch]: normalized product; codes (last: logits); gradient of the product */
    float *dt;           /* [batch][pad]: d transposed */
    float *keep;         /* [out][batch] dropout factors, or NULL */
    lf_row_stats *stats; /* [out] */
    float *a_step_part;  /* [out]: parts of d loss / d log(a_step) */
    float *w_step_part;  /* [in] */
} lf_net_layer;

typedef struct lf_net {
    lf_arena *arena;
    const lf_recipe *recipe;
    lf_net_layer *layer;
    int layers;
    size_t features, batch;
    double input_step;
    float *value, *m, *v; /* [values] */
    size_t values;
    float *kept; /* [kepts]: not trained, but part of the network's state */
    size_t kepts;
    float *input, *input_keep; /* [features][batch] */
    uint64_t seed, step;       /* step: optimizer steps done */
    double power1, power2;     /* beta1^step, beta2^step */
    const lf_gemm_kernel *gemm;
    const lf_rows *rows;
    lf_pool *pool;
    float **scratch; /* per worker: a block of weight gradients */
} lf_net;

/* Rows of a product that one task computes. Any number gives the same bits; 24 is four tiles of the kernels. */
enum { LF_NET_BLOCK = 24 };

/* Random numbers of different uses never meet. */
enum { LF_STREAM_INITIAL = 1, LF_STREAM_SPLIT, LF_STREAM_ORDER, LF_STREAM_SHIFT, LF_STREAM_DROPOUT };
static inline uint64_t lf_stream(int use, int layer, uint64_t step) {
    return (uint64_t)use | (uint64_t)layer << 8 | step << 16;
}

lf_net *lf_net_new(const lf_recipe *recipe, size_t features, uint64_t seed, lf_isa isa, lf_pool *pool);
void lf_net_free(lf_net *n);
void lf_net_init(lf_net *n);  /* first weights and scales, from the seed */
void lf_net_codes(lf_net *n); /* weight codes from w and code_step, after loading a state */

/* Step in use: the value itself, or the power of two nearest to it in the logarithm. */
float lf_net_step(const lf_quantizer *q, float step);
lf_row_quant lf_net_weight_quant(const lf_net_layer *l, float step);
/* Value of one weight code: its step; but 1 where the recipe left a fixed scale open: then the step only says where
 * latent weights are rounded, and the norm or output scale behind the product does the scaling. */
double lf_net_weight_value(const lf_net_layer *l);
/* Value of one unit of the product of layer i: steps of codes and weights, times factor; left to right as in the
 * frozen graph. */
double lf_net_scale(const lf_net *n, int i);
lf_row_unit lf_net_unit(const lf_net *n, int i, size_t row);

/* Runs tasks on all threads, or, when there are fewer than some 20 microseconds of work, here: waking threads costs more. */
void lf_net_run(const lf_net *n, size_t tasks, double multiplications, lf_task_fn *fn, void *arg);

static inline size_t lf_blocks(size_t rows) {
    return (rows + LF_NET_BLOCK - 1) / LF_NET_BLOCK;
}

/* One optimizer step on the batch in `input`; labels of its samples; rate: learning rate of this step. */
void lf_net_train_step(lf_net *n, const uint8_t *labels, double rate);
/* Its parts. */
void lf_net_forward(lf_net *n);
void lf_net_loss(lf_net *n, const uint8_t *labels); /* logits -> d of the last layer, before backward through its row */
void lf_net_backward(lf_net *n, const lf_row_adam *adam);
void lf_net_update(lf_net *n, const lf_row_adam *adam);
void lf_net_dropout(const lf_net *n, int layer, size_t row, double p, float *keep);

/* Classes of count samples (input indices of feed.h), by integers and doubles as the frozen graph gives them; right:
 * how many match. */
size_t lf_net_count_right(const lf_net *n, const lf_feed *feed, const uint32_t *rows, size_t count);

#endif
