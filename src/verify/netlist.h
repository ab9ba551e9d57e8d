/* Simulation of mapped netlists by our own hand, in this process: as Yosys writes them (write_verilog -noattr, one flat module of
 * Xilinx cells and one clock). Two-state: registers and memories whose first value is unknown start with random bits. Every cell is
 * held against its Verilog model by tests/cells/test_netlist_cells.py. */
#ifndef LF_VERIFY_NETLIST_H
#define LF_VERIFY_NETLIST_H

#include "verify/cosim.h"

typedef struct lf_netlist lf_netlist;

/* Reads a netlist. LF_OK with *out NULL, and the reason in *why, when it holds something that is not simulated here (a cell without a
 * body, several clocks, a latch): a Verilog simulator must be asked then. Lives in `a`. */
LF_MUST_USE lf_status lf_netlist_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_netlist **out, const char **why);

/* The bits of a port, the lowest first; NULL when it has no such port. */
const uint32_t *lf_netlist_port(const lf_netlist *n, const char *name, int *width);

/* One running simulation. Values of bits are 0 or 1. */
typedef struct lf_netlist_state {
    const lf_netlist *netlist;
    uint8_t *value;  /* [bit] */
    uint8_t *next;   /* [flip-flop] */
    uint8_t *memory; /* all bits of all memories */
    uint32_t *latch; /* what block RAMs read, until the clock has passed */
} lf_netlist_state;

lf_netlist_state *lf_netlist_start(const lf_netlist *n, lf_arena *a, uint64_t seed);
void lf_netlist_settle(lf_netlist_state *s); /* everything combinational, from inputs and registers */
void lf_netlist_clock(lf_netlist_state *s);  /* one rising edge; settle first and after */

#endif
