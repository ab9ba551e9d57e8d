/* The test bench of share/sim/harness.cpp around a netlist simulated in this process. */
#ifndef LF_VERIFY_NETLIST_COSIM_H
#define LF_VERIFY_NETLIST_COSIM_H

#include "verify/netlist.h"

/* Runs run->frames frames from DIR/in_K.bin, writes DIR/out_K.bin and DIR/cycles_K.txt as the harness does; *first: the cycle of the
 * first input beat. LF_FAILED when a rule of the streams is broken or nothing moves for run->limit cycles and run->passed is NULL. */
LF_MUST_USE lf_status lf_netlist_frames(lf_ctx *ctx, const lf_netlist *n, const lf_cosim_design *design,
                                        lf_cosim_run *run, const char *dir, int64_t *first);

#endif
