/* Netlists compared. */
#ifndef LF_CIRCUIT_LUT_CHECK_H
#define LF_CIRCUIT_LUT_CHECK_H

#include "circuit/lutnet.h"

/* Outputs: equal for all inputs; equal for the random and extreme ones that were tried. */
typedef struct lf_same {
    size_t proved, tested;
} lf_same;

/* Same inputs, same outputs: for 4,096 random inputs and the extreme ones always; for all inputs where signals of y can be proved equal to signals of
 * x, from the inputs on, each over the few signals before it that are proved already. `how` may be NULL. */
bool lf_lutnet_same(const lf_lutnet *x, const lf_lutnet *y, lf_same *how);

#endif
