/* From [N, C, axes...] to [N, axes..., C]: what the relayout faces (ir/op.h) of ops with axes share. */
#ifndef LF_OPS_RELAYOUT_H
#define LF_OPS_RELAYOUT_H

#include "ir/op.h"

/* Where an axis (which may be negative) of the first layout stands in the second. */
int64_t lf_axis_to_last(int64_t axis, int rank);
/* A list of axes; a list with an entry per axis (`groups` such lists one behind the other). New lists in the graph's arena. */
lf_ints lf_axes_to_last(lf_graph *g, lf_ints axes, int rank);
lf_ints lf_entries_to_last(lf_graph *g, lf_ints entries, int rank, int groups);

#endif
