/* What the files of the verb quantize share: the rows it calibrates and compares on, and running graphs on them. */
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
    const char *engine;                                     /* that ran the quantized network */
} lf_quantize_result;

/* `before` against the network in file `path`, on the rows held out. */
LF_MUST_USE lf_status lf_quantize_compare(lf_ctx *ctx, lf_arena *a, const lf_graph *before, const char *path,
                                          const lf_quantize_rows *r, lf_quantize_result *out);

#endif
