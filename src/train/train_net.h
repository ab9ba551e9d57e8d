/* The network while it is trained. Floor-internal.
 *
 * Activations lie [channel][y][x][sample]: a row is one channel over all pixels and the whole batch; of a vector, one feature over
 * the batch. Weights lie [in][pad], pad = out rounded up to 16; `in` runs over (channel, ky, kx) of a window. All trained values of
 * a network are one block of floats, Adam's two moments are two more of the same shape.
 *
 * Work is cut into tasks along rows and columns of results only; every sum is made by one task in a fixed order. So neither the
 * cut nor the number of threads changes a bit. */
#ifndef LF_TRAIN_TRAIN_NET_H
#define LF_TRAIN_TRAIN_NET_H

#include "base/pool.h"
#include "kern/gemm.h"
#include "kern/gemm_codes.h"
#include "kern/gemm_rows.h"
#include "kern/patches.h"
#include "train/recipe.h"
#include "train/train_common.h"
#include "train/train_feed.h"

typedef struct lf_net_layer {
    int kind;          /* lf_layer_kind */
    bool weighted;     /* DENSE, CONV */
    bool units;        /* a quantizer (or the logits) behind the sum: DENSE, CONV, JOIN */
    int from[2];       /* layers it reads or LF_FROM_INPUT */
    int operands;      /* 1; JOIN 2 */
    int step_of;       /* layer that owns the step of its activations */
    lf_patches view;   /* the windows it reads; DENSE, JOIN, GLOBAL_AVERAGE_POOL: one window, the whole picture */
    size_t in, out;    /* rows of the matrix of windows; channels it gives */
    size_t columns;    /* of what it gives: pixels * batch */
    size_t width, pad; /* out rounded up to 16; the length of a row of weights: an odd number of 16s */
    size_t tile_rows, tile_windows; /* of the results, for one task */
    const lf_codes_kernel *codes;   /* its products by integers; NULL: in float32, which gives the same bits */
    size_t block;                   /* channels of its input for one task of the backward pass */
    bool first_gradient[2], last_gradient[2]; /* its part of the operand's d is the first one; the last one */
    lf_quantizer weights, activations;
    bool norm; /* batch normalization behind the product; otherwise a bias (none behind an output scale) */
    bool last;
    double factor; /* of the product besides the steps: the output scale, else 1 */
    /* trained: slices of lf_net.value; without weights only a_step, which is another layer's when they share it */
    float *w, *gamma, *beta, *w_step, *a_step;
    /* slices of lf_net.kept */
    float *mean, *variance; /* running, for evaluation */
    float *code_step;       /* the weight step that made `code` */
    float *code;            /* codes of w, [in][pad] */
    uint32_t *packed;       /* the same as kern/gemm_codes.h packs them, [quads][width] */
    float *code_sum;        /* over each LF_GEMM_BLOCK of rows, [blocks][width] */
    /* one batch */
    float *x, *a,
        *d;    /* [out][columns]: normalized sum; codes (last: logits); gradient of the sum, before that of the codes */
    float *dt; /* [columns][pad]: d transposed */
    float *keep;         /* [out][columns] dropout factors, or NULL */
    uint8_t *winner;     /* MAX_POOL, [out][columns]: which tap */
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
    float **scratch;  /* per worker: a block of weight gradients, then a part of a matrix of windows */
    size_t gradients; /* floats of the former */
    uint32_t **words; /* per worker: that part, packed */
} lf_net;

/* Any numbers give the same bits. Rows of one task: 24 are four tiles of the kernels. Windows are gathered and multiplied so many
 * rows (a block of the kernels' sums) and about so many columns at a time: half of a cache of 1 MB. */
