/* Rows as codes: round((x - mean) * factor / step), half to even, clamped. Features are standardized and their codes signed, or they are bytes and
 * their codes the highest bits. */
#ifndef LF_TRAIN_CODE_FEED_H
#define LF_TRAIN_CODE_FEED_H

#include "train/net_graph.h"
#include "train/train_feed.h"
#include "train/trainee.h"

typedef struct lf_code_input {
    size_t features;
    int bits, lo;               /* lo: lowest code */
    double step;                /* in standard deviations, or parts of all bytes */
    const float *mean, *factor; /* [features]; factor: 1 / deviation */
    const lf_ints *shape;       /* of a sample, the recipe's; NULL or empty: a row */
} lf_code_input;

/* How features become codes, of a recipe. */
typedef struct lf_code_grid {
    int bits;
    double step;      /* in standard deviations; 0: four of them are the whole range */
    bool standardize; /* over the rows trained on; otherwise byte b of the data has code b >> (8 - bits) */
} lf_code_grid;

/* Highest bits need bytes. */
LF_MUST_USE lf_status lf_code_feed_check(const lf_training *t, bool standardize);
/* Arena memory. */
lf_code_input lf_code_input_fit(lf_arena *a, const lf_training *t, lf_code_grid grid);
/* A feed whose indices are codes counted from the lowest one. */
LF_MUST_USE lf_status lf_code_feed_make(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, const lf_code_input *in,
                                        const lf_train_data *d, size_t classes, const char *what, lf_feed *out);
/* These three for a training: features that are checked become *in; both parts of the data become feeds (*test stays as it is when there is none). */
LF_MUST_USE lf_status lf_code_input_start(lf_arena *a, const lf_training *t, lf_code_grid grid, lf_code_input *in);
LF_MUST_USE lf_status lf_code_feeds_make(lf_arena *a, const lf_training *t, const lf_code_input *in, size_t classes,
                                         lf_feed *train, lf_feed *test);
/* The input "x" of a graph and what stands before the first layer; the tensor of codes comes next. */
void lf_code_input_freeze(lf_net_graph *f, const lf_code_input *in);

#endif
