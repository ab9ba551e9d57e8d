/* How good a classifier is, from its scores and the true classes. Scores are [rows][classes], row by row; for one score per row
 * (a network that ends in an argmax) pass the classes themselves. */
#ifndef LF_DATA_METRICS_H
#define LF_DATA_METRICS_H

#include "base/ctx.h"

/* Index of the largest of n scores, the lowest index on ties. */
int lf_top1(const double *score, int n);

typedef struct lf_metrics {
    size_t rows, correct;
    int classes;
    double accuracy;
    uint64_t *confusion; /* [true class][predicted class] */
    double *auc; /* per class one against the rest, NaN where a class or its rest is absent; NULL without scores */
} lf_metrics;

/* From predicted classes, each in [0, classes). Results in memory of `a`. */
void lf_metrics_of_classes(lf_arena *a, const int *predicted, const uint8_t *label, size_t rows, int classes,
                           lf_metrics *out);
/* From scores (finite); also the AUC. */
void lf_metrics_of_scores(lf_arena *a, const double *score, const uint8_t *label, size_t rows, int classes,
                          lf_metrics *out);

/* Area under the ROC curve: the probability that a positive's score is above a negative's, ties one half (Mann-Whitney U). NaN
 * when there is no positive or no negative. score has `stride` between rows; positive rows have label == which. */
double lf_roc_auc(lf_arena *scratch, const double *score, size_t stride, const uint8_t *label, int which, size_t rows);

/* The relabelling that makes the network agree best with the labels: network class i is label map[i] (--class-map), the best
 * assignment on the confusion matrix (Hungarian method; Kuhn 1955, Munkres 1957). Returns how many rows are right with it.
 * `map` has `classes` entries; among equally good maps the identity wins, then the first found. */
uint64_t lf_best_class_map(lf_arena *scratch, const uint64_t *confusion, int classes, int *map);

/* True when the accuracy is no better than guessing: within 3 standard errors of 1/classes or below. */
bool lf_near_chance(const lf_metrics *m);

/* Input scales that people mix up (pixels as 0..1, 0..255, -1..1, ...): multipliers to try when the accuracy is near chance. */
extern const double lf_likely_scales[]; /* ends in 0 */

#endif
