/* Netlists compared. */
#ifndef LF_CIRCUIT_LUT_CHECK_H
#define LF_CIRCUIT_LUT_CHECK_H

#include "circuit/lutnet.h"

/* Same inputs, same outputs: for all inputs, output by output, where an output depends on few inputs (exhaustively); for 4,096 random and the
 * extreme ones always. */
bool lf_lutnet_same(const lf_lutnet *x, const lf_lutnet *y);

#endif
