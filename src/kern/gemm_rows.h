/* What stands around the matrix products of training: a row is one feature over a batch, or one input's weights.
 *
 * Plain IEEE float32 without fused operations, lanes and blocks in a fixed order: every instruction set gives the
 * same bits. All lengths are multiples of LF_GEMM_LANES. Sums over a batch run shard by shard (LF_GEMM_BLOCK
 * samples, as in gemm.h), inside a shard over 16 lanes that are added pairwise. */
#ifndef LF_KERN_GEMM_ROWS_H
#define LF_KERN_GEMM_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cpu.h"

typedef enum lf_row_kind {
    LF_ROW_REAL,    /* not quantized */
    LF_ROW_BIPOLAR, /* +1 where x >= 0, else -1 */
    LF_ROW_INTEGER  /* x / step, clamped to [lo, hi], rounded half to even */
} lf_row_kind;

/* A quantizer as the kernels see it. It gives codes; a code stands for code * step. */
typedef struct lf_row_quant {
    lf_row_kind kind;
    float step;   /* > 0 */
    float lo, hi; /* INTEGER: codes */
    float clip;   /* BIPOLAR: gradients pass where |x| <= clip (straight-through estimator of Hubara et al. 2016) */
} lf_row_quant;

/* One feature: v = scale * z; x = (v - mean) / sqrt(variance + epsilon) over the batch, or x = v without norm;
 * y = gamma * x + beta; code = quant(y), times keep where that is given (dropout: 0 or 1 / (1 - p)). */
typedef struct lf_row_unit {
    float scale;
    bool norm;
    float epsilon, gamma, beta;
    lf_row_quant quant;
} lf_row_unit;

typedef struct lf_row_stats {
    float mean, variance; /* of v over the batch (biased) */
    float inverse;        /* 1 / sqrt(variance + epsilon); 1 without norm */
} lf_row_stats;

typedef struct lf_row_grads {
    float gamma, beta;
    float log_step; /* of the quantizer: d loss / d log(step), as in LSQ (Esser et al. 2020, section 2.1) */
} lf_row_grads;

/* One step of Adam (Kingma and Ba 2015, section 2) with the bias corrections already in rate and epsilon:
 * m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g g; p -= rate * m / (sqrt(v) + epsilon). */
typedef struct lf_row_adam {
    float rate, beta1, beta2, epsilon;
} lf_row_adam;

typedef struct lf_rows {
    lf_isa isa;
    /* z becomes x; code gets the codes (LF_ROW_REAL: y). keep may be NULL. */
    void (*forward)(const lf_row_unit *u, float *z, float *code, const float *keep, size_t n, lf_row_stats *stats);
    /* d: in d loss / d code (LF_ROW_REAL: d loss / d y), out d loss / d z. x and stats as forward left them. */
    void (*backward)(const lf_row_unit *u, const lf_row_stats *stats, const float *x, float *d, const float *keep,
                     size_t n, lf_row_grads *grads);
    /* Weights of one row from the gradient g of their codes: straight-through gradient, Adam, latent weights clipped
     * to [-clip, clip] (BIPOLAR) or [lo * step, hi * step] (INTEGER), new codes. `now` is the quantizer that made
     * `code`, `next` the one for the new codes. Returns d loss / d log(step). */
    float (*weights)(const lf_row_quant *now, const lf_row_quant *next, const lf_row_adam *adam, float *w, float *m,
                     float *v, const float *g, float *code, size_t n);
    void (*codes)(const lf_row_quant *q, const float *w, float *code, size_t n);
    void (*add)(float *a, const float *b, size_t n); /* a += b */
} lf_rows;

extern const lf_rows lf_rows_scalar, lf_rows_avx2, lf_rows_avx512;

/* For the instruction set of a kernel that lf_gemm_for gave. */
const lf_rows *lf_rows_for(lf_isa isa);

#endif
