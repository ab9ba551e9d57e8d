/* From the trained network to the graph that is the truth. */
#ifndef LF_TRAIN_TRAIN_FREEZE_H
#define LF_TRAIN_TRAIN_FREEZE_H

#include "ir/graph.h"
#include "train/train_net.h"

/* A graph of NN ops: reshape, mul, sub, quantizer, then per layer matmul (integer codes [in, out]), mul (the step of
 * the weights, the output scale; left out when 1), batch_norm or add, quantizer. Constants are float32 values. NULL
 * after an error. */
lf_graph *lf_net_freeze(lf_ctx *ctx, const lf_net *n);

#endif
