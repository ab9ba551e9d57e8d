/* What the files of the verb quantize share: the rows it calibrates and compares on, running graphs on them, and the answer. */
#ifndef LF_API_QUANTIZE_JOB_H
#define LF_API_QUANTIZE_JOB_H

#include "api/engine.h"
#include "data/set.h"
#include "exec/exec.h"
#include "pass/quantize_network.h"

/* Rows 0 .. calibration - 1 choose the scales; the `held_out` rows behind them only measure. */
typedef struct lf_quantize_rows {
    lf_row_in *in; /* one per input of the network, in the order of its ports; `tensor` is not used */
    int64_t *size; /* elements of a row of each */
    size_t inputs, calibration, held_out;
    const uint8_t *label; /* of all rows, or NULL */
    bool random;
    const char *source; /* for the report */
    lf_dataset *set;    /* or NULL; freed by the caller */
} lf_quantize_rows;

LF_MUST_USE lf_status lf_quantize_rows_open(lf_ctx *ctx, lf_arena *a, const lf_quantize_options *o, const lf_graph *g,
                                            lf_quantize_rows *out);

/* A tensor whose values on some rows are wanted: in blocks, so that memory stays small. */
typedef struct lf_quantize_want {
    lf_id tensor;
    int64_t size; /* elements of a row */
    double *real; /* [rows of a block][size] */
} lf_quantize_want;

/* Runs rows first .. first + rows - 1 in blocks; `take` gets each block's values in want[].real. */
typedef lf_status lf_quantize_take(void *user, size_t rows, const lf_quantize_want *want, size_t count);
LF_MUST_USE lf_status lf_quantize_run(lf_ctx *ctx, const lf_graph *g, const lf_quantize_rows *r, size_t first,
                                      size_t rows, const lf_id *tensors, size_t count, const char *what,
                                      lf_quantize_take *take, void *user);

/* -- results ------------------------------------------------------------------------------------------------------------------------ */

typedef struct lf_quantize_result {
    bool has_accuracy, has_argmax;
    double accuracy_before, accuracy_after, agreement;      /* shares of the rows held out */
    double mean_difference, max_difference, mean_magnitude; /* of all outputs; magnitudes of those before */
    bool has_reals;
    double reals_before, reals_after; /* mean difference from the network without quantizers */
    const char *engine;               /* that ran the quantized network */
} lf_quantize_result;

/* `before` against the network in file `path`, on the rows held out; and both against `reals`, unless that is NULL. */
LF_MUST_USE lf_status lf_quantize_compare(lf_ctx *ctx, lf_arena *a, const lf_graph *before, const lf_graph *reals,
                                          const char *path, const lf_quantize_rows *r, lf_quantize_result *out);

/* -- the job ------------------------------------------------------------------------------------------------------------------------ */

/* What became of the network's own quantizers, and how many are new. */
typedef struct lf_quantizer_counts {
    size_t kept;     /* as they were */
    size_t replaced; /* by one chosen anew */
    size_t added;    /* where there was none */
    size_t removed;  /* without another in their place */
} lf_quantizer_counts;

typedef struct lf_quantize_job {
    lf_ctx *ctx;
    const lf_quantize_options *o;
    lf_arena *arena;
    lf_graph *before; /* as it was given */
    lf_graph *reals;  /* without the quantizers that are new in g; normalizations folded, every product with a bias */
    lf_graph *g;      /* the same, becoming quantized */
    size_t folded;    /* normalizations */
    lf_quantize_rows rows;
    lf_quantizing q;
    lf_quantizer_counts activations, weights;
    lf_quantize_result result;
} lf_quantize_job;

/* Fills the counts, when the quantizers are in g. */
void lf_quantize_count(lf_quantize_job *j);

void lf_quantize_answer(const lf_quantize_job *j, lf_answer *answer);

#endif
