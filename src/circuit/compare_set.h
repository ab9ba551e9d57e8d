/* Many comparisons of one word with constants, made together: the encoders of table networks. */
#ifndef LF_CIRCUIT_COMPARE_SET_H
#define LF_CIRCUIT_COMPARE_SET_H

#include "circuit/circuit.h"

/* A new circuit in which words that are compared with constants are compared by LUT words of at most lut_inputs inputs that the
 * comparisons share; the same function. NULL and a diagnostic when memory is out.
 *
 * x > T of n bits is, with the bits cut in two, high > Th, or high = Th and low > Tl. Either way of the cut makes it one LUT:
 * of the high bits and of low > Tl, which comparisons with the same Tl share; or of the low bits and of high >= Th and high > Th,
 * which those with neighbouring Th share. Both again are such sets of fewer bits. Which cut takes least is found by trying. */
lf_circuit *lf_circuit_share_comparisons(const lf_circuit *c, int lut_inputs);

#endif
