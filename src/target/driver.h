/* The host side of a design as C99: model's rows to beats of the input streams, beats of the output streams to values. */
#ifndef LF_TARGET_DRIVER_H
#define LF_TARGET_DRIVER_H

#include "pass/stream_model.h"

/* Writes TOP_driver.h, TOP_driver.c and README.md into the directory DIR/driver. Host nodes of g that are quantizers, affine or
 * layout are in the driver; others are named in the header, with what the caller has to do. The printed code computes the same
 * bits as the ops' exec. */
LF_MUST_USE lf_status lf_driver_write(const lf_graph *hardware, const char *top, const lf_stream_ports *inputs,
                                      const lf_stream_ports *outputs, const char *dir);

#endif
