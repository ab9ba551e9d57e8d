/* Rows as thermometer bits: bit f * levels + k of a row is x[f] > threshold[f][k]. */
#ifndef LF_TRAIN_LUT_FEED_H
#define LF_TRAIN_LUT_FEED_H

#include "train/train_feed.h"

/* Thresholds are fitted on the rows trained on, and are float32 numbers of the network's input. */
typedef struct lf_thermometer {
    size_t features, levels;
    const float *threshold; /* [features][levels], ascending: what the network compares with */
    const float *index;     /* the same as the highest index of lf_feed that is not above it */
} lf_thermometer;

/* Fits the thresholds as the recipe says, and makes a feed whose indices are compared instead of the values. rows: those
 * trained on. Arena memory; bytes stay borrowed. */
LF_MUST_USE lf_status lf_thermometer_fit(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, size_t features,
                                         const lf_train_data *data, const uint32_t *rows, size_t count,
                                         lf_thermometer *out);
LF_MUST_USE lf_status lf_lut_feed_make(lf_ctx *ctx, lf_arena *a, const lf_recipe *r, const lf_thermometer *t,
                                       const lf_train_data *data, size_t classes, const char *what, lf_feed *out);

/* Variance p (1 - p) of every thermometer bit over those rows, plus a little where it is not 0. Arena memory. */
double *lf_lut_feed_likely(lf_arena *a, const lf_feed *f, const lf_thermometer *t, const uint32_t *rows, size_t count);

#endif
