/* Truth tables as LUTs. */
#ifndef LF_CIRCUIT_DECOMPOSE_H
#define LF_CIRCUIT_DECOMPOSE_H

#include "circuit/lutnet.h"

/* outputs functions of the same `inputs` bits (1..20). Bit a of function o is bit a % 64 of bits[o][a / 64]; care likewise, NULL: all addresses matter. */
typedef struct lf_truth_table {
    int inputs, outputs;
    const uint64_t *const *bits;
    const uint64_t *care;
} lf_truth_table;

typedef struct lf_decompose_options {
    int lut_inputs; /* 4 or 6 */
    int effort;     /* 0: one good order; 1..: more orders tried */
} lf_decompose_options;

/* Appends LUTs to net that compute the table from the signals in[0..inputs-1]; out[o] are theirs. Proved against the table exhaustively
 * before it returns: LF_FAILED would be a fault of our own. */
LF_MUST_USE lf_status lf_decompose(lf_lutnet *net, const lf_truth_table *t, const lf_decompose_options *o,
                                   const lf_signal *in, lf_signal *out);

/* Structural mapping to k-LUTs by priority cuts and area flow, for everything that is not one table. Same function. depth 0: smallest area. */
lf_lutnet *lf_lutnet_map(const lf_lutnet *n, int lut_inputs, int depth);

/* Local search: the LUTs that only one LUT needs, with it, as a table of at most 12 inputs, decomposed anew where that takes fewer. Same function;
 * never more LUTs than n. */
lf_lutnet *lf_lutnet_collapse(const lf_lutnet *n, int lut_inputs, int effort);

#endif