enum { LF_NET_BLOCK = 24, LF_NET_DEPTH = LF_GEMM_BLOCK, LF_NET_COLUMNS = 512 };

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
/* Value of one code of what layer i gives, or of the input; a mean's codes are sums. */
double lf_net_code_step(const lf_net *n, int i);
/* Value of one unit of the sum of layer i: steps of codes and weights, times factor; left to right as in the
 * frozen graph. */
double lf_net_scale(const lf_net *n, int i);
lf_row_unit lf_net_unit(const lf_net *n, int i, size_t row);

/* Runs tasks on all threads, or, when there are fewer than some 20 microseconds of work, here: waking threads costs more. */
void lf_net_run(const lf_net *n, size_t tasks, double multiplications, lf_task_fn *fn, void *arg);

/* A part of a layer's results: channels and windows; all of it is layer.out channels of `windows` windows. */
typedef struct lf_tile {
    size_t row, rows, window, windows;
} lf_tile;

size_t lf_net_tiles(const lf_net_layer *l);
lf_tile lf_net_tile(const lf_net_layer *l, size_t index);
static inline bool lf_tile_is_wide(const lf_net_layer *l, const lf_tile *t) { /* whole rows */
    return t->windows * l->view.batch == l->columns;
}
/* Multiplications of the layer's product, or what other layers' work amounts to. */
double lf_net_work(const lf_net_layer *l);

/* Highest size of a code that layer i gives, or of the input. */
double lf_net_highest(const lf_net *n, int i);
/* Products of its codes whose sum stays exact in float32; at most layer.in. */
size_t lf_net_exact_terms(const lf_net *n, const lf_net_layer *l);
/* The integer kernel that gives the bits of its product, or NULL. */
const lf_codes_kernel *lf_net_codes_kernel(const lf_net *n, const lf_net_layer *l);
/* Weight codes as the integer kernels want them; before products, after the codes changed. */
void lf_net_pack(lf_net *n);

/* The first thing a layer does, for one tile of its results: sums of codes go to x, codes of pools to a. */
void lf_net_sum(const lf_net *n, int i, const lf_tile *t, int worker);
/* out[tile's row][tile's column] = sum over rows [from, to) of the matrix of windows. */
void lf_net_product(const lf_net *n, int i, const lf_tile *t, size_t from, size_t to, float *out, size_t ld,
                    int worker);
/* Brings d of layer i to d of its operand, channels [first, first + count) of it. */
void lf_net_gradient(const lf_net *n, int i, int operand, size_t first, size_t count, int worker);
/* out[row][pad] = gradient of the weights of channels [first, first + count) of the input; rows: taps of each. */
void lf_net_weight_gradient(const lf_net *n, int i, size_t first, size_t count, float *out, int worker);
void lf_net_pool(const lf_net *n, int i, const lf_tile *t); /* MAX_POOL, GLOBAL_AVERAGE_POOL, JOIN */
void lf_net_pool_gradient(const lf_net *n, int i, int operand, size_t first, size_t count);

static inline const float *lf_net_codes_of(const lf_net *n, int layer) { /* what reads of that layer read */
    return layer == LF_FROM_INPUT ? n->input : n->layer[layer].a;
}

/* One optimizer step on the batch in `input`; labels of its samples; rate: learning rate of this step. */
void lf_net_train_step(lf_net *n, const uint8_t *labels, double rate);
/* Its parts. */
void lf_net_forward(lf_net *n);
void lf_net_loss(lf_net *n, const uint8_t *labels); /* logits -> d of the last layer, before backward through its row */
void lf_net_backward(lf_net *n, const lf_row_adam *adam);
void lf_net_update(lf_net *n, const lf_row_adam *adam);
void lf_net_dropout(const lf_net *n, int layer, size_t row, size_t columns, double p, float *keep);

/* Classes of count samples (input indices of feed.h), by integers and doubles as the frozen graph gives them; right:
 * how many match. Uses the buffers of a batch. */
size_t lf_net_count_right(lf_net *n, const lf_feed *feed, const uint32_t *rows, size_t count);

#endif
