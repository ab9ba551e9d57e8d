/* Synthesis with Yosys, by one fixed script, and what it counts. */
#ifndef LF_VERIFY_YOSYS_H
#define LF_VERIFY_YOSYS_H

#include "fpga/part.h"

typedef struct lf_synth_count {
    int64_t lut, ff, uram, dsp, muxf, carry; /* lut: LUT1..6, SRLs, and LUT RAM in LUT equivalents */
    double bram;                             /* in RAMB36 */
    int64_t path_luts, path_carries;         /* on the longest path between registers, memories and ports */
    double seconds;
    double routed_mhz;  /* of the slowest path behind place and route; 0: not routed */
    const char *router; /* "nextpnr-ice40 hx8k", or NULL */
} lf_synth_count;

/* Synthesizes DIR/rtl (filelist.f) for the family of a part and writes the mapped netlist; places and routes it too where there is a
 * router for the part (route.h). LF_NO_TOOL without Yosys; LF_FAILED with its last line when it refuses. */
LF_MUST_USE lf_status lf_yosys_synth(lf_ctx *ctx, const char *dir, const char *top, const lf_part *part,
                                     const char *netlist, lf_synth_count *out);

#endif
