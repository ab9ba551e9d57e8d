/* Whose weights come from outside over a stream of their own (ram_style = stream of mvu) instead of lying in the circuit. */
#ifndef LF_PASS_FOLD_WEIGHTS_H
#define LF_PASS_FOLD_WEIGHTS_H

#include "pass/folding.h"

/* True for units that can take their weights from outside. */
bool lf_may_stream_weights(const lf_node *n);

/* "all" such units, or those named in a list with commas. LF_BAD_INPUT, with the nearest name, for one that cannot. */
LF_MUST_USE lf_status lf_stream_weights(lf_graph *g, const char *which);

/* As the graph is folded: units that nobody told where their weights lie (not in `pinned`) take them from outside, those first whose
 * memories are the largest part of `part`, until the rest fits or there is none left. *moved: how many did. */
LF_MUST_USE lf_status lf_stream_large_weights(lf_graph *g, const lf_part *part, const lf_fold_pins *pinned,
                                              lf_cost total, int *moved);

#endif
