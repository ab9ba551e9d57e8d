/* What Vivado needs to make an IP core of a design. */
#ifndef LF_TARGET_VIVADO_H
#define LF_TARGET_VIVADO_H

#include "fpga/part.h"
#include "pass/stream_model.h"

/* Vivado knows the part's family. */
bool lf_vivado_knows(const lf_part *part);

/* Writes DIR/pack.tcl and DIR/constraints.xdc. `part` in full ("xc7z020clg400-1") or only its beginning. */
LF_MUST_USE lf_status lf_vivado_write(lf_ctx *ctx, const char *top, const char *part, double clock_mhz,
                                      const lf_stream_ports *inputs, const lf_stream_ports *outputs, const char *dir);

#endif
