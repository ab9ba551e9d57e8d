/* A network as the training loop sees it: one of each family. Floor-internal. */
#ifndef LF_TRAIN_TRAINEE_H
#define LF_TRAIN_TRAINEE_H

#include "train/train.h"
#include "train/train_common.h"

/* All that the future of a training depends on besides the epoch. The blocks are the network's own. */
typedef struct lf_train_values {
    float *value, *m, *v; /* trained, and Adam's moments */
    size_t values;
    float *kept; /* not trained, but part of the network */
    size_t kepts;
    uint64_t *step;          /* optimizer steps done */
    double *power1, *power2; /* beta1 and beta2 to that power */
} lf_train_values;

typedef struct lf_trainee {
    void *self;
    lf_train_values values;
    const char *kernel; /* name of the instruction set */
    void (*free)(void *self);
    /* One optimizer step on a batch of rows of the training part. */
    void (*step)(void *self, const uint32_t *rows, double rate);
    /* Before epoch `epoch` (from 1) of `epochs`; or NULL. */
    void (*begin_epoch)(void *self, int64_t epoch, int64_t epochs);
    /* After it; or NULL. */
    void (*end_epoch)(void *self, int64_t epoch, int64_t epochs);
    /* Rows of the training or the test part that the frozen network gets right. */
    size_t (*count_right)(void *self, bool test, const uint32_t *rows, size_t count);
    /* Scales positive and the like, in these copies of the blocks; that all numbers are finite was checked. Or NULL. */
    bool (*sound)(const void *self, const float *value, const float *kept);
    void (*settle)(void *self); /* the blocks have been changed from outside */
    lf_graph *(*freeze)(lf_ctx *ctx, void *self);
} lf_trainee;

/* What a network is made from. */
typedef struct lf_training {
    lf_ctx *ctx;
    const lf_recipe *recipe;
    const lf_train_options *options;
    uint64_t seed;
    const uint32_t *rows; /* of the training part: those trained on */
    size_t count;
} lf_training;

/* The families. On failure nothing is to be freed. */
LF_MUST_USE lf_status lf_train_products(const lf_training *t, lf_trainee *out);
LF_MUST_USE lf_status lf_train_neurons(const lf_training *t, lf_trainee *out);
LF_MUST_USE lf_status lf_train_edges(const lf_training *t, lf_trainee *out);
LF_MUST_USE lf_status lf_train_luts(const lf_training *t, lf_trainee *out);

#endif
