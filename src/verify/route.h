/* Place and route of a mapped netlist, for the parts that a router is at hand for. */
#ifndef LF_VERIFY_ROUTE_H
#define LF_VERIFY_ROUTE_H

#include "base/arena.h"
#include "verify/yosys.h"

/* Routes WORK/netlist.v (ports in WORK/net.json), between two shift registers, so that no path starts or ends at a pin and any number of
 * ports fits the package. Fills routed_mhz and router; leaves them when there is no router for the part, when it is not installed, and,
 * with a warning, when the design does not fit. */
LF_MUST_USE lf_status lf_route(lf_ctx *ctx, lf_arena *a, const char *work, const char *top, const lf_part *part,
                               lf_synth_count *out);

#endif
