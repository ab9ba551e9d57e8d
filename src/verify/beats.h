/* Frames of codes as beats in files, binary for the C++ harness and hexadecimal for Verilog (contracts.md 3). */
#ifndef LF_VERIFY_BEATS_H
#define LF_VERIFY_BEATS_H

#include "base/ctx.h"
#include "fpga/stream_port.h"

LF_MUST_USE lf_status lf_beats_write(lf_ctx *ctx, const char *path, const lf_stream_port *port, const int64_t *codes,
                                     int64_t frames, bool hex);

/* The image of a port for weights (lf_weights_file), from the hardware graph into DIR/weights. */
struct lf_graph;
LF_MUST_USE lf_status lf_weights_write(const struct lf_graph *g, const lf_stream_port *port, const char *dir);
/* DIR's image as a file for the simulation. LF_BAD_INPUT when it is absent or has another size than the port says. */
LF_MUST_USE lf_status lf_weights_copy(lf_ctx *ctx, const lf_stream_port *port, const char *dir, const char *path,
                                      bool hex);

/* Reads exactly frames * beats. LF_FAILED when there are fewer, when padding is not zero, or when a digit is unknown (x, z), naming
 * the beat. */
LF_MUST_USE lf_status lf_beats_read(lf_ctx *ctx, const char *path, const lf_stream_port *port, int64_t *codes,
                                    int64_t frames, bool hex);

#endif
