/* LUT networks found by coordinate search instead of gradients. Floor-internal.
 *
 * All rows trained on go through the network as bits. One step takes one LUT: the rows that matter are those on which the network is right for
 * one value of the LUT and wrong for the other. Of one pin every bit is tried (all thresholds of a feature by one histogram), each with the table
 * that then gets most of those rows right; the best stays, the present one on ties, else one of the best. Steps look at a random part of the rows at first and at all of
 * them in the end, so that early choices are not final. Counts are integers: the same bits for any number of threads.
 *
 * It suits networks of few LUTs, where single rows hang on single LUTs; with many votes hardly any row hangs on one, and gradients are better. */
#ifndef LF_TRAIN_LUT_SEARCH_H
#define LF_TRAIN_LUT_SEARCH_H

#include "train/lut_net.h"

typedef struct lf_lut_search lf_lut_search;

/* Wires and fills the network for a start: first LUTs are fitted to the classes, each on another part of the rows; later ones get tables only.
 * All borrowed. NULL (recorded) when memory for the rows is out. */
lf_lut_search *lf_lut_search_new(lf_ctx *ctx, lf_lut_net *n, const lf_feed *feed, const uint32_t *rows, size_t count);
void lf_lut_search_free(lf_lut_search *s);
/* Epoch `epoch` (from 1) of `epochs`: about one step for every LUT, then all tables on all rows. Depends on the network and the numbers given only. */
void lf_lut_search_epoch(lf_lut_search *s, int64_t epoch, int64_t epochs);

#endif
