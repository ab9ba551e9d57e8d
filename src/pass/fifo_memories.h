#ifndef LF_PASS_FIFO_MEMORIES_H
#define LF_PASS_FIFO_MEMORIES_H

#include "fpga/part.h"
#include "ir/op.h"

/* Of a connected circuit: when its units need more block RAM than the part has, or more LUTs, FIFOs go from one to the other, those first that
 * cost least of the other, until it fits or none is left. No depth and no cycle changes. On parts with LUTs of 4 inputs, for
 * which LUT RAM is not priced, nothing does. */
LF_MUST_USE lf_status lf_fifo_memories_fit(lf_graph *g, const lf_part *part);

#endif
