/* Testbenches of a built circuit: one for Verilator (C++), one for any Verilog simulator. Both feed beats from files, drop valid and
 * ready at random when asked, hold the AXI rules, and write every output beat with its cycle. With flow there is no ready: all inputs are
 * dropped together, and every frame must take as long as the first. */
#ifndef LF_VERIFY_TESTBENCH_H
#define LF_VERIFY_TESTBENCH_H

#include "base/text.h"
#include "pass/stream_model.h"

/* Writes DIR/tb/harness.cpp and DIR/tb/tb.v for the module `top`. */
LF_MUST_USE lf_status lf_testbench_write(lf_ctx *ctx, const char *dir, const char *top, const lf_stream_ports *inputs,
                                         const lf_stream_ports *outputs, bool flow);

#endif
