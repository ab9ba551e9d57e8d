/* Thresholds of an activation with many, evenly spaced levels as one multiplication, addition and shift per channel, exactly. */
#ifndef LF_PASS_REQUANTIZE_FIND_H
#define LF_PASS_REQUANTIZE_FIND_H

#include "pass/thresholds.h"

/* count(x) = clip((x * mul[c] + add[c]) >> shift, 0, levels), arithmetic shift, is the number of thresholds that sign[c] * x reaches, for
 * every x in the range of channel c. */
typedef struct lf_requantizer {
    int64_t *mul, *add; /* [elements] */
    int shift;
} lf_requantizer;

enum { LF_REQUANTIZE_SHIFT = 30 };

/* The one with the smallest shift, and so the narrowest factors; arrays in `arena`. False when no shift up to LF_REQUANTIZE_SHIFT does.
 * Proved: at both sides of every threshold that lies in the range of its channel, and at the ends of the range; in between the count does
 * not fall. range[c]: what x of channel c can be. */
bool lf_requantize_find(const lf_thresholds *t, const lf_range *range, lf_arena *arena, lf_requantizer *out);

#endif
