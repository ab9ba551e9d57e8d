/* The samples as the trainer wants them: every input value as a byte that indexes a table of input codes. */
#ifndef LF_TRAIN_TRAIN_FEED_H
#define LF_TRAIN_TRAIN_FEED_H

#include "train/recipe.h"
#include "train/train.h"

typedef struct lf_feed {
    const uint8_t *index; /* [count][features] */
    const uint8_t *labels;
    size_t count, features;
    float code[256];              /* input code of an index */
    uint8_t empty;                /* index of the input value 0 */
    size_t planes, height, width; /* of one sample, for shifts */
} lf_feed;

/* Checks sizes, labels and values, and quantizes reals. Arena memory; bytes stay borrowed. `what`: "training part". */
LF_MUST_USE lf_status lf_feed_make(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, size_t features,
                                   const lf_train_data *data, const char *what, lf_feed *out);
/* Its parts, for feeds that are made otherwise: labels below `classes`; the planes of a sample. */
LF_MUST_USE lf_status lf_feed_labels(lf_ctx *ctx, const lf_train_data *data, int64_t classes, const char *what);
LF_MUST_USE lf_status lf_feed_picture(lf_ctx *ctx, const lf_recipe *r, const char *what, lf_feed *f);
/* The input quantizer's code of x, as the frozen graph computes it: double, in the order of the graph. */
int lf_feed_code(const lf_recipe *r, double x);
double lf_feed_step(const lf_recipe *r); /* value of one input code */

/* Random changes of pictures; sample number b of a batch has its own numbers of the stream. */
typedef struct lf_feed_change {
    int64_t shift; /* moved by up to so many pixels on either axis; what comes in is empty */
    bool flip;     /* half of them mirrored, left to right */
    uint64_t seed, stream;
    double distort; /* turned, stretched and slanted: each number of the affine map moves by up to this */
} lf_feed_change;

/* Columns [at, at + 16) of a batch: input[feature][ld] gets the codes of rows[at...]. change: or NULL. */
void lf_feed_columns(const lf_feed *f, const uint32_t *rows, size_t at, float *input, size_t ld,
                     const lf_feed_change *change);

/* A permutation of 0..count-1. */
void lf_shuffle(uint32_t *rows, size_t count, uint64_t seed, uint64_t stream);

#endif
