/* Rows as codes of a signed quantizer over standardized features: code = round((x - mean) * factor / step), half to even, clamped. */
#ifndef LF_TRAIN_CODE_FEED_H
#define LF_TRAIN_CODE_FEED_H

#include "ir/graph.h"
#include "train/train_feed.h"
#include "train/trainee.h"

typedef struct lf_code_input {
    size_t features;
    int bits;
    double step;                /* in standard deviations */
    const float *mean, *factor; /* [features]; factor: 1 / deviation */
} lf_code_input;

/* Means and deviations over the rows trained on. step 0: four deviations are the whole range. Arena memory. */
lf_code_input lf_code_input_fit(lf_arena *a, const lf_training *t, int bits, double step);
/* A feed whose indices are codes counted from the lowest one. */
LF_MUST_USE lf_status lf_code_feed_make(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, const lf_code_input *in,
                                        const lf_train_data *d, size_t classes, const char *what, lf_feed *out);
/* The input "x" of a graph and what stands before the first layer; the tensor of codes. */
lf_id lf_code_input_freeze(lf_graph *g, const lf_code_input *in);

#endif
