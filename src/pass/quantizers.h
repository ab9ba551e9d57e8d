/* Quantizers that a network brings along, as post-training quantization meets them: which tensors are codes narrow enough already, and
 * taking the rounding out of those that are to be chosen anew. */
#ifndef LF_PASS_QUANTIZERS_H
#define LF_PASS_QUANTIZERS_H

#include "ir/op.h"

/* t is on the grid with at most 2^bits codes. */
bool lf_fits_bits(const lf_tensor *t, int bits);

/* n makes codes: quant, quant_linear, bipolar_quant, sign, multi_threshold, trunc. */
bool lf_is_quantizer(const lf_node *n);

/* n clips and rounds (quant of two bits or more, quant_linear), and its bounds can be written as constants. One bit and thresholds are
 * the activation itself: without them it would be another network. */
bool lf_is_rounding(const lf_graph *g, const lf_node *n);

/* Such a node becomes the clipping it does: max(min(x, highest), lowest), with the name its output had. The network was trained with
 * the clipping, so it stays; the rounding goes. The graph must be inferred anew. */
LF_MUST_USE lf_status lf_take_out_rounding(lf_graph *g, lf_id n);

/* All of them in a graph, those of constants, too; inferred again. */
LF_MUST_USE lf_status lf_take_out_roundings(lf_graph *g);

#endif
