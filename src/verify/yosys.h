/* Synthesis with Yosys, by one fixed script, and what it counts. */
#ifndef LF_VERIFY_YOSYS_H
#define LF_VERIFY_YOSYS_H

#include "base/ctx.h"

typedef struct lf_synth_count {
    int64_t lut, ff, uram, dsp, muxf, carry; /* lut: LUT1..6, SRLs, and LUT RAM in LUT equivalents */
    double bram;                             /* in RAMB36 */
    int64_t path_luts, path_carries;         /* on the longest path between registers, memories and ports */
    double seconds;
} lf_synth_count;

/* Synthesizes DIR/rtl (filelist.f) for a Xilinx family ("xc7", "xcup"), writes the mapped netlist. LF_NO_TOOL without Yosys;
 * LF_FAILED with its last line when it refuses; LF_BAD_INPUT for families it is not called for in this version. */
LF_MUST_USE lf_status lf_yosys_synth(lf_ctx *ctx, const char *dir, const char *top, const char *family, const char *netlist, lf_synth_count *out);

#endif
