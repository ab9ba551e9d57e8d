/* Quantization-aware training of dense and convolutional networks.
 *
 * The bits of the trained network depend on the recipe, the data, the seed and nothing else: not on the number of
 * threads (work is cut along outputs only; every sum has a fixed order, batches in virtual shards of LF_GEMM_BLOCK
 * samples), not on the instruction set (gemm.h), not on interruptions (a resumed run equals an uninterrupted one).
 * No libm function takes part but sqrt and fma.
 *
 * The trained network is frozen into a graph of NN ops; the accuracies in the report are those of that graph: they
 * are computed on the integer codes and in double exactly as the ops' definitions do (contracts.md 1). */
#ifndef LF_TRAIN_TRAIN_H
#define LF_TRAIN_TRAIN_H

#include "base/cpu.h"
#include "ir/graph.h"
#include "train/recipe.h"

/* Rows of samples, row-major [count][features]: bytes (each stands for byte / input.divisor) or reals; the other is
 * NULL. Borrowed for the time of the call. */
typedef struct lf_train_data {
    const uint8_t *bytes;
    const float *reals;
    const uint8_t *labels; /* class of each row */
    size_t count;
} lf_train_data;

typedef struct lf_train_options {
    size_t features; /* values per row */
    int classes;     /* 0: as many as the labels of the training part show; family products: as the recipe says */
    lf_train_data train;
    lf_train_data test;        /* count 0: none; only reported, never chosen by */
    int64_t seed;              /* -1: the recipe's */
    int64_t epochs;            /* 0: the recipe's */
    const char *checkpoint;    /* a file, or NULL; it stays: the caller removes it once the model is safe */
    double checkpoint_seconds; /* write it at the end of an epoch when the last one is older than this */
    bool resume;               /* go on from the checkpoint when there is one */
    lf_isa kernel;             /* LF_ISA_COUNT: the best there is */
} lf_train_options;

typedef struct lf_train_report {
    int64_t epochs, best_epoch;           /* best_epoch: from 1 */
    double seconds;                       /* wall time, of all parts of a resumed run together */
    double valid_accuracy, test_accuracy; /* parts of 1; test -1 when there is no test part */
    const char *kernel;                   /* name of the instruction set */
} lf_train_report;

/* {NULL data, seed -1, best kernel, a checkpoint every 10 s}. */
lf_train_options lf_train_defaults(void);

/* Trains; *frozen (owned by the caller) is the network of the epoch with the best accuracy on the held-out part. */
LF_MUST_USE lf_status lf_train(lf_ctx *ctx, const lf_recipe *recipe, const lf_train_options *options,
                               lf_train_report *report, lf_graph **frozen);

#endif
